/** Transposed convolution of volumes. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ConvolutionTransposeLayer, type ConvolutionTransposeOptions } from "./convolution-transpose.ts";

/**
 * Transposed convolution over 3 spatial axes; see {@link ConvolutionTransposeLayer} for the extents.
 *
 * Shapes: x `[batch, depth, height, width, in]` -> `[batch, newDepth, newHeight, newWidth, filters]` (channels_last).
 *
 * @example
 * const y = layers.Conv3DTranspose({ filters: 8, kernelSize: 3, strides: 2, padding: "same" })(x);
 */
export class Conv3DTransposeLayer extends ConvolutionTransposeLayer {
  static override readonly className: string = "Conv3DTranspose";

  constructor(options: ConvolutionTransposeOptions) {
    super(3, options);
  }
}

/** Transposed convolution of volumes. See {@link Conv3DTransposeLayer}. */
export const Conv3DTranspose: CallableClass<typeof Conv3DTransposeLayer> = /* @__PURE__ */ callableClass(Conv3DTransposeLayer);
export type Conv3DTranspose = Conv3DTransposeLayer;
