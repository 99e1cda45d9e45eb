/** Separable convolution of images. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { SeparableConvolutionLayer, type SeparableConvolutionOptions } from "./separable-convolution.ts";

/**
 * Separable convolution over 2 spatial axes; see {@link SeparableConvolutionLayer}.
 *
 * Shapes: x `[batch, height, width, in]` -> `[batch, newHeight, newWidth, filters]` (channels_last).
 *
 * @example
 * const y = layers.SeparableConv2D({ filters: 16, kernelSize: 3 })(x);
 */
export class SeparableConv2DLayer extends SeparableConvolutionLayer {
  static override readonly className: string = "SeparableConv2D";

  constructor(options: SeparableConvolutionOptions) {
    super(2, options);
  }
}

/** Separable convolution of images. See {@link SeparableConv2DLayer}. */
export const SeparableConv2D: CallableClass<typeof SeparableConv2DLayer> = /* @__PURE__ */ callableClass(SeparableConv2DLayer);
export type SeparableConv2D = SeparableConv2DLayer;
