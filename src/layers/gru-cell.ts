/** One step of a gated recurrent unit. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { DenseCell, type DenseCellOptions } from "./dense-cell.ts";
import type { CallOptions } from "./layer.ts";
import { type ActivationFunction, type ActivationIdentifier, type OptionDefaults, required } from "./layer-options.ts";
import { penaltyDefaults, type States, weightDefaults } from "./rnn-cell.ts";

/** Options of GRUCell. */
export interface GRUCellOptions extends DenseCellOptions {
  /** Of the gates. Default "sigmoid". */
  readonly recurrentActivation?: ActivationIdentifier | null;
  /** Whether the reset gate acts after the recurrent product (as cuDNN does it) instead of before. Default true. */
  readonly resetAfter?: boolean;
}

const { seed, ...penalties } = penaltyDefaults;

/** Options of the cell, in Keras's order. */
export const gruCellDefaults: OptionDefaults = {
  units: required,
  activation: "tanh",
  recurrentActivation: "sigmoid",
  useBias: true,
  ...weightDefaults,
  ...penalties,
  resetAfter: true,
  seed,
};

/**
 * With `z, r` (update and reset) from the first two thirds of `x kernel + h recurrent_kernel + bias` through
 * `recurrentActivation`, and from the last third `g = activation(x W + r (h U + b))` where `resetAfter`, else
 * `g = activation(x W + (r h) U + b)`: `h' = z h + (1 - z) g`; the output is `h'`. Cho et al., 2014.
 *
 * Shapes: x `[batch, in]`, states [h `[batch, units]`] -> `[h', [h']]`. Weights: kernel `[in, 3 units]`, recurrent_kernel
 * `[units, 3 units]`, bias `[2, 3 units]` (inputs, state) where `resetAfter`, else `[3 units]`.
 *
 * @example
 * const [y, states] = layers.GRUCell({ units: 32 })(x, [h]);
 */
export class GRUCellLayer extends DenseCell<GRUCellOptions> {
  static override readonly className: string = "GRUCell";
  declare recurrentActivation: ActivationFunction;
  declare resetAfter: boolean;

  constructor(options: GRUCellOptions) {
    super(options, gruCellDefaults);
  }

  get stateSize(): number {
    return this.units;
  }

  protected get gates(): number {
    return 3;
  }

  protected override biasShape(): readonly number[] {
    return this.resetAfter ? [2, 3 * this.units] : [3 * this.units];
  }

  override call(x: Tensor, states: States, { training }: CallOptions = {}): [Tensor, States] {
    const [h] = this.statesOf(x, states);
    const { inputs, state } = this.dropped(x, h!, training);
    const next = this.resetAfter ? this.#resetAfter(inputs, state, h!) : this.#resetBefore(inputs, state, h!);
    return [next, this.packed(states, [next])];
  }

  #resetAfter(x: Tensor, state: Tensor, h: Tensor): Tensor {
    let fromInputs = ops.matmul(x, this.kernel);
    let fromState = ops.matmul(state, this.recurrentKernel);
    if (this.bias !== null) {
      fromInputs = ops.add(fromInputs, ops.take(this.bias, 0, { axis: 0 }));
      fromState = ops.add(fromState, ops.take(this.bias, 1, { axis: 0 }));
    }
    const [xz, xr, xg] = ops.split(fromInputs, 3, { axis: 1 });
    const [hz, hr, hg] = ops.split(fromState, 3, { axis: 1 });
    const reset = this.recurrentActivation(ops.add(xr!, hr!));
    return this.#mix(ops.add(xz!, hz!), this.activation(ops.add(xg!, ops.multiply(reset, hg!))), h);
  }

  #resetBefore(x: Tensor, state: Tensor, h: Tensor): Tensor {
    let fromInputs = ops.matmul(x, this.kernel);
    if (this.bias !== null) fromInputs = ops.add(fromInputs, this.bias);
    const [xz, xr, xg] = ops.split(fromInputs, 3, { axis: 1 });
    const [gates, candidate] = ops.split(this.recurrentKernel, [2 * this.units], { axis: 1 });
    const [hz, hr] = ops.split(ops.matmul(state, gates!), 2, { axis: 1 });
    const reset = this.recurrentActivation(ops.add(xr!, hr!));
    const proposal = this.activation(ops.add(xg!, ops.matmul(ops.multiply(reset, state), candidate!)));
    return this.#mix(ops.add(xz!, hz!), proposal, h);
  }

  #mix(sum: Tensor, proposal: Tensor, h: Tensor): Tensor {
    const update = this.recurrentActivation(sum);
    return ops.add(ops.multiply(update, h), ops.multiply(ops.subtract(1, update), proposal));
  }
}

/** One step of a gated recurrent unit; see {@link GRUCellLayer}. */
export const GRUCell: CallableClass<typeof GRUCellLayer> = /* @__PURE__ */ callableClass(GRUCellLayer);
export type GRUCell = GRUCellLayer;
