/** Dropout of whole channels of volumes. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { SpatialDropoutLayer, type SpatialDropoutOptions } from "./spatial-dropout.ts";

/**
 * Dropout of whole channels; see {@link SpatialDropoutLayer}.
 *
 * Shapes: x `[batch, depth, height, width, channels]` (channels_last) -> the same.
 *
 * @example
 * const y = layers.SpatialDropout3D({ rate: 0.2 })(x, { training: true });
 */
export class SpatialDropout3DLayer extends SpatialDropoutLayer {
  static override readonly className: string = "SpatialDropout3D";

  constructor(options: SpatialDropoutOptions) {
    super(3, options);
  }
}

/** Dropout of whole channels; see {@link SpatialDropout3DLayer}. */
export const SpatialDropout3D: CallableClass<typeof SpatialDropout3DLayer> = /* @__PURE__ */ callableClass(SpatialDropout3DLayer);
export type SpatialDropout3D = SpatialDropout3DLayer;
