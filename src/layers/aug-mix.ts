/** Mixes images with chains of random changes of them. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ValueError } from "../errors.ts";
import { augmentations, oneOfThem } from "./augmentations.ts";
import { describe, oneOf, positiveInteger } from "./layer-options.ts";
import { drawnOf } from "./random-color-jitter.ts";
import { type Drawn, factorRange, type RandomImageLayer, type Range } from "./random-image-layer.ts";
import type { PixelInterpolation } from "./spatial-layer.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of AugMix. */
export interface AugMixOptions extends ValueRangeOptions {
  /** Number of chains. Default 3. */
  readonly numChains?: number;
  /** Most changes in a chain. Default 3. */
  readonly chainDepth?: number;
  /** Strength of the changes: f is [0, f]. From 0 to 1. Default 0.3. */
  readonly factor?: number | Range;
  /** Parameter of the Dirichlet and beta distributions of shares, above 0. Default 1. */
  readonly alpha?: number;
  /** Whether brightness, colour degeneration, contrast and sharpness are among the changes. Default true. */
  readonly allOps?: boolean;
  /** Default "bilinear". */
  readonly interpolation?: PixelInterpolation;
}

/**
 * In training, `y = w x + (1 - w) sum(m_i chain_i(x))`: chains of random changes, mixed by random shares (Hendrycks et al.
 * 2020). Each link of a chain is one of the changes or none, each equally likely.
 *
 * Shapes: x `[batch, height, width, 3]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.AugMix({ factor: 0.3 })(images, { training: true });
 */
export class AugMixLayer extends ValueRangeLayer<AugMixOptions> {
  static override readonly className: string = "AugMix";
  declare numChains: number;
  declare chainDepth: number;
  declare factor: Range;
  declare alpha: number;
  declare allOps: boolean;
  declare interpolation: PixelInterpolation;
  readonly #changes: readonly RandomImageLayer[];

  constructor(options: AugMixOptions = {}) {
    super(options, { numChains: 3, chainDepth: 3, factor: 0.3, alpha: 1, allOps: true, interpolation: "bilinear" });
    positiveInteger(this.label, "numChains", this.numChains);
    positiveInteger(this.label, "chainDepth", this.chainDepth);
    this.factor = factorRange(this.label, "factor", this.factor, [0, 1]);
    oneOf(this.label, "interpolation", this.interpolation, ["bilinear", "nearest"]);
    if (!(typeof this.alpha === "number" && this.alpha > 0 && Number.isFinite(this.alpha)))
      throw new ValueError({
        where: this.label,
        problem: "alpha is not positive",
        expected: "a number above 0",
        received: describe(this.alpha),
      });
    this.#changes = augmentations(this, this.allOps);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const { alpha, numChains, chainDepth } = this;
    const parts = random.gamma([numChains], alpha, { seed });
    const drawn: Record<string, Tensor> = {
      shares: ops.divide(parts, ops.sum(parts)),
      weight: random.beta([], alpha, alpha, { seed }),
      choices: random.randint([numChains, chainDepth], 0, this.#changes.length + 1, { seed }),
    };
    for (let link = 0; link < numChains * chainDepth; link++) {
      this.#changes.forEach((change, i) => {
        for (const [key, value] of Object.entries(change.draw(shape, seed))) drawn[`${link}.${i}/${key}`] = value;
      });
    }
    return drawn;
  }

  override transform(images: Tensor, drawn: Drawn): Tensor {
    let mixture = ops.zerosLike(images);
    for (let chain = 0; chain < this.numChains; chain++) {
      let x = images;
      for (let depth = 0; depth < this.chainDepth; depth++) {
        const link = chain * this.chainDepth + depth;
        const changes = this.#changes.map((change, i) => (y: Tensor) => change.transform(y, drawnOf(drawn, `${link}.${i}`)));
        x = oneOfThem(x, ops.getItem(drawn.choices!, [chain, depth]), [...changes, (y) => y]);
      }
      mixture = ops.add(mixture, ops.multiply(x, ops.cast(ops.getItem(drawn.shares!, chain), x.dtype)));
    }
    const weight = ops.cast(drawn.weight!, images.dtype);
    const mixed = ops.add(ops.multiply(weight, images), ops.multiply(ops.subtract(1, weight), mixture));
    return ops.clip(mixed, ...this.valueRange);
  }
}

/** Mixes images with chains of random changes; see {@link AugMixLayer}. */
export const AugMix: CallableClass<typeof AugMixLayer> = /* @__PURE__ */ callableClass(AugMixLayer);
export type AugMix = AugMixLayer;
