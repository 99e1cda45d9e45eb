/** The unit that Inception networks are made of. */
import type { Tensor } from "../graph/index.ts";
import { Activation } from "../layers/activation.ts";
import { BatchNormalization } from "../layers/batch-normalization.ts";
import { Conv2D } from "../layers/conv2d.ts";

/** Options of `normalizedConvolution`. */
export interface NormalizedConvolutionOptions {
  readonly strides?: number;
  /** Default "same". */
  readonly padding?: "same" | "valid";
}

/** Convolution without bias, normalisation without scale, relu: names of their own making. */
export function normalizedConvolution(
  x: Tensor,
  filters: number,
  kernelSize: number | readonly [number, number],
  { strides = 1, padding = "same" }: NormalizedConvolutionOptions = {},
): Tensor {
  const y = Conv2D({ filters, kernelSize, strides, padding, useBias: false })(x);
  return Activation({ activation: "relu" })(BatchNormalization({ axis: 3, scale: false })(y));
}
