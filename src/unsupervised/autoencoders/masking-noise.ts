/** Sets elements to zero in training, and lets the others be. */
import type { Tensor } from "../../graph/index.ts";
import { type CallOptions, Layer } from "../../layers/layer.ts";
import { type LayerOptions, required } from "../../layers/layer-options.ts";
import { probability } from "../../layers/option-checks.ts";
import * as ops from "../../ops/index.ts";
import { SeedGenerator, uniform } from "../../random/index.ts";
import { callableClass, type CallableClass } from "../../serialization/index.ts";

/** Options of MaskingNoise. */
export interface MaskingNoiseOptions extends LayerOptions {
  /** Share of the elements that become zero, from 0 to 1. */
  readonly rate: number;
  /** Makes the layer choose the same elements in every run. */
  readonly seed?: number | null;
}

/**
 * In training each element is 0 with probability `rate`, else itself; otherwise `y = x`. Dropout would divide what is left
 * by `1 - rate`: a corrupted input is not to be brighter. P. Vincent and others, "Extracting and composing robust features
 * with denoising autoencoders", 2008, section 2.3.
 *
 * Shapes: x `[...]` -> `[...]`. Throws ValueError where rate is no probability.
 *
 * @example
 * const noisy = new MaskingNoise({ rate: 0.25 })(x, { training: true });
 */
export class MaskingNoiseLayer extends Layer<MaskingNoiseOptions> {
  static override readonly className: string = "MaskingNoise";
  declare rate: number;
  declare seed: number | null;
  readonly seedGenerator: SeedGenerator;

  constructor(options: MaskingNoiseOptions) {
    super(options, { rate: required, seed: null });
    probability(this.label, "rate", this.rate);
    this.seedGenerator = new SeedGenerator({ seed: this.seed });
    this.supportsMasking = true;
  }

  override call(x: Tensor, { training = false }: CallOptions = {}): Tensor {
    if (training !== true || this.rate === 0) return x;
    const chance = uniform(x.shape, { dtype: x.dtype, seed: this.seedGenerator });
    return ops.where(ops.less(chance, this.rate), ops.zerosLike(x), x);
  }
}

/** Sets elements to zero in training; see {@link MaskingNoiseLayer}. */
export const MaskingNoise: CallableClass<typeof MaskingNoiseLayer> = /* @__PURE__ */ callableClass(MaskingNoiseLayer);
export type MaskingNoise = MaskingNoiseLayer;
