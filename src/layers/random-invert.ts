/** Inverts images at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type Drawn, factorRange, type Range } from "./random-image-layer.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of RandomInvert. */
export interface RandomInvertOptions extends ValueRangeOptions {
  /** Range of the probability that an image is inverted: f is [0, f]. Default 1. */
  readonly factor?: number | Range;
}

/**
 * In training, `y = largest - x` for images that are chosen.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomInvert({ factor: 0.5, valueRange: [0, 1] })(images, { training: true });
 */
export class RandomInvertLayer extends ValueRangeLayer<RandomInvertOptions> {
  static override readonly className: string = "RandomInvert";
  declare factor: Range;

  constructor(options: RandomInvertOptions = {}) {
    super(options, { factor: 1 });
    this.factor = factorRange(this.label, "factor", this.factor, [0, 1]);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    return { chosen: this.chosen(shape, this.factor, seed) };
  }

  override transform(images: Tensor, { chosen }: Drawn): Tensor {
    return ops.where(chosen!, ops.subtract(this.valueRange[1], images), images);
  }
}

/** Inverts images at random; see {@link RandomInvertLayer}. */
export const RandomInvert: CallableClass<typeof RandomInvertLayer> = /* @__PURE__ */ callableClass(RandomInvertLayer);
export type RandomInvert = RandomInvertLayer;
