/** Mean of images over windows, to a given size. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { AdaptiveAveragePoolingLayer, type AdaptivePoolingOptions } from "./adaptive-pooling.ts";

/**
 * Mean over windows whose size follows from `outputSize`; see {@link AdaptivePoolingLayer}.
 *
 * Shapes: x `[batch, height, width, channels]` -> `[batch, ...outputSize, channels]` (channels_last).
 *
 * @example
 * const y = layers.AdaptiveAveragePooling2D({ outputSize: 7 })(x);
 */
export class AdaptiveAveragePooling2DLayer extends AdaptiveAveragePoolingLayer {
  static override readonly className: string = "AdaptiveAveragePooling2D";

  constructor(options: AdaptivePoolingOptions) {
    super(2, options);
  }
}

/** Mean of images over windows, to a given size; see {@link AdaptiveAveragePooling2DLayer}. */
export const AdaptiveAveragePooling2D: CallableClass<typeof AdaptiveAveragePooling2DLayer> =
  /* @__PURE__ */ callableClass(AdaptiveAveragePooling2DLayer);
export type AdaptiveAveragePooling2D = AdaptiveAveragePooling2DLayer;
