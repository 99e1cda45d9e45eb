/** Adds zeros at the ends of volumes. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ZeroPaddingLayer, type ZeroPaddingOptions } from "./zero-padding.ts";

/**
 * Zeros added at the ends of the spatial axes; see {@link ZeroPaddingLayer}.
 *
 * Shapes: x `[batch, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, channels]` (channels_last).
 *
 * @example
 * const y = layers.ZeroPadding3D({ padding: [[1, 0], [1, 0], [1, 0]] })(x);
 */
export class ZeroPadding3DLayer extends ZeroPaddingLayer {
  static override readonly className: string = "ZeroPadding3D";

  constructor(options: ZeroPaddingOptions = {}) {
    super(3, options);
  }
}

/** Adds zeros at the ends of volumes; see {@link ZeroPadding3DLayer}. */
export const ZeroPadding3D: CallableClass<typeof ZeroPadding3DLayer> = /* @__PURE__ */ callableClass(ZeroPadding3DLayer);
export type ZeroPadding3D = ZeroPadding3DLayer;
