/** Dropout of whole channels of images. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { SpatialDropoutLayer, type SpatialDropoutOptions } from "./spatial-dropout.ts";

/**
 * Dropout of whole channels; see {@link SpatialDropoutLayer}.
 *
 * Shapes: x `[batch, height, width, channels]` (channels_last) -> the same.
 *
 * @example
 * const y = layers.SpatialDropout2D({ rate: 0.2 })(x, { training: true });
 */
export class SpatialDropout2DLayer extends SpatialDropoutLayer {
  static override readonly className: string = "SpatialDropout2D";

  constructor(options: SpatialDropoutOptions) {
    super(2, options);
  }
}

/** Dropout of whole channels; see {@link SpatialDropout2DLayer}. */
export const SpatialDropout2D: CallableClass<typeof SpatialDropout2DLayer> = /* @__PURE__ */ callableClass(SpatialDropout2DLayer);
export type SpatialDropout2D = SpatialDropout2DLayer;
