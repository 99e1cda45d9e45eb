/** Maximum over all positions of images. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { GlobalMaxPoolingLayer, type GlobalPoolingOptions } from "./global-pooling.ts";

/**
 * Maximum over all positions of images.
 *
 * Shapes: x `[batch, height, width, channels]` -> `[batch, channels]`, or with extents of 1 where `keepdims` (channels_last).
 *
 * @example
 * const y = layers.GlobalMaxPooling2D()(x);
 */
export class GlobalMaxPooling2DLayer extends GlobalMaxPoolingLayer {
  static override readonly className: string = "GlobalMaxPooling2D";

  constructor(options: GlobalPoolingOptions = {}) {
    super(2, options);
  }
}

/** Maximum over all positions; see {@link GlobalMaxPooling2DLayer}. */
export const GlobalMaxPooling2D: CallableClass<typeof GlobalMaxPooling2DLayer> = /* @__PURE__ */ callableClass(GlobalMaxPooling2DLayer);
export type GlobalMaxPooling2D = GlobalMaxPooling2DLayer;
