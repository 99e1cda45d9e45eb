/** Maximum over windows of volumes. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { MaxPoolingLayer, type PoolingOptions } from "./pooling.ts";

/**
 * Maximum over windows of volumes (padding never wins).
 *
 * Shapes: x `[batch, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, channels]` (channels_last).
 *
 * @example
 * const y = layers.MaxPooling3D({ poolSize: [2, 2, 2] })(x);
 */
export class MaxPooling3DLayer extends MaxPoolingLayer {
  static override readonly className: string = "MaxPooling3D";

  constructor(options: PoolingOptions = {}) {
    super(3, options);
  }
}

/** Maximum over windows; see {@link MaxPooling3DLayer}. */
export const MaxPooling3D: CallableClass<typeof MaxPooling3DLayer> = /* @__PURE__ */ callableClass(MaxPooling3DLayer);
export type MaxPooling3D = MaxPooling3DLayer;
