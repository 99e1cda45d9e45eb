/** Maximum of images over windows, to a given size. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { AdaptiveMaxPoolingLayer, type AdaptivePoolingOptions } from "./adaptive-pooling.ts";

/**
 * Maximum over windows whose size follows from `outputSize`; see {@link AdaptivePoolingLayer}.
 *
 * Shapes: x `[batch, height, width, channels]` -> `[batch, ...outputSize, channels]` (channels_last).
 *
 * @example
 * const y = layers.AdaptiveMaxPooling2D({ outputSize: 7 })(x);
 */
export class AdaptiveMaxPooling2DLayer extends AdaptiveMaxPoolingLayer {
  static override readonly className: string = "AdaptiveMaxPooling2D";

  constructor(options: AdaptivePoolingOptions) {
    super(2, options);
  }
}

/** Maximum of images over windows, to a given size; see {@link AdaptiveMaxPooling2DLayer}. */
export const AdaptiveMaxPooling2D: CallableClass<typeof AdaptiveMaxPooling2DLayer> =
  /* @__PURE__ */ callableClass(AdaptiveMaxPooling2DLayer);
export type AdaptiveMaxPooling2D = AdaptiveMaxPooling2DLayer;
