/** Repeats the steps of sequences. */
import type { Tensor } from "../graph/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import { type LayerOptions, positiveInteger } from "./layer-options.ts";
import { repeatAlong } from "./up-sampling.ts";

/** Options of UpSampling1D. */
export interface UpSampling1DOptions extends LayerOptions {
  /** How often each step is repeated. Default 2. */
  readonly size?: number;
}

/**
 * Each step `size` times in a row.
 *
 * Shapes: x `[batch, steps, channels]` -> `[batch, steps size, channels]`.
 *
 * @example
 * const y = layers.UpSampling1D({ size: 3 })(x);
 */
export class UpSampling1DLayer extends Layer<UpSampling1DOptions> {
  static override readonly className: string = "UpSampling1D";
  declare size: number;

  constructor(options: UpSampling1DOptions = {}) {
    super(options, { size: 2 });
    positiveInteger(this.label, "size", this.size);
    this.inputSpec = { rank: 3 };
  }

  override call(x: Tensor): Tensor {
    return repeatAlong(x, [1], [this.size]);
  }
}

/** Repeats the steps of sequences; see {@link UpSampling1DLayer}. */
export const UpSampling1D: CallableClass<typeof UpSampling1DLayer> = /* @__PURE__ */ callableClass(UpSampling1DLayer);
export type UpSampling1D = UpSampling1DLayer;
