/** Depthwise convolution of sequences. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { DepthwiseConvolutionLayer, type DepthwiseConvolutionOptions } from "./depthwise-convolution.ts";

/**
 * Depthwise convolution over 1 spatial axis; see {@link DepthwiseConvolutionLayer}.
 *
 * Shapes: x `[batch, steps, in]` -> `[batch, newSteps, in depthMultiplier]` (channels_last).
 *
 * @example
 * const y = layers.DepthwiseConv1D({ kernelSize: 3, padding: "same" })(x);
 */
export class DepthwiseConv1DLayer extends DepthwiseConvolutionLayer {
  static override readonly className: string = "DepthwiseConv1D";

  constructor(options: DepthwiseConvolutionOptions) {
    super(1, options);
  }
}

/** Depthwise convolution of sequences. See {@link DepthwiseConv1DLayer}. */
export const DepthwiseConv1D: CallableClass<typeof DepthwiseConv1DLayer> = /* @__PURE__ */ callableClass(DepthwiseConv1DLayer);
export type DepthwiseConv1D = DepthwiseConv1DLayer;
