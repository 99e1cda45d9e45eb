/** Codes drawn from normal distributions, so that gradients pass to their means and variances. */
import { ShapeError, ValueError } from "../../errors.ts";
import { formatShape, sameShape, Tensor } from "../../graph/index.ts";
import { type InputShape, Layer } from "../../layers/layer.ts";
import { describe, type LayerOptions } from "../../layers/layer-options.ts";
import * as ops from "../../ops/index.ts";
import { normal, SeedGenerator } from "../../random/index.ts";
import { callableClass, type CallableClass } from "../../serialization/index.ts";

/** Options of Sampling. */
export interface SamplingOptions extends LayerOptions {
  /** Makes the layer draw the same codes in every run. */
  readonly seed?: number | null;
}

/**
 * The reparameterization trick: `z = mean + exp(logVariance / 2) noise`, the noise normal with mean 0 and variance 1, in
 * training and otherwise. D. Kingma, M. Welling, "Auto-encoding variational Bayes", 2013, section 2.4.
 *
 * Shapes: a list of mean `[batch, ...]` and logVariance `[batch, ...]` -> `[batch, ...]`. Throws ShapeError where both differ.
 *
 * @example
 * const z = new Sampling({ seed: 1 })([mean, logVariance]);
 */
export class SamplingLayer extends Layer<SamplingOptions> {
  static override readonly className: string = "Sampling";
  declare seed: number | null;
  readonly seedGenerator: SeedGenerator;

  constructor(options: SamplingOptions = {}) {
    super(options, { seed: null });
    this.seedGenerator = new SeedGenerator({ seed: this.seed });
  }

  override build(inputShape: InputShape): void {
    const shapes: readonly unknown[] = inputShape as readonly unknown[];
    if (shapes.length !== 2 || !shapes.every(Array.isArray)) throw this.#noPair(describe(inputShape));
  }

  override call(inputs: readonly Tensor[]): Tensor {
    const [mean, logVariance] = inputs;
    if (inputs.length !== 2 || !(mean instanceof Tensor) || !(logVariance instanceof Tensor)) throw this.#noPair(describe(inputs));
    if (!sameShape(mean.shape, logVariance.shape))
      throw new ShapeError({
        where: this.label,
        problem: "mean and logarithm of the variance have different shapes",
        expected: formatShape(mean.shape),
        received: formatShape(logVariance.shape),
      });
    const noise = normal(mean.shape, { dtype: mean.dtype, seed: this.seedGenerator });
    return ops.add(mean, ops.multiply(ops.exp(ops.multiply(logVariance, 0.5)), noise));
  }

  #noPair(received: string): ValueError {
    return new ValueError({
      where: this.label,
      problem: "the layer takes a list of two tensors",
      expected: "[mean, logVariance]",
      received,
    });
  }
}

/** Codes drawn from normal distributions; see {@link SamplingLayer}. */
export const Sampling: CallableClass<typeof SamplingLayer> = /* @__PURE__ */ callableClass(SamplingLayer);
export type Sampling = SamplingLayer;
