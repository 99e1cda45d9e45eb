/** Dropout for selu networks. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { SeedGenerator, uniform } from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type CallOptions, Layer } from "./layer.ts";
import { type LayerOptions, required } from "./layer-options.ts";
import { noiseShapeFor, noiseShapeOption } from "./noise-shape.ts";
import { probability } from "./option-checks.ts";

/** Options of AlphaDropout. */
export interface AlphaDropoutOptions extends LayerOptions {
  /** Probability, 0 <= rate < 1. */
  readonly rate: number;
  /** Makes the layer draw the same masks in every run. */
  readonly seed?: number | null;
  /** Default: none; elements are dropped one by one. Extents of 1 drop along their axis together. */
  readonly noiseShape?: readonly (number | null)[] | null;
}

/** What selu tends to for large negative x: -scale alpha. */
const saturation = -1.6732632423543772 * 1.0507009873554805;

/**
 * In training each element is, with probability `rate`, the value that selu saturates at, and all are scaled and shifted
 * so that mean 0 and variance 1 are kept; otherwise `y = x`. Klambauer et al., "Self-Normalizing Neural Networks", 2017.
 *
 * Shapes: x `[...]` -> `[...]`.
 *
 * @example
 * const y = layers.AlphaDropout({ rate: 0.1 })(x, { training: true });
 */
export class AlphaDropoutLayer extends Layer<AlphaDropoutOptions> {
  static override readonly className: string = "AlphaDropout";
  static override readonly defaultTraining = false;
  declare rate: number;
  declare seed: number | null;
  declare noiseShape: readonly (number | null)[] | null;
  readonly seedGenerator: SeedGenerator;

  constructor(options: AlphaDropoutOptions) {
    super(options, { rate: required, seed: null, noiseShape: null });
    probability(this.label, "rate", this.rate, { certain: false });
    noiseShapeOption(this.label, this.noiseShape);
    this.seedGenerator = new SeedGenerator({ seed: this.seed });
    this.supportsMasking = true;
  }

  override call(x: Tensor, { training = false }: CallOptions = {}): Tensor {
    if (training !== true || this.rate === 0) return x;
    const { rate } = this;
    const noise = uniform(noiseShapeFor(this.label, this.noiseShape, x), { seed: this.seedGenerator });
    const a = 1 / Math.sqrt((1 - rate) * (1 + rate * saturation ** 2));
    const b = -a * saturation * rate;
    return ops.add(ops.multiply(ops.where(ops.greaterEqual(noise, rate), x, saturation), a), b);
  }
}

/** Dropout for selu networks; see {@link AlphaDropoutLayer}. */
export const AlphaDropout: CallableClass<typeof AlphaDropoutLayer> = /* @__PURE__ */ callableClass(AlphaDropoutLayer);
export type AlphaDropout = AlphaDropoutLayer;
