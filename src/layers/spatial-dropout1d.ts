/** Dropout of whole channels of sequences. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { SpatialDropoutLayer, type SpatialDropoutOptions } from "./spatial-dropout.ts";

/**
 * Dropout of whole channels; see {@link SpatialDropoutLayer}.
 *
 * Shapes: x `[batch, steps, channels]` -> the same.
 *
 * @example
 * const y = layers.SpatialDropout1D({ rate: 0.2 })(x, { training: true });
 */
export class SpatialDropout1DLayer extends SpatialDropoutLayer {
  static override readonly className: string = "SpatialDropout1D";

  constructor(options: Omit<SpatialDropoutOptions, "dataFormat">) {
    super(1, options);
  }
}

/** Dropout of whole channels; see {@link SpatialDropout1DLayer}. */
export const SpatialDropout1D: CallableClass<typeof SpatialDropout1DLayer> = /* @__PURE__ */ callableClass(SpatialDropout1DLayer);
export type SpatialDropout1D = SpatialDropout1DLayer;
