/** Adds zeros at the ends of images. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ZeroPaddingLayer, type ZeroPaddingOptions } from "./zero-padding.ts";

/**
 * Zeros added at the ends of the spatial axes; see {@link ZeroPaddingLayer}.
 *
 * Shapes: x `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, channels]` (channels_last).
 *
 * @example
 * const y = layers.ZeroPadding2D({ padding: [[1, 0], [1, 0]] })(x);
 */
export class ZeroPadding2DLayer extends ZeroPaddingLayer {
  static override readonly className: string = "ZeroPadding2D";

  constructor(options: ZeroPaddingOptions = {}) {
    super(2, options);
  }
}

/** Adds zeros at the ends of images; see {@link ZeroPadding2DLayer}. */
export const ZeroPadding2D: CallableClass<typeof ZeroPadding2DLayer> = /* @__PURE__ */ callableClass(ZeroPadding2DLayer);
export type ZeroPadding2D = ZeroPadding2DLayer;
