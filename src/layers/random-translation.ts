/** Shifts images at random. */
import type { Shape } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { required } from "./layer-options.ts";
import { type Drawn, factorRange, type Range } from "./random-image-layer.ts";
import { type AffineMap, SpatialLayer, type SpatialOptions } from "./spatial-layer.ts";

/** Options of RandomTranslation. */
export interface RandomTranslationOptions extends SpatialOptions {
  /** Part of the height: f is [-f, f]. Positive shifts down. */
  readonly heightFactor: number | Range;
  /** Part of the width: f is [-f, f]. Positive shifts to the right. */
  readonly widthFactor: number | Range;
}

/**
 * In training, shifts each image by random parts of its height and width.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomTranslation({ heightFactor: 0.1, widthFactor: 0.1 })(images, { training: true });
 */
export class RandomTranslationLayer extends SpatialLayer<RandomTranslationOptions> {
  static override readonly className: string = "RandomTranslation";
  declare heightFactor: number | Range;
  declare widthFactor: number | Range;
  readonly #height: Range;
  readonly #width: Range;

  constructor(options: RandomTranslationOptions) {
    super(options, { heightFactor: required, widthFactor: required });
    this.#height = factorRange(this.label, "heightFactor", this.heightFactor, [-1, 1]);
    this.#width = factorRange(this.label, "widthFactor", this.widthFactor, [-1, 1]);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const [height, width] = this.extents(shape);
    const shift = ([minval, maxval]: Range, extent: number) =>
      random.uniform([shape[0]!], { minval: minval * extent, maxval: maxval * extent, seed });
    return { down: shift(this.#height, height), right: shift(this.#width, width) };
  }

  protected override map(_shape: Shape, { down, right }: Drawn): AffineMap {
    const [one, zero] = [ops.onesLike(down!), ops.zerosLike(down!)];
    return [one, zero, ops.negative(right!), zero, one, ops.negative(down!)];
  }
}

/** Shifts images at random; see {@link RandomTranslationLayer}. */
export const RandomTranslation: CallableClass<typeof RandomTranslationLayer> = /* @__PURE__ */ callableClass(RandomTranslationLayer);
export type RandomTranslation = RandomTranslationLayer;
