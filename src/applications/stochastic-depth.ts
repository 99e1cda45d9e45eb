/** Leaving out a residual branch at random. */
import type { Tensor } from "../graph/index.ts";
import { type CallOptions, Layer } from "../layers/layer.ts";
import { type LayerOptions, required } from "../layers/layer-options.ts";
import { probability } from "../layers/option-checks.ts";
import { dropout, SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";

/** Options of StochasticDepth. */
export interface StochasticDepthOptions extends LayerOptions {
  /** Probability that a sample's branch is left out, from 0 to 1. */
  readonly dropPathRate: number;
}

/**
 * In training each sample is 0 with probability `dropPathRate`, else `x / (1 - dropPathRate)`; otherwise `y = x`. Huang, Sun,
 * Liu, Sedra, Weinberger, "Deep Networks with Stochastic Depth", 2016. Keras's name: files of ConvNeXt may hold it.
 *
 * Shapes: x `[batch, ...]` -> the same.
 */
export class StochasticDepthLayer extends Layer<StochasticDepthOptions> {
  static override readonly className: string = "StochasticDepth";
  declare dropPathRate: number;
  readonly seedGenerator: SeedGenerator;

  constructor(options: StochasticDepthOptions) {
    super(options, { dropPathRate: required });
    probability(this.label, "dropPathRate", this.dropPathRate);
    this.seedGenerator = new SeedGenerator();
  }

  override call(x: Tensor, { training = false }: CallOptions = {}): Tensor {
    if (training !== true || this.dropPathRate === 0) return x;
    const noiseShape = x.shape.map((extent, axis) => (axis === 0 ? extent : 1));
    return dropout(x, this.dropPathRate, { noiseShape, seed: this.seedGenerator });
  }

  override toJSON(): Config {
    return { ...super.toJSON(), module: "keras.src.applications.convnext", registered_name: "StochasticDepth" };
  }
}

/** Leaves out a branch at random; see {@link StochasticDepthLayer}. */
export const StochasticDepth: CallableClass<typeof StochasticDepthLayer> = /* @__PURE__ */ callableClass(StochasticDepthLayer);
export type StochasticDepth = StochasticDepthLayer;
