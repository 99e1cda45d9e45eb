/** Mean over windows of images. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { AveragePoolingLayer, type PoolingOptions } from "./pooling.ts";

/**
 * Mean over windows of images (padding does not count).
 *
 * Shapes: x `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, channels]` (channels_last).
 *
 * @example
 * const y = layers.AveragePooling2D({ poolSize: [2, 2] })(x);
 */
export class AveragePooling2DLayer extends AveragePoolingLayer {
  static override readonly className: string = "AveragePooling2D";

  constructor(options: PoolingOptions = {}) {
    super(2, options);
  }
}

/** Mean over windows; see {@link AveragePooling2DLayer}. */
export const AveragePooling2D: CallableClass<typeof AveragePooling2DLayer> = /* @__PURE__ */ callableClass(AveragePooling2DLayer);
export type AveragePooling2D = AveragePooling2DLayer;
