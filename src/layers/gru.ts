/** Gated recurrent units. */
import { callableClass, type Config } from "../serialization/index.ts";
import type { RecurrentClass } from "./call-types.ts";
import { gruCellDefaults, GRUCellLayer, type GRUCellOptions } from "./gru-cell.ts";
import { type ActivationFunction, positiveInteger } from "./layer-options.ts";
import { cellOptions, RecurrentLayer, type RecurrentOptions, shareOptions } from "./recurrent-layer.ts";
import { checkRate } from "./rnn-cell.ts";

/** Options of GRU. */
export interface GRUOptions extends RecurrentOptions, GRUCellOptions {
  /** Read from Keras's configurations; there is one implementation here. */
  readonly useCudnn?: boolean | "auto" | null;
}

const shared = Object.keys(gruCellDefaults);

/**
 * Gated recurrent units: an update gate mixes the old state with a proposal, a reset gate decides how much of the old state
 * the proposal sees (see GRUCell). Cho et al., 2014. One loop, with the projection of all inputs before it.
 *
 * Shapes: x `[batch, steps, in]` -> `[batch, units]`, or `[batch, steps, units]` where `returnSequences`; with `returnState`
 * a list `[output, state]`. Weights: kernel `[in, 3 units]`, recurrent_kernel `[units, 3 units]`, bias `[2, 3 units]` where
 * `resetAfter`, else `[3 units]`.
 *
 * @example
 * const y = layers.GRU({ units: 32 })(x);
 */
export class GRULayer extends RecurrentLayer<GRUOptions> {
  static override readonly className: string = "GRU";
  declare units: number;
  declare activation: ActivationFunction;
  declare recurrentActivation: ActivationFunction;
  declare useBias: boolean;
  declare resetAfter: boolean;
  declare dropout: number;
  declare recurrentDropout: number;
  override readonly cell: GRUCellLayer;

  constructor(options: GRUOptions) {
    super(options, { ...gruCellDefaults, useCudnn: "auto" });
    positiveInteger(this.label, "units", this.units);
    checkRate(this.label, "dropout", this.dropout);
    checkRate(this.label, "recurrentDropout", this.recurrentDropout);
    this.cell = new GRUCellLayer(cellOptions(this, "gru_cell", shared) as unknown as GRUCellOptions);
    shareOptions(this, this.cell, shared);
    this.inputSpec = { rank: 3 };
  }

  override getConfig(): Config {
    const { use_cudnn: _unwritten, ...config } = super.getConfig();
    return config;
  }
}

/** Gated recurrent units; see {@link GRULayer}. */
export const GRU: RecurrentClass<typeof GRULayer, GRUOptions> = /* @__PURE__ */ callableClass(GRULayer) as never;
export type GRU = GRULayer;
