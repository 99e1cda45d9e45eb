/** Lowers the number of shades of images at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { required } from "./layer-options.ts";
import { type Drawn, factorRange, type Range, rescale } from "./random-image-layer.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of RandomPosterization. */
export interface RandomPosterizationOptions extends ValueRangeOptions {
  /** Bits that are kept, from 1 to 8: f is [1, f). */
  readonly factor: number | Range;
}

/**
 * In training, keeps the highest bits of each value as a byte: a random number of them per image.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomPosterization({ factor: [3, 6] })(images, { training: true });
 */
export class RandomPosterizationLayer extends ValueRangeLayer<RandomPosterizationOptions> {
  static override readonly className: string = "RandomPosterization";
  declare factor: Range;

  constructor(options: RandomPosterizationOptions) {
    super(options, { factor: required });
    this.factor = factorRange(this.label, "factor", this.factor, [1, 8]);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const [low, high] = this.factor.map(Math.trunc) as [number, number];
    const extents = [shape[0]!, 1, 1, 1];
    const bits = low === high ? ops.full(extents, low, "int32") : random.randint(extents, low, high, { seed });
    // 2^(8 - bits): what the dropped bits count.
    return { step: ops.power(2, ops.cast(ops.subtract(8, bits), "float32")) };
  }

  override transform(images: Tensor, { step }: Drawn): Tensor {
    const bytes = ops.clip(ops.floor(rescale(images, this.valueRange, [0, 255])), 0, 255);
    const size = ops.round(ops.cast(step!, images.dtype));
    return rescale(ops.multiply(ops.floor(ops.divide(bytes, size)), size), [0, 255], this.valueRange);
  }
}

/** Lowers the number of shades of images at random; see {@link RandomPosterizationLayer}. */
export const RandomPosterization: CallableClass<typeof RandomPosterizationLayer> = /* @__PURE__ */ callableClass(RandomPosterizationLayer);
export type RandomPosterization = RandomPosterizationLayer;
