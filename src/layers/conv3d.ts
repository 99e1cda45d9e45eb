/** Convolution of volumes. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ConvolutionLayer, type ConvolutionOptions } from "./convolution.ts";

/**
 * Convolution over 3 spatial axes; see {@link ConvolutionLayer} for the formula.
 *
 * Shapes: x `[batch, depth, height, width, in]` -> `[batch, newDepth, newHeight, newWidth, filters]` (channels_last).
 *
 * @example
 * const y = layers.Conv3D({ filters: 4, kernelSize: 3 })(x);
 */
export class Conv3DLayer extends ConvolutionLayer {
  static override readonly className: string = "Conv3D";

  constructor(options: ConvolutionOptions) {
    super(3, options);
  }
}

/** Convolution of volumes; see {@link Conv3DLayer}. */
export const Conv3D: CallableClass<typeof Conv3DLayer> = /* @__PURE__ */ callableClass(Conv3DLayer);
export type Conv3D = Conv3DLayer;
