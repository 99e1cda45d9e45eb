/** Changes the contrast of images at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { ValueError } from "../errors.ts";
import { describe, required } from "./layer-options.ts";
import type { Drawn, Range } from "./random-image-layer.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of RandomContrast. */
export interface RandomContrastOptions extends ValueRangeOptions {
  /** Contrast is multiplied by 1 - f to 1 + f, or 1 - a to 1 + b for a pair [a, b]. From 0 to 1. */
  readonly factor: number | Range;
}

/**
 * In training, multiplies the distance of each pixel from the mean of its channel by a random factor, and cuts it to the
 * range of values.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomContrast({ factor: 0.3 })(images, { training: true });
 */
export class RandomContrastLayer extends ValueRangeLayer<RandomContrastOptions> {
  static override readonly className: string = "RandomContrast";
  declare factor: number | Range;
  readonly #range: Range;

  constructor(options: RandomContrastOptions) {
    super(options, { factor: required });
    const pair: readonly unknown[] = Array.isArray(this.factor) ? this.factor : [this.factor, this.factor];
    if (pair.length !== 2 || !pair.every((value) => typeof value === "number" && value >= 0 && value <= 1)) {
      throw new ValueError({
        where: this.label,
        problem: "factor is no factor",
        expected: "a number from 0 to 1, or a pair of them",
        received: describe(this.factor),
      });
    }
    this.#range = pair as unknown as Range;
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    return { factor: this.perImage(shape, 1 - this.#range[0], 1 + this.#range[1], seed) };
  }

  override transform(images: Tensor, { factor }: Drawn): Tensor {
    const axis = this.heightAxis(images.rank);
    const mean = ops.mean(images, { axis: [axis, axis + 1], keepdims: true });
    const changed = ops.add(ops.multiply(ops.subtract(images, mean), ops.cast(factor!, images.dtype)), mean);
    return ops.clip(changed, ...this.valueRange);
  }

  override getConfig(): Config {
    const config = super.getConfig();
    // Keras 3.4 does not know it.
    if (this.valueRange[0] === 0 && this.valueRange[1] === 255) delete config.value_range;
    return config;
  }
}

/** Changes the contrast of images at random; see {@link RandomContrastLayer}. */
export const RandomContrast: CallableClass<typeof RandomContrastLayer> = /* @__PURE__ */ callableClass(RandomContrastLayer);
export type RandomContrast = RandomContrastLayer;
