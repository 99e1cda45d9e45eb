/** Mean of volumes over windows, to a given size. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { AdaptiveAveragePoolingLayer, type AdaptivePoolingOptions } from "./adaptive-pooling.ts";

/**
 * Mean over windows whose size follows from `outputSize`; see {@link AdaptivePoolingLayer}.
 *
 * Shapes: x `[batch, depth, height, width, channels]` -> `[batch, ...outputSize, channels]` (channels_last).
 *
 * @example
 * const y = layers.AdaptiveAveragePooling3D({ outputSize: 7 })(x);
 */
export class AdaptiveAveragePooling3DLayer extends AdaptiveAveragePoolingLayer {
  static override readonly className: string = "AdaptiveAveragePooling3D";

  constructor(options: AdaptivePoolingOptions) {
    super(3, options);
  }
}

/** Mean of volumes over windows, to a given size; see {@link AdaptiveAveragePooling3DLayer}. */
export const AdaptiveAveragePooling3D: CallableClass<typeof AdaptiveAveragePooling3DLayer> =
  /* @__PURE__ */ callableClass(AdaptiveAveragePooling3DLayer);
export type AdaptiveAveragePooling3D = AdaptiveAveragePooling3DLayer;
