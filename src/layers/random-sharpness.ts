/** Blurs or sharpens images at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { required } from "./layer-options.ts";
import { type Drawn, factorRange, type Range } from "./random-image-layer.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of RandomSharpness. */
export interface RandomSharpnessOptions extends ValueRangeOptions {
  /** f is [0, f], from 0 (blurred) over 0.5 (unchanged) to 1 (sharpened). */
  readonly factor: number | Range;
}

/** Weights of the smoothed image: the centre counts five times. */
const smoothing = [1, 1, 1, 1, 5, 1, 1, 1, 1].map((weight) => weight / 13);

/**
 * In training, `y = x + (1 - 2 f) (smooth(x) - x)` with a random f per image, cut to the range of values.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomSharpness({ factor: [0.3, 0.7] })(images, { training: true });
 */
export class RandomSharpnessLayer extends ValueRangeLayer<RandomSharpnessOptions> {
  static override readonly className: string = "RandomSharpness";
  declare factor: Range;

  constructor(options: RandomSharpnessOptions) {
    super(options, { factor: required });
    this.factor = factorRange(this.label, "factor", this.factor, [0, 1]);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    return { share: ops.subtract(1, ops.multiply(2, this.perImage(shape, this.factor[0], this.factor[1], seed))) };
  }

  override transform(images: Tensor, { share }: Drawn): Tensor {
    const { dataFormat } = this;
    const channels = images.shape[this.channelAxis(images.rank)]!;
    const kernel = ops.tile(ops.reshape(ops.convertToTensor(smoothing, images.dtype), [3, 3, 1, 1]), [1, 1, channels, 1]);
    const smooth = ops.depthwiseConv(images, kernel, { strides: 1, padding: "same", dataFormat });
    const mixed = ops.add(images, ops.multiply(ops.cast(share!, images.dtype), ops.subtract(smooth, images)));
    return ops.clip(mixed, ...this.valueRange);
  }
}

/** Blurs or sharpens images at random; see {@link RandomSharpnessLayer}. */
export const RandomSharpness: CallableClass<typeof RandomSharpnessLayer> = /* @__PURE__ */ callableClass(RandomSharpnessLayer);
export type RandomSharpness = RandomSharpnessLayer;
