/** Makes images lighter or darker at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { required } from "./layer-options.ts";
import { type Drawn, factorRange, type Range } from "./random-image-layer.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of RandomBrightness. */
export interface RandomBrightnessOptions extends ValueRangeOptions {
  /** Part of the range of values: f is [-f, f]. */
  readonly factor: number | Range;
}

/**
 * In training, adds a random part of the range of values to each image, and cuts it to the range.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomBrightness({ factor: 0.2 })(images, { training: true });
 */
export class RandomBrightnessLayer extends ValueRangeLayer<RandomBrightnessOptions> {
  static override readonly className: string = "RandomBrightness";
  declare factor: Range;

  constructor(options: RandomBrightnessOptions) {
    super(options, { factor: required });
    this.factor = factorRange(this.label, "factor", this.factor, [-1, 1]);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const width = this.valueRange[1] - this.valueRange[0];
    return { delta: this.perImage(shape, this.factor[0] * width, this.factor[1] * width, seed) };
  }

  override transform(images: Tensor, { delta }: Drawn): Tensor {
    return ops.clip(ops.add(images, ops.cast(delta!, images.dtype)), ...this.valueRange);
  }
}

/** Makes images lighter or darker at random; see {@link RandomBrightnessLayer}. */
export const RandomBrightness: CallableClass<typeof RandomBrightnessLayer> = /* @__PURE__ */ callableClass(RandomBrightnessLayer);
export type RandomBrightness = RandomBrightnessLayer;
