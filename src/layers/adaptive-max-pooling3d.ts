/** Maximum of volumes over windows, to a given size. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { AdaptiveMaxPoolingLayer, type AdaptivePoolingOptions } from "./adaptive-pooling.ts";

/**
 * Maximum over windows whose size follows from `outputSize`; see {@link AdaptivePoolingLayer}.
 *
 * Shapes: x `[batch, depth, height, width, channels]` -> `[batch, ...outputSize, channels]` (channels_last).
 *
 * @example
 * const y = layers.AdaptiveMaxPooling3D({ outputSize: 7 })(x);
 */
export class AdaptiveMaxPooling3DLayer extends AdaptiveMaxPoolingLayer {
  static override readonly className: string = "AdaptiveMaxPooling3D";

  constructor(options: AdaptivePoolingOptions) {
    super(3, options);
  }
}

/** Maximum of volumes over windows, to a given size; see {@link AdaptiveMaxPooling3DLayer}. */
export const AdaptiveMaxPooling3D: CallableClass<typeof AdaptiveMaxPooling3DLayer> =
  /* @__PURE__ */ callableClass(AdaptiveMaxPooling3DLayer);
export type AdaptiveMaxPooling3D = AdaptiveMaxPooling3DLayer;
