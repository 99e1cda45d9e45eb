/** Transposed convolution of sequences. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ConvolutionTransposeLayer, type ConvolutionTransposeOptions } from "./convolution-transpose.ts";

/**
 * Transposed convolution over 1 spatial axis; see {@link ConvolutionTransposeLayer} for the extents.
 *
 * Shapes: x `[batch, steps, in]` -> `[batch, newSteps, filters]` (channels_last).
 *
 * @example
 * const y = layers.Conv1DTranspose({ filters: 8, kernelSize: 3, strides: 2, padding: "same" })(x);
 */
export class Conv1DTransposeLayer extends ConvolutionTransposeLayer {
  static override readonly className: string = "Conv1DTranspose";

  constructor(options: ConvolutionTransposeOptions) {
    super(1, options);
  }
}

/** Transposed convolution of sequences. See {@link Conv1DTransposeLayer}. */
export const Conv1DTranspose: CallableClass<typeof Conv1DTransposeLayer> = /* @__PURE__ */ callableClass(Conv1DTransposeLayer);
export type Conv1DTranspose = Conv1DTransposeLayer;
