/** Changes brightness, contrast, saturation and hue of images at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { RandomBrightness } from "./random-brightness.ts";
import { RandomContrast } from "./random-contrast.ts";
import { RandomHue } from "./random-hue.ts";
import type { Drawn, RandomImageLayer, Range } from "./random-image-layer.ts";
import { RandomSaturation } from "./random-saturation.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of RandomColorJitter. */
export interface RandomColorJitterOptions extends ValueRangeOptions {
  /** Factor of RandomBrightness; null (default): unchanged. */
  readonly brightnessFactor?: number | Range | null;
  /** Factor of RandomContrast; null (default): unchanged. */
  readonly contrastFactor?: number | Range | null;
  /** Factor of RandomSaturation; null (default): unchanged. */
  readonly saturationFactor?: number | Range | null;
  /** Factor of RandomHue; null (default): unchanged. */
  readonly hueFactor?: number | Range | null;
}

/**
 * In training, RandomBrightness, RandomContrast, RandomSaturation and RandomHue one after the other, those that have a factor.
 *
 * Shapes: x `[batch, height, width, 3]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomColorJitter({ brightnessFactor: 0.2, hueFactor: 0.1 })(images, { training: true });
 */
export class RandomColorJitterLayer extends ValueRangeLayer<RandomColorJitterOptions> {
  static override readonly className: string = "RandomColorJitter";
  declare brightnessFactor: number | Range | null;
  declare contrastFactor: number | Range | null;
  declare saturationFactor: number | Range | null;
  declare hueFactor: number | Range | null;
  readonly #steps: readonly RandomImageLayer[];

  constructor(options: RandomColorJitterOptions = {}) {
    super(options, { brightnessFactor: null, contrastFactor: null, saturationFactor: null, hueFactor: null });
    const { valueRange, dataFormat, dtype, seed } = this;
    const of = (factor: number | Range | null, make: (options: never) => RandomImageLayer): RandomImageLayer[] =>
      factor === null ? [] : [make({ factor, valueRange, dataFormat, dtype, seed: seed ?? 0 } as never)];
    this.#steps = [
      ...of(this.brightnessFactor, RandomBrightness),
      ...of(this.contrastFactor, RandomContrast),
      ...of(this.saturationFactor, RandomSaturation),
      ...of(this.hueFactor, RandomHue),
    ];
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    return Object.fromEntries(
      this.#steps.flatMap((step, i) => Object.entries(step.draw(shape, seed)).map(([key, value]) => [`${i}/${key}`, value] as const)),
    );
  }

  override transform(images: Tensor, drawn: Drawn): Tensor {
    return this.#steps.reduce((x, step, i) => step.transform(x, drawnOf(drawn, String(i))), images);
  }
}

/** What was drawn for one of several layers: the entries whose names begin with `prefix/`. */
export function drawnOf(drawn: Drawn, prefix: string): Drawn {
  const start = `${prefix}/`;
  return Object.fromEntries(
    Object.entries(drawn)
      .filter(([key]) => key.startsWith(start))
      .map(([key, value]) => [key.slice(start.length), value]),
  );
}

/** Changes the colours of images at random; see {@link RandomColorJitterLayer}. */
export const RandomColorJitter: CallableClass<typeof RandomColorJitterLayer> = /* @__PURE__ */ callableClass(RandomColorJitterLayer);
export type RandomColorJitter = RandomColorJitterLayer;
