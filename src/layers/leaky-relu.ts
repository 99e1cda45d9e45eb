/** Leaky rectified linear unit as a layer. */
import * as activations from "../activations/index.ts";
import type { Tensor } from "../graph/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import type { LayerOptions } from "./layer-options.ts";
import { finiteNumber } from "./option-checks.ts";

/** Options of LeakyReLU. */
export interface LeakyReLUOptions extends LayerOptions {
  /** Default 0.3. */
  readonly negativeSlope?: number;
}

/**
 * `y = x` for `x >= 0`, `negativeSlope x` below.
 *
 * Shapes: x `[...]` -> `[...]`.
 *
 * @example
 * const y = layers.LeakyReLU({ negativeSlope: 0.1 })(x);
 */
export class LeakyReLULayer extends Layer<LeakyReLUOptions> {
  static override readonly className: string = "LeakyReLU";
  declare negativeSlope: number;

  constructor(options: LeakyReLUOptions = {}) {
    super(options, { negativeSlope: 0.3 });
    finiteNumber(this.label, "negativeSlope", this.negativeSlope);
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    return activations.leakyRelu(x, { negativeSlope: this.negativeSlope });
  }
}

/** Leaky rectified linear unit as a layer; see {@link LeakyReLULayer}. */
export const LeakyReLU: CallableClass<typeof LeakyReLULayer> = /* @__PURE__ */ callableClass(LeakyReLULayer);
export type LeakyReLU = LeakyReLULayer;
