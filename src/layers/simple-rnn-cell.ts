/** One step of a fully connected recurrent layer. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { DenseCell, type DenseCellOptions } from "./dense-cell.ts";
import type { CallOptions } from "./layer.ts";
import { type OptionDefaults, required } from "./layer-options.ts";
import { penaltyDefaults, type States, weightDefaults } from "./rnn-cell.ts";

/** Options of SimpleRNNCell. */
export type SimpleRNNCellOptions = DenseCellOptions;

/** Options of the cell, in Keras's order. */
export const simpleRNNCellDefaults: OptionDefaults = {
  units: required,
  activation: "tanh",
  useBias: true,
  ...weightDefaults,
  ...penaltyDefaults,
};

/**
 * `h' = activation(x kernel + h recurrent_kernel + bias)`; the output is the state. Elman, 1990.
 *
 * Shapes: x `[batch, in]`, states [h `[batch, units]`] -> `[h', [h']]`. Weights: kernel `[in, units]`, recurrent_kernel
 * `[units, units]`, bias `[units]`.
 *
 * @example
 * const [y, states] = layers.SimpleRNNCell({ units: 32 })(x, [h]);
 */
export class SimpleRNNCellLayer extends DenseCell<SimpleRNNCellOptions> {
  static override readonly className: string = "SimpleRNNCell";

  constructor(options: SimpleRNNCellOptions) {
    super(options, simpleRNNCellDefaults);
  }

  get stateSize(): number {
    return this.units;
  }

  protected get gates(): number {
    return 1;
  }

  override call(x: Tensor, states: States, { training }: CallOptions = {}): [Tensor, States] {
    const [h] = this.statesOf(x, states);
    const { inputs, state } = this.dropped(x, h!, training);
    const sum = ops.add(ops.matmul(inputs, this.kernel), ops.matmul(state, this.recurrentKernel));
    const next = this.activation(this.bias === null ? sum : ops.add(sum, this.bias));
    return [next, this.packed(states, [next])];
  }
}

/** One step of a fully connected recurrent layer; see {@link SimpleRNNCellLayer}. */
export const SimpleRNNCell: CallableClass<typeof SimpleRNNCellLayer> = /* @__PURE__ */ callableClass(SimpleRNNCellLayer);
export type SimpleRNNCell = SimpleRNNCellLayer;
