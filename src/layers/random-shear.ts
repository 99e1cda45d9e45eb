/** Shears images at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type Drawn, factorRange, type Range } from "./random-image-layer.ts";
import { type AffineMap, SpatialLayer, type SpatialOptions } from "./spatial-layer.ts";

/** Options of RandomShear. */
export interface RandomShearOptions extends SpatialOptions {
  /** How far rows are shifted per row below: f is [0, f], to either side. Default 0. */
  readonly xFactor?: number | Range;
  /** How far columns are shifted per column to the right: f is [0, f], up or down. Default 0. */
  readonly yFactor?: number | Range;
}

/**
 * In training, shears each image by random amounts, both to one side or both to the other.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomShear({ xFactor: 0.2, yFactor: 0.2 })(images, { training: true });
 */
export class RandomShearLayer extends SpatialLayer<RandomShearOptions> {
  static override readonly className: string = "RandomShear";
  declare xFactor: Range;
  declare yFactor: Range;

  constructor(options: RandomShearOptions = {}) {
    super(options, { xFactor: 0, yFactor: 0 });
    this.xFactor = factorRange(this.label, "xFactor", this.xFactor, [0, 1]);
    this.yFactor = factorRange(this.label, "yFactor", this.yFactor, [0, 1]);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const uniform = ([minval, maxval]: Range): Tensor => random.uniform([shape[0]!], { minval, maxval, seed });
    const side = ops.where(ops.greater(uniform([0, 1]), 0.5), -1, 1);
    return { y: ops.multiply(uniform(this.yFactor), side), x: ops.multiply(uniform(this.xFactor), side) };
  }

  protected override map(_shape: Shape, { x, y }: Drawn): AffineMap {
    const [one, zero] = [ops.onesLike(x!), ops.zerosLike(x!)];
    return [one, x!, zero, y!, one, zero];
  }
}

/** Shears images at random; see {@link RandomShearLayer}. */
export const RandomShear: CallableClass<typeof RandomShearLayer> = /* @__PURE__ */ callableClass(RandomShearLayer);
export type RandomShear = RandomShearLayer;
