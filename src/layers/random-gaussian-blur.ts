/** Blurs images at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ValueError } from "../errors.ts";
import { describe } from "./layer-options.ts";
import { type Drawn, factorRange, type Range } from "./random-image-layer.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of RandomGaussianBlur. */
export interface RandomGaussianBlurOptions extends ValueRangeOptions {
  /** Range of the probability that an image is blurred: f is [0, f]. Default 1. */
  readonly factor?: number | Range;
  /** Width and height of the filter, odd. Default 3. */
  readonly kernelSize?: number | readonly [number, number];
  /** Range of the standard deviations, from 0 to 1: s is [0, s]. Default 1. */
  readonly sigma?: number | Range;
}

/**
 * In training, blurs images that are chosen with a Gaussian filter; its standard deviations along width and height are
 * drawn per batch.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomGaussianBlur({ kernelSize: 5, sigma: [0.5, 1] })(images, { training: true });
 */
export class RandomGaussianBlurLayer extends ValueRangeLayer<RandomGaussianBlurOptions> {
  static override readonly className: string = "RandomGaussianBlur";
  declare factor: Range;
  declare kernelSize: readonly [number, number];
  declare sigma: Range;

  constructor(options: RandomGaussianBlurOptions = {}) {
    super(options, { factor: 1, kernelSize: 3, sigma: 1 });
    this.factor = factorRange(this.label, "factor", this.factor, [0, 1]);
    this.sigma = factorRange(this.label, "sigma", this.sigma, [0, 1]);
    const size = this.kernelSize as unknown;
    const pair: readonly unknown[] = Array.isArray(size) ? size : [size, size];
    if (pair.length !== 2 || !pair.every((extent) => typeof extent === "number" && extent > 0 && extent % 2 === 1)) {
      throw new ValueError({
        where: this.label,
        problem: "kernelSize is odd",
        expected: "1, 3, 5, ..., or a pair of them",
        received: describe(size),
      });
    }
    this.kernelSize = pair as unknown as readonly [number, number];
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const deviations = random.uniform([2], { minval: this.sigma[0], maxval: this.sigma[1], seed });
    return { chosen: this.chosen(shape, this.factor, seed), sigma: ops.add(deviations, 1e-6) };
  }

  override transform(images: Tensor, { chosen, sigma }: Drawn): Tensor {
    const [sigmaX, sigmaY] = [ops.getItem(sigma!, 0), ops.getItem(sigma!, 1)];
    const channels = images.shape[this.channelAxis(images.rank)]!;
    const blurred = blur(images, [bell(this.kernelSize[0], sigmaX), bell(this.kernelSize[1], sigmaY)], channels, this.dataFormat);
    return ops.clip(ops.where(chosen!, blurred, images), ...this.valueRange);
  }
}

/** Weights of a Gaussian filter along one axis; they add up to 1. Shapes: sigma [] -> [extent]. */
export function bell(extent: number, sigma: Tensor): Tensor {
  const middle = (extent - 1) / 2;
  const distances = Float32Array.from({ length: extent }, (_, i) => -((i - middle) ** 2) / 2);
  const weights = ops.exp(ops.divide(ops.convertToTensor(distances), ops.square(sigma)));
  return ops.divide(weights, ops.sum(weights));
}

/** Images filtered along width and height, zeros outside. */
export function blur(
  images: Tensor,
  [across, down]: readonly [Tensor, Tensor],
  channels: number,
  dataFormat: "channels_last" | "channels_first",
): Tensor {
  const filtered = (x: Tensor, weights: Tensor, shape: readonly number[]): Tensor => {
    const kernel = ops.tile(ops.reshape(ops.cast(weights, x.dtype), shape), [1, 1, channels, 1]);
    return ops.depthwiseConv(x, kernel, { strides: 1, padding: "same", dataFormat });
  };
  return filtered(filtered(images, across, [1, across.size, 1, 1]), down, [down.size, 1, 1, 1]);
}

/** Blurs images at random; see {@link RandomGaussianBlurLayer}. */
export const RandomGaussianBlur: CallableClass<typeof RandomGaussianBlurLayer> = /* @__PURE__ */ callableClass(RandomGaussianBlurLayer);
export type RandomGaussianBlur = RandomGaussianBlurLayer;
