/** Depthwise convolution of images. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { DepthwiseConvolutionLayer, type DepthwiseConvolutionOptions } from "./depthwise-convolution.ts";

/**
 * Depthwise convolution over 2 spatial axes; see {@link DepthwiseConvolutionLayer}.
 *
 * Shapes: x `[batch, height, width, in]` -> `[batch, newHeight, newWidth, in depthMultiplier]` (channels_last).
 *
 * @example
 * const y = layers.DepthwiseConv2D({ kernelSize: 3, padding: "same" })(x);
 */
export class DepthwiseConv2DLayer extends DepthwiseConvolutionLayer {
  static override readonly className: string = "DepthwiseConv2D";

  constructor(options: DepthwiseConvolutionOptions) {
    super(2, options);
  }
}

/** Depthwise convolution of images. See {@link DepthwiseConv2DLayer}. */
export const DepthwiseConv2D: CallableClass<typeof DepthwiseConv2DLayer> = /* @__PURE__ */ callableClass(DepthwiseConv2DLayer);
export type DepthwiseConv2D = DepthwiseConv2DLayer;
