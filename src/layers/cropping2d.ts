/** Cuts off the ends of images. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { CroppingLayer, type CroppingOptions } from "./cropping.ts";

/**
 * Elements at the ends of the spatial axes cut off; see {@link CroppingLayer}.
 *
 * Shapes: x `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, channels]` (channels_last).
 *
 * @example
 * const y = layers.Cropping2D({ cropping: [[1, 0], [1, 0]] })(x);
 */
export class Cropping2DLayer extends CroppingLayer {
  static override readonly className: string = "Cropping2D";

  constructor(options: CroppingOptions = {}) {
    super(2, options);
  }
}

/** Cuts off the ends of images; see {@link Cropping2DLayer}. */
export const Cropping2D: CallableClass<typeof Cropping2DLayer> = /* @__PURE__ */ callableClass(Cropping2DLayer);
export type Cropping2D = Cropping2DLayer;
