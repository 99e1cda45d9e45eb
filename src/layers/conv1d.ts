/** Convolution of sequences. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ConvolutionLayer, type ConvolutionOptions } from "./convolution.ts";

/**
 * Convolution over 1 spatial axis; see {@link ConvolutionLayer} for the formula.
 *
 * Shapes: x `[batch, steps, in]` -> `[batch, newSteps, filters]` (channels_last).
 *
 * @example
 * const y = layers.Conv1D({ filters: 8, kernelSize: 3, padding: "causal" })(x);
 */
export class Conv1DLayer extends ConvolutionLayer {
  static override readonly className: string = "Conv1D";

  constructor(options: ConvolutionOptions) {
    super(1, options);
  }
}

/** Convolution of sequences; see {@link Conv1DLayer}. */
export const Conv1D: CallableClass<typeof Conv1DLayer> = /* @__PURE__ */ callableClass(Conv1DLayer);
export type Conv1D = Conv1DLayer;
