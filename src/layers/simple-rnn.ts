/** Fully connected recurrent layer. */
import { callableClass, type Config } from "../serialization/index.ts";
import type { RecurrentClass } from "./call-types.ts";
import { type ActivationFunction, positiveInteger } from "./layer-options.ts";
import { cellOptions, RecurrentLayer, type RecurrentOptions, shareOptions } from "./recurrent-layer.ts";
import { checkRate } from "./rnn-cell.ts";
import { simpleRNNCellDefaults, SimpleRNNCellLayer, type SimpleRNNCellOptions } from "./simple-rnn-cell.ts";

/** Options of SimpleRNN. */
export interface SimpleRNNOptions extends RecurrentOptions, SimpleRNNCellOptions {}

const shared = Object.keys(simpleRNNCellDefaults);

/**
 * `h_t = activation(x_t kernel + h_(t-1) recurrent_kernel + bias)`; the outputs are the states. Elman, 1990.
 * The projection of all inputs is one product before the loop.
 *
 * Shapes: x `[batch, steps, in]` -> `[batch, units]`, or `[batch, steps, units]` where `returnSequences`; with `returnState`
 * a list `[output, state]`. Weights: kernel `[in, units]`, recurrent_kernel `[units, units]`, bias `[units]`.
 *
 * @example
 * const y = layers.SimpleRNN({ units: 32, returnSequences: true })(x);
 */
export class SimpleRNNLayer extends RecurrentLayer<SimpleRNNOptions> {
  static override readonly className: string = "SimpleRNN";
  declare units: number;
  declare activation: ActivationFunction;
  declare useBias: boolean;
  declare dropout: number;
  declare recurrentDropout: number;
  override readonly cell: SimpleRNNCellLayer;

  constructor(options: SimpleRNNOptions) {
    super(options, simpleRNNCellDefaults);
    positiveInteger(this.label, "units", this.units);
    checkRate(this.label, "dropout", this.dropout);
    checkRate(this.label, "recurrentDropout", this.recurrentDropout);
    this.cell = new SimpleRNNCellLayer(cellOptions(this, "simple_rnn_cell", shared) as unknown as SimpleRNNCellOptions);
    shareOptions(this, this.cell, shared);
    this.inputSpec = { rank: 3 };
  }

  /** Keras leaves the seed out. */
  override getConfig(): Config {
    const { seed, ...config } = super.getConfig();
    return seed === null ? config : { ...config, seed };
  }
}

/** Fully connected recurrent layer; see {@link SimpleRNNLayer}. */
export const SimpleRNN: RecurrentClass<typeof SimpleRNNLayer, SimpleRNNOptions> = /* @__PURE__ */ callableClass(SimpleRNNLayer) as never;
export type SimpleRNN = SimpleRNNLayer;
