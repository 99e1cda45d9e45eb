/** Separable convolution of sequences. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { SeparableConvolutionLayer, type SeparableConvolutionOptions } from "./separable-convolution.ts";

/**
 * Separable convolution over 1 spatial axis; see {@link SeparableConvolutionLayer}.
 *
 * Shapes: x `[batch, steps, in]` -> `[batch, newSteps, filters]` (channels_last).
 *
 * @example
 * const y = layers.SeparableConv1D({ filters: 16, kernelSize: 3 })(x);
 */
export class SeparableConv1DLayer extends SeparableConvolutionLayer {
  static override readonly className: string = "SeparableConv1D";

  constructor(options: SeparableConvolutionOptions) {
    super(1, options);
  }
}

/** Separable convolution of sequences. See {@link SeparableConv1DLayer}. */
export const SeparableConv1D: CallableClass<typeof SeparableConv1DLayer> = /* @__PURE__ */ callableClass(SeparableConv1DLayer);
export type SeparableConv1D = SeparableConv1DLayer;
