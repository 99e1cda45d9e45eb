/** Convolution of images. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ConvolutionLayer, type ConvolutionOptions } from "./convolution.ts";

/**
 * Convolution over 2 spatial axes; see {@link ConvolutionLayer} for the formula.
 *
 * Shapes: x `[batch, height, width, in]` -> `[batch, newHeight, newWidth, filters]` (channels_last).
 *
 * @example
 * const y = layers.Conv2D({ filters: 6, kernelSize: 5, activation: "tanh" })(x);
 */
export class Conv2DLayer extends ConvolutionLayer {
  static override readonly className: string = "Conv2D";

  constructor(options: ConvolutionOptions) {
    super(2, options);
  }
}

/** Convolution of images; see {@link Conv2DLayer}. */
export const Conv2D: CallableClass<typeof Conv2DLayer> = /* @__PURE__ */ callableClass(Conv2DLayer);
export type Conv2D = Conv2DLayer;
