/** Inverts the light parts of images. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ValueError } from "../errors.ts";
import { describe } from "./layer-options.ts";
import { type Drawn, type Range, rescale } from "./random-image-layer.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of Solarization. */
export interface SolarizationOptions extends ValueRangeOptions {
  /** Part of the range that is added: f is [0, f]. From 0 to 1. Default 0. */
  readonly additionFactor?: number | Range;
  /** Values from this part of the range on are inverted: f is [0, f]. From 0 to 1. Default 0: all. */
  readonly thresholdFactor?: number | Range;
}

/**
 * In training, adds a random part of the range of values to each image and inverts what is not below a random threshold.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.Solarization({ thresholdFactor: [0.4, 0.6] })(images, { training: true });
 */
export class SolarizationLayer extends ValueRangeLayer<SolarizationOptions> {
  static override readonly className: string = "Solarization";
  declare additionFactor: Range;
  declare thresholdFactor: Range;

  constructor(options: SolarizationOptions = {}) {
    super(options, { additionFactor: 0, thresholdFactor: 0 });
    this.additionFactor = this.#range("additionFactor", this.additionFactor);
    this.thresholdFactor = this.#range("thresholdFactor", this.thresholdFactor);
  }

  #range(name: string, factor: unknown): Range {
    const pair: readonly unknown[] = Array.isArray(factor) ? factor : [0, factor];
    if (pair.length === 2 && pair.every((value) => typeof value === "number" && value >= 0 && value <= 1))
      return [...(pair as number[])].sort((a, b) => a - b) as unknown as Range;
    throw new ValueError({
      where: this.label,
      problem: `${name} is no factor`,
      expected: "a number from 0 to 1, or a pair of them",
      received: describe(factor),
    });
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const uniform = ([low, high]: Range): Tensor => this.perImage(shape, low * 255, high * 255, seed);
    return { addition: uniform(this.additionFactor), threshold: uniform(this.thresholdFactor) };
  }

  override transform(images: Tensor, { addition, threshold }: Drawn): Tensor {
    const bytes = rescale(images, this.valueRange, [0, 255]);
    const lighter = ops.clip(ops.add(bytes, ops.cast(addition!, images.dtype)), 0, 255);
    const below = ops.less(lighter, ops.cast(threshold!, images.dtype));
    return rescale(ops.where(below, lighter, ops.subtract(255, lighter)), [0, 255], this.valueRange);
  }
}

/** Inverts the light parts of images; see {@link SolarizationLayer}. */
export const Solarization: CallableClass<typeof SolarizationLayer> = /* @__PURE__ */ callableClass(SolarizationLayer);
export type Solarization = SolarizationLayer;
