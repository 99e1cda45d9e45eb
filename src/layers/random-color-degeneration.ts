/** Mixes images with their grey versions at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { required } from "./layer-options.ts";
import { type Drawn, factorRange, type Range } from "./random-image-layer.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of RandomColorDegeneration. */
export interface RandomColorDegenerationOptions extends ValueRangeOptions {
  /** Share of the grey version: f is [0, f]. From 0 to 1. */
  readonly factor: number | Range;
}

/**
 * In training, `y = x + f (grey(x) - x)` with a random f per RGB image, cut to the range of values.
 *
 * Shapes: x `[batch, height, width, 3]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomColorDegeneration({ factor: 0.5 })(images, { training: true });
 */
export class RandomColorDegenerationLayer extends ValueRangeLayer<RandomColorDegenerationOptions> {
  static override readonly className: string = "RandomColorDegeneration";
  declare factor: Range;

  constructor(options: RandomColorDegenerationOptions) {
    super(options, { factor: required });
    this.factor = factorRange(this.label, "factor", this.factor, [0, 1]);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    return { factor: this.perImage(shape, this.factor[0], this.factor[1], seed) };
  }

  override transform(images: Tensor, { factor }: Drawn): Tensor {
    const grey = ops.image.rgbToGrayscale(images, { dataFormat: this.dataFormat });
    const mixed = ops.add(images, ops.multiply(ops.cast(factor!, images.dtype), ops.subtract(grey, images)));
    return ops.clip(mixed, ...this.valueRange);
  }
}

/** Mixes images with their grey versions at random; see {@link RandomColorDegenerationLayer}. */
export const RandomColorDegeneration: CallableClass<typeof RandomColorDegenerationLayer> =
  /* @__PURE__ */ callableClass(RandomColorDegenerationLayer);
export type RandomColorDegeneration = RandomColorDegenerationLayer;
