/** A few random changes of images, chosen at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { augmentations, oneOfThem } from "./augmentations.ts";
import { drawnOf } from "./random-color-jitter.ts";
import { oneOf, positiveInteger } from "./layer-options.ts";
import { type Drawn, factorRange, type RandomImageLayer, type Range } from "./random-image-layer.ts";
import type { PixelInterpolation } from "./spatial-layer.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of RandAugment. */
export interface RandAugmentOptions extends ValueRangeOptions {
  /** How many changes are made one after the other. Default 2. */
  readonly numOps?: number;
  /** Strength of the changes: f is [0, f]. From 0 to 1. Default 0.5. */
  readonly factor?: number | Range;
  /** Default "bilinear". */
  readonly interpolation?: PixelInterpolation;
}

/**
 * In training, makes `numOps` changes of each batch, each chosen at random: shear, translation, rotation, brightness,
 * colour degeneration, contrast, sharpness, posterization, solarization, automatic contrast, equalization (Cubuk et al. 2020).
 *
 * Shapes: x `[batch, height, width, 3]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandAugment({ factor: 0.3 })(images, { training: true });
 */
export class RandAugmentLayer extends ValueRangeLayer<RandAugmentOptions> {
  static override readonly className: string = "RandAugment";
  declare numOps: number;
  declare factor: Range;
  declare interpolation: PixelInterpolation;
  readonly #changes: readonly RandomImageLayer[];

  constructor(options: RandAugmentOptions = {}) {
    super(options, { numOps: 2, factor: 0.5, interpolation: "bilinear" });
    positiveInteger(this.label, "numOps", this.numOps);
    this.factor = factorRange(this.label, "factor", this.factor, [0, 1]);
    oneOf(this.label, "interpolation", this.interpolation, ["bilinear", "nearest"]);
    this.#changes = augmentations(this, true);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const drawn: Record<string, Tensor> = { choices: random.randint([this.numOps], 0, this.#changes.length, { seed }) };
    this.#changes.forEach((change, i) => {
      for (const [key, value] of Object.entries(change.draw(shape, seed))) drawn[`${i}/${key}`] = value;
    });
    return drawn;
  }

  override transform(images: Tensor, drawn: Drawn): Tensor {
    const changes = this.#changes.map((change, i) => (x: Tensor) => change.transform(x, drawnOf(drawn, String(i))));
    let x = images;
    for (let i = 0; i < this.numOps; i++) x = oneOfThem(x, ops.getItem(drawn.choices!, i), changes);
    return x;
  }
}

/** A few random changes of images; see {@link RandAugmentLayer}. */
export const RandAugment: CallableClass<typeof RandAugmentLayer> = /* @__PURE__ */ callableClass(RandAugmentLayer);
export type RandAugment = RandAugmentLayer;
