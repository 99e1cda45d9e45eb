/** Transposed convolution of images. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ConvolutionTransposeLayer, type ConvolutionTransposeOptions } from "./convolution-transpose.ts";

/**
 * Transposed convolution over 2 spatial axes; see {@link ConvolutionTransposeLayer} for the extents.
 *
 * Shapes: x `[batch, height, width, in]` -> `[batch, newHeight, newWidth, filters]` (channels_last).
 *
 * @example
 * const y = layers.Conv2DTranspose({ filters: 8, kernelSize: 3, strides: 2, padding: "same" })(x);
 */
export class Conv2DTransposeLayer extends ConvolutionTransposeLayer {
  static override readonly className: string = "Conv2DTranspose";

  constructor(options: ConvolutionTransposeOptions) {
    super(2, options);
  }
}

/** Transposed convolution of images. See {@link Conv2DTransposeLayer}. */
export const Conv2DTranspose: CallableClass<typeof Conv2DTransposeLayer> = /* @__PURE__ */ callableClass(Conv2DTransposeLayer);
export type Conv2DTranspose = Conv2DTransposeLayer;
