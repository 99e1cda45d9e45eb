/** Sets elements to the least or the greatest value in training. */
import { ValueError } from "../../errors.ts";
import type { Tensor } from "../../graph/index.ts";
import { type CallOptions, Layer } from "../../layers/layer.ts";
import { type LayerOptions, required } from "../../layers/layer-options.ts";
import { finiteNumber, probability } from "../../layers/option-checks.ts";
import * as ops from "../../ops/index.ts";
import { SeedGenerator, uniform } from "../../random/index.ts";
import { callableClass, type CallableClass } from "../../serialization/index.ts";

/** Options of SaltAndPepperNoise. */
export interface SaltAndPepperNoiseOptions extends LayerOptions {
  /** Share of the elements that are changed, from 0 to 1. */
  readonly rate: number;
  /** Pepper. Default 0. */
  readonly low?: number;
  /** Salt. Default 1. */
  readonly high?: number;
  /** Makes the layer choose the same elements in every run. */
  readonly seed?: number | null;
}

/**
 * In training each element is, with probability `rate`, `low` or `high` as a fair coin falls, else itself; otherwise
 * `y = x`. P. Vincent and others, "Stacked denoising autoencoders", 2010, section 3.3.
 *
 * Shapes: x `[...]` -> `[...]`. Throws ValueError where rate is no probability, or high is not above low.
 *
 * @example
 * const noisy = new SaltAndPepperNoise({ rate: 0.1 })(x, { training: true });
 */
export class SaltAndPepperNoiseLayer extends Layer<SaltAndPepperNoiseOptions> {
  static override readonly className: string = "SaltAndPepperNoise";
  declare rate: number;
  declare low: number;
  declare high: number;
  declare seed: number | null;
  readonly seedGenerator: SeedGenerator;

  constructor(options: SaltAndPepperNoiseOptions) {
    super(options, { rate: required, low: 0, high: 1, seed: null });
    probability(this.label, "rate", this.rate);
    for (const name of ["low", "high"] as const) finiteNumber(this.label, name, this[name]);
    if (this.low >= this.high)
      throw new ValueError({
        where: this.label,
        problem: "pepper is not darker than salt",
        expected: "low < high",
        received: `low ${this.low}, high ${this.high}`,
      });
    this.seedGenerator = new SeedGenerator({ seed: this.seed });
    this.supportsMasking = true;
  }

  override call(x: Tensor, { training = false }: CallOptions = {}): Tensor {
    if (training !== true || this.rate === 0) return x;
    // One number says both: whether the element is changed, and to what.
    const chance = uniform(x.shape, { dtype: x.dtype, seed: this.seedGenerator });
    const [low, high] = [this.low, this.high].map((value) => ops.fullLike(x, value)) as [Tensor, Tensor];
    return ops.where(ops.less(chance, this.rate), ops.where(ops.less(chance, this.rate / 2), low, high), x);
  }
}

/** Sets elements to extreme values in training; see {@link SaltAndPepperNoiseLayer}. */
export const SaltAndPepperNoise: CallableClass<typeof SaltAndPepperNoiseLayer> = /* @__PURE__ */ callableClass(SaltAndPepperNoiseLayer);
export type SaltAndPepperNoise = SaltAndPepperNoiseLayer;
