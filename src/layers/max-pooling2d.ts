/** Maximum over windows of images. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { MaxPoolingLayer, type PoolingOptions } from "./pooling.ts";

/**
 * Maximum over windows of images (padding never wins).
 *
 * Shapes: x `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, channels]` (channels_last).
 *
 * @example
 * const y = layers.MaxPooling2D({ poolSize: [2, 2] })(x);
 */
export class MaxPooling2DLayer extends MaxPoolingLayer {
  static override readonly className: string = "MaxPooling2D";

  constructor(options: PoolingOptions = {}) {
    super(2, options);
  }
}

/** Maximum over windows; see {@link MaxPooling2DLayer}. */
export const MaxPooling2D: CallableClass<typeof MaxPooling2DLayer> = /* @__PURE__ */ callableClass(MaxPooling2DLayer);
export type MaxPooling2D = MaxPooling2DLayer;
