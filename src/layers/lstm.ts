/** Long short-term memory. */
import { callableClass, type Config } from "../serialization/index.ts";
import type { RecurrentClass } from "./call-types.ts";
import { type ActivationFunction, positiveInteger } from "./layer-options.ts";
import { lstmCellDefaults, LSTMCellLayer, type LSTMCellOptions } from "./lstm-cell.ts";
import { cellOptions, RecurrentLayer, type RecurrentOptions, shareOptions } from "./recurrent-layer.ts";
import { checkRate } from "./rnn-cell.ts";

/** Options of LSTM. */
export interface LSTMOptions extends RecurrentOptions, LSTMCellOptions {
  /** Read from Keras's configurations; there is one implementation here. */
  readonly useCudnn?: boolean | "auto" | null;
}

const shared = Object.keys(lstmCellDefaults);

/**
 * Long short-term memory: gates decide what a state `c` keeps, takes in and shows (see LSTMCell). Hochreiter, Schmidhuber,
 * 1997. One loop: the projection of all inputs is one product before it, the gradients of the weights are one each after it.
 *
 * Shapes: x `[batch, steps, in]` -> `[batch, units]`, or `[batch, steps, units]` where `returnSequences`; with `returnState`
 * a list `[output, h, c]`. Weights: kernel `[in, 4 units]`, recurrent_kernel `[units, 4 units]`, bias `[4 units]`.
 *
 * @example
 * const y = layers.LSTM({ units: 32, returnSequences: true })(x);
 */
export class LSTMLayer extends RecurrentLayer<LSTMOptions> {
  static override readonly className: string = "LSTM";
  declare units: number;
  declare activation: ActivationFunction;
  declare recurrentActivation: ActivationFunction;
  declare useBias: boolean;
  declare unitForgetBias: boolean;
  declare dropout: number;
  declare recurrentDropout: number;
  override readonly cell: LSTMCellLayer;

  constructor(options: LSTMOptions) {
    super(options, { ...lstmCellDefaults, useCudnn: "auto" });
    positiveInteger(this.label, "units", this.units);
    checkRate(this.label, "dropout", this.dropout);
    checkRate(this.label, "recurrentDropout", this.recurrentDropout);
    this.cell = new LSTMCellLayer(cellOptions(this, "lstm_cell", shared) as unknown as LSTMCellOptions);
    shareOptions(this, this.cell, shared);
    this.inputSpec = { rank: 3 };
  }

  override getConfig(): Config {
    const { use_cudnn: _unwritten, ...config } = super.getConfig();
    return config;
  }
}

/** Long short-term memory; see {@link LSTMLayer}. */
export const LSTM: RecurrentClass<typeof LSTMLayer, LSTMOptions> = /* @__PURE__ */ callableClass(LSTMLayer) as never;
export type LSTM = LSTMLayer;
