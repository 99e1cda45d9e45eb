/** Adds noise in training. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { normal, SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type CallOptions, Layer } from "./layer.ts";
import { type LayerOptions, required } from "./layer-options.ts";
import { probability } from "./option-checks.ts";

/** Options of GaussianNoise. */
export interface GaussianNoiseOptions extends LayerOptions {
  /** Standard deviation of the noise, from 0 to 1. */
  readonly stddev: number;
  /** Makes the layer draw the same noise in every run. */
  readonly seed?: number | null;
}

/**
 * In training `y = x + noise`, the noise normal with mean 0; otherwise `y = x`.
 *
 * Shapes: x `[...]` -> `[...]`.
 *
 * @example
 * const y = layers.GaussianNoise({ stddev: 0.1 })(x, { training: true });
 */
export class GaussianNoiseLayer extends Layer<GaussianNoiseOptions> {
  static override readonly className: string = "GaussianNoise";
  static override readonly defaultTraining = false;
  declare stddev: number;
  declare seed: number | null;
  readonly seedGenerator: SeedGenerator;

  constructor(options: GaussianNoiseOptions) {
    super(options, { stddev: required, seed: null });
    probability(this.label, "stddev", this.stddev);
    this.seedGenerator = new SeedGenerator({ seed: this.seed });
    this.supportsMasking = true;
  }

  override call(x: Tensor, { training = false }: CallOptions = {}): Tensor {
    if (training !== true || this.stddev === 0) return x;
    return ops.add(x, normal(x.shape, { stddev: this.stddev, dtype: x.dtype, seed: this.seedGenerator }));
  }
}

/** Adds noise in training; see {@link GaussianNoiseLayer}. */
export const GaussianNoise: CallableClass<typeof GaussianNoiseLayer> = /* @__PURE__ */ callableClass(GaussianNoiseLayer);
export type GaussianNoise = GaussianNoiseLayer;
