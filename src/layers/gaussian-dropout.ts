/** Multiplies by noise in training. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { normal, SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type CallOptions, Layer } from "./layer.ts";
import { type LayerOptions, required } from "./layer-options.ts";
import { probability } from "./option-checks.ts";

/** Options of GaussianDropout. */
export interface GaussianDropoutOptions extends LayerOptions {
  /** As the rate of a Dropout with noise of the same variance, 0 <= rate < 1. */
  readonly rate: number;
  /** Makes the layer draw the same noise in every run. */
  readonly seed?: number | null;
}

/**
 * In training `y = x noise`, the noise normal with mean 1 and variance `rate / (1 - rate)`; otherwise `y = x`.
 * Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014, section 10.
 *
 * Shapes: x `[...]` -> `[...]`.
 *
 * @example
 * const y = layers.GaussianDropout({ rate: 0.5 })(x, { training: true });
 */
export class GaussianDropoutLayer extends Layer<GaussianDropoutOptions> {
  static override readonly className: string = "GaussianDropout";
  static override readonly defaultTraining = false;
  declare rate: number;
  declare seed: number | null;
  readonly seedGenerator: SeedGenerator;

  constructor(options: GaussianDropoutOptions) {
    super(options, { rate: required, seed: null });
    probability(this.label, "rate", this.rate, { certain: false });
    this.seedGenerator = new SeedGenerator({ seed: this.seed });
    this.supportsMasking = true;
  }

  override call(x: Tensor, { training = false }: CallOptions = {}): Tensor {
    if (training !== true || this.rate === 0) return x;
    const stddev = Math.sqrt(this.rate / (1 - this.rate));
    return ops.multiply(x, normal(x.shape, { mean: 1, stddev, dtype: x.dtype, seed: this.seedGenerator }));
  }
}

/** Multiplies by noise in training; see {@link GaussianDropoutLayer}. */
export const GaussianDropout: CallableClass<typeof GaussianDropoutLayer> = /* @__PURE__ */ callableClass(GaussianDropoutLayer);
export type GaussianDropout = GaussianDropoutLayer;
