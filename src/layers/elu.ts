/** Exponential linear unit as a layer. */
import * as activations from "../activations/index.ts";
import type { Tensor } from "../graph/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import type { LayerOptions } from "./layer-options.ts";
import { finiteNumber } from "./option-checks.ts";

/** Options of ELU. */
export interface ELUOptions extends LayerOptions {
  /** Default 1. */
  readonly alpha?: number;
}

/**
 * `y = x` for `x >= 0`, `alpha (exp(x) - 1)` below.
 *
 * Shapes: x `[...]` -> `[...]`.
 *
 * @example
 * const y = layers.ELU({ alpha: 0.5 })(x);
 */
export class ELULayer extends Layer<ELUOptions> {
  static override readonly className: string = "ELU";
  declare alpha: number;

  constructor(options: ELUOptions = {}) {
    super(options, { alpha: 1 });
    finiteNumber(this.label, "alpha", this.alpha);
    this.supportsMasking = true;
  }

  /** Keras leaves `alpha` out where it is 1. */
  override getConfig(): Config {
    const { alpha, ...config } = super.getConfig();
    return alpha === 1 ? config : { ...config, alpha };
  }

  override call(x: Tensor): Tensor {
    return activations.elu(x, { alpha: this.alpha });
  }
}

/** Exponential linear unit as a layer; see {@link ELULayer}. */
export const ELU: CallableClass<typeof ELULayer> = /* @__PURE__ */ callableClass(ELULayer);
export type ELU = ELULayer;
