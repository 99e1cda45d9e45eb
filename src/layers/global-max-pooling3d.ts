/** Maximum over all positions of volumes. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { GlobalMaxPoolingLayer, type GlobalPoolingOptions } from "./global-pooling.ts";

/**
 * Maximum over all positions of volumes.
 *
 * Shapes: x `[batch, depth, height, width, channels]` -> `[batch, channels]`, or with extents of 1 where `keepdims` (channels_last).
 *
 * @example
 * const y = layers.GlobalMaxPooling3D()(x);
 */
export class GlobalMaxPooling3DLayer extends GlobalMaxPoolingLayer {
  static override readonly className: string = "GlobalMaxPooling3D";

  constructor(options: GlobalPoolingOptions = {}) {
    super(3, options);
  }
}

/** Maximum over all positions; see {@link GlobalMaxPooling3DLayer}. */
export const GlobalMaxPooling3D: CallableClass<typeof GlobalMaxPooling3DLayer> = /* @__PURE__ */ callableClass(GlobalMaxPooling3DLayer);
export type GlobalMaxPooling3D = GlobalMaxPooling3DLayer;
