/** Mean over windows of volumes. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { AveragePoolingLayer, type PoolingOptions } from "./pooling.ts";

/**
 * Mean over windows of volumes (padding does not count).
 *
 * Shapes: x `[batch, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, channels]` (channels_last).
 *
 * @example
 * const y = layers.AveragePooling3D({ poolSize: [2, 2, 2] })(x);
 */
export class AveragePooling3DLayer extends AveragePoolingLayer {
  static override readonly className: string = "AveragePooling3D";

  constructor(options: PoolingOptions = {}) {
    super(3, options);
  }
}

/** Mean over windows; see {@link AveragePooling3DLayer}. */
export const AveragePooling3D: CallableClass<typeof AveragePooling3DLayer> = /* @__PURE__ */ callableClass(AveragePooling3DLayer);
export type AveragePooling3D = AveragePooling3DLayer;
