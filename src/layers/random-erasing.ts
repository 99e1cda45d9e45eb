/** Erases a rectangle of images at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ValueError } from "../errors.ts";
import { describe } from "./layer-options.ts";
import { type Drawn, factorRange, type Range } from "./random-image-layer.ts";
import { boxBounds, boxMask } from "./random-box.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of RandomErasing. */
export interface RandomErasingOptions extends ValueRangeOptions {
  /** Range of the probability that an image is changed: f is [0, f]. Default 1. */
  readonly factor?: number | Range;
  /** Range of the squared parts of height and width that the rectangle takes. Default [0.02, 0.33]. */
  readonly scale?: number | Range;
  /** What is put there: a value, or one per channel; null (default): noise. */
  readonly fillValue?: number | readonly number[] | null;
}

/**
 * In training, puts a value or noise into a random rectangle of each image that is chosen.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomErasing({ fillValue: 0 })(images, { training: true });
 */
export class RandomErasingLayer extends ValueRangeLayer<RandomErasingOptions> {
  static override readonly className: string = "RandomErasing";
  declare factor: Range;
  declare scale: Range;
  declare fillValue: number | readonly number[] | null;

  constructor(options: RandomErasingOptions = {}) {
    super(options, { factor: 1, scale: [0.02, 0.33], fillValue: null });
    this.factor = factorRange(this.label, "factor", this.factor, [0, 1]);
    this.scale = factorRange(this.label, "scale", this.scale, [0, 1]);
    const fill: unknown = this.fillValue;
    const values: readonly unknown[] = Array.isArray(fill) ? fill : [fill ?? 0];
    if (values.length === 0 || !values.every(Number.isFinite)) {
      throw new ValueError({
        where: this.label,
        problem: "fillValue is no value of a pixel",
        expected: "a number, one per channel, or null for noise",
        received: describe(fill),
      });
    }
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const [height, width] = this.extents(shape);
    const part = (): Tensor => ops.sqrt(this.perImage(shape, this.scale[0], this.scale[1], seed));
    const [partX, partY] = [part(), part()];
    const [x0, x1] = boxBounds(width, partX, seed);
    const [y0, y1] = boxBounds(height, partY, seed);
    const drawn: Record<string, Tensor> = { x0, x1, y0, y1, chosen: this.chosen(shape, this.factor, seed) };
    if (this.fillValue === null) drawn.noise = ops.multiply(random.normal(shape, { seed }), this.valueRange[1]);
    return drawn;
  }

  override transform(images: Tensor, drawn: Drawn): Tensor {
    const inside = ops.logicalAnd(drawn.chosen!, boxMask(images.shape, this.heightAxis(images.rank), drawn));
    const fill = this.fillValue;
    const value =
      fill === null
        ? ops.cast(drawn.noise!, images.dtype)
        : ops.reshape(
            ops.convertToTensor(fill, images.dtype),
            images.shape.map((_, axis) => (axis === this.channelAxis(images.rank) ? -1 : 1)),
          );
    return ops.where(inside, ops.clip(value, ...this.valueRange), images);
  }
}

/** Erases a rectangle of images at random; see {@link RandomErasingLayer}. */
export const RandomErasing: CallableClass<typeof RandomErasingLayer> = /* @__PURE__ */ callableClass(RandomErasingLayer);
export type RandomErasing = RandomErasingLayer;
