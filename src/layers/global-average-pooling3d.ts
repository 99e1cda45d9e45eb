/** Mean over all positions of volumes. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { GlobalAveragePoolingLayer, type GlobalPoolingOptions } from "./global-pooling.ts";

/**
 * Mean over all positions of volumes.
 *
 * Shapes: x `[batch, depth, height, width, channels]` -> `[batch, channels]`, or with extents of 1 where `keepdims` (channels_last).
 *
 * @example
 * const y = layers.GlobalAveragePooling3D()(x);
 */
export class GlobalAveragePooling3DLayer extends GlobalAveragePoolingLayer {
  static override readonly className: string = "GlobalAveragePooling3D";

  constructor(options: GlobalPoolingOptions = {}) {
    super(3, options);
  }
}

/** Mean over all positions; see {@link GlobalAveragePooling3DLayer}. */
export const GlobalAveragePooling3D: CallableClass<typeof GlobalAveragePooling3DLayer> =
  /* @__PURE__ */ callableClass(GlobalAveragePooling3DLayer);
export type GlobalAveragePooling3D = GlobalAveragePooling3DLayer;
