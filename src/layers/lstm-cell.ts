/** One step of a long short-term memory. */
import type { Tensor } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { DenseCell, type DenseCellOptions } from "./dense-cell.ts";
import { ForgetBias } from "./forget-bias.ts";
import type { CallOptions } from "./layer.ts";
import { type ActivationFunction, type ActivationIdentifier, type OptionDefaults, required } from "./layer-options.ts";
import { penaltyDefaults, type States, weightDefaults } from "./rnn-cell.ts";

/** Options of LSTMCell. */
export interface LSTMCellOptions extends DenseCellOptions {
  /** Of the gates. Default "sigmoid". */
  readonly recurrentActivation?: ActivationIdentifier | null;
  /** Whether the bias of the forget gate starts at 1. Default true. */
  readonly unitForgetBias?: boolean;
}

/** Options of the cell, in Keras's order. */
export const lstmCellDefaults: OptionDefaults = {
  units: required,
  activation: "tanh",
  recurrentActivation: "sigmoid",
  useBias: true,
  ...weightDefaults,
  unitForgetBias: true,
  ...penaltyDefaults,
};

/**
 * With gates `i, f, g, o` from the four quarters of `x kernel + h recurrent_kernel + bias` (`g` through `activation`, the
 * others through `recurrentActivation`): `c' = f c + i g`, `h' = o activation(c')`; the output is `h'`.
 * Hochreiter, Schmidhuber, "Long Short-Term Memory", 1997; forget gates: Gers, Schmidhuber, Cummins, 2000.
 *
 * Shapes: x `[batch, in]`, states [h, c], each `[batch, units]` -> `[h', [h', c']]`. Weights: kernel `[in, 4 units]`,
 * recurrent_kernel `[units, 4 units]`, bias `[4 units]`.
 *
 * @example
 * const [y, [h1, c1]] = layers.LSTMCell({ units: 32 })(x, [h, c]);
 */
export class LSTMCellLayer extends DenseCell<LSTMCellOptions> {
  static override readonly className: string = "LSTMCell";
  declare recurrentActivation: ActivationFunction;
  declare unitForgetBias: boolean;

  constructor(options: LSTMCellOptions) {
    super(options, lstmCellDefaults);
  }

  get stateSize(): readonly number[] {
    return [this.units, this.units];
  }

  protected get gates(): number {
    return 4;
  }

  protected override firstBias(): Initializer {
    return this.unitForgetBias ? new ForgetBias(this.biasInitializer) : this.biasInitializer;
  }

  override call(x: Tensor, states: States, { training }: CallOptions = {}): [Tensor, States] {
    const [h, c] = this.statesOf(x, states);
    const { inputs, state } = this.dropped(x, h!, training);
    let z = ops.add(ops.matmul(inputs, this.kernel), ops.matmul(state, this.recurrentKernel));
    if (this.bias !== null) z = ops.add(z, this.bias);
    return memoryStep(ops.split(z, 4, { axis: 1 }), c!, this);
  }
}

/** What the gates make of the memory: `[h', [h', c']]` from the four gates' sums. Shared with the convolutional cells. */
export function memoryStep(
  [i, f, g, o]: readonly Tensor[],
  c: Tensor,
  { activation, recurrentActivation }: { readonly activation: ActivationFunction; readonly recurrentActivation: ActivationFunction },
): [Tensor, [Tensor, Tensor]] {
  const kept = ops.multiply(recurrentActivation(f!), c);
  const next = ops.add(kept, ops.multiply(recurrentActivation(i!), activation(g!)));
  const output = ops.multiply(recurrentActivation(o!), activation(next));
  return [output, [output, next]];
}

/** One step of a long short-term memory; see {@link LSTMCellLayer}. */
export const LSTMCell: CallableClass<typeof LSTMCellLayer> = /* @__PURE__ */ callableClass(LSTMCellLayer);
export type LSTMCell = LSTMCellLayer;
