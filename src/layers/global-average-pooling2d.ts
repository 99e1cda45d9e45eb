/** Mean over all positions of images. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { GlobalAveragePoolingLayer, type GlobalPoolingOptions } from "./global-pooling.ts";

/**
 * Mean over all positions of images.
 *
 * Shapes: x `[batch, height, width, channels]` -> `[batch, channels]`, or with extents of 1 where `keepdims` (channels_last).
 *
 * @example
 * const y = layers.GlobalAveragePooling2D()(x);
 */
export class GlobalAveragePooling2DLayer extends GlobalAveragePoolingLayer {
  static override readonly className: string = "GlobalAveragePooling2D";

  constructor(options: GlobalPoolingOptions = {}) {
    super(2, options);
  }
}

/** Mean over all positions; see {@link GlobalAveragePooling2DLayer}. */
export const GlobalAveragePooling2D: CallableClass<typeof GlobalAveragePooling2DLayer> =
  /* @__PURE__ */ callableClass(GlobalAveragePooling2DLayer);
export type GlobalAveragePooling2D = GlobalAveragePooling2DLayer;
