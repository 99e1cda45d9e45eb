/** Cuts off the ends of volumes. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { CroppingLayer, type CroppingOptions } from "./cropping.ts";

/**
 * Elements at the ends of the spatial axes cut off; see {@link CroppingLayer}.
 *
 * Shapes: x `[batch, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, channels]` (channels_last).
 *
 * @example
 * const y = layers.Cropping3D({ cropping: [[1, 0], [1, 0], [1, 0]] })(x);
 */
export class Cropping3DLayer extends CroppingLayer {
  static override readonly className: string = "Cropping3D";

  constructor(options: CroppingOptions = {}) {
    super(3, options);
  }
}

/** Cuts off the ends of volumes; see {@link Cropping3DLayer}. */
export const Cropping3D: CallableClass<typeof Cropping3DLayer> = /* @__PURE__ */ callableClass(Cropping3DLayer);
export type Cropping3D = Cropping3DLayer;
