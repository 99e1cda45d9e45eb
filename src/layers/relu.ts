/** Rectified linear unit as a layer. */
import * as activations from "../activations/index.ts";
import type { Tensor } from "../graph/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import type { LayerOptions } from "./layer-options.ts";
import { nonNegative } from "./option-checks.ts";

/** Options of ReLU. */
export interface ReLUOptions extends LayerOptions {
  /** Default: no upper bound. */
  readonly maxValue?: number | null;
  /** Default 0. */
  readonly negativeSlope?: number;
  /** Default 0. */
  readonly threshold?: number;
}

/**
 * `y = min(x, maxValue)` for `x >= threshold`, `negativeSlope (x - threshold)` below.
 *
 * Shapes: x `[...]` -> `[...]`.
 *
 * @example
 * const y = layers.ReLU({ maxValue: 6 })(x);
 */
export class ReLULayer extends Layer<ReLUOptions> {
  static override readonly className: string = "ReLU";
  declare maxValue: number | null;
  declare negativeSlope: number;
  declare threshold: number;

  constructor(options: ReLUOptions = {}) {
    super(options, { maxValue: null, negativeSlope: 0, threshold: 0 });
    if (this.maxValue !== null) nonNegative(this.label, "maxValue", this.maxValue);
    nonNegative(this.label, "negativeSlope", this.negativeSlope);
    nonNegative(this.label, "threshold", this.threshold);
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    return activations.relu(x, { negativeSlope: this.negativeSlope, maxValue: this.maxValue, threshold: this.threshold });
  }
}

/** Rectified linear unit as a layer; see {@link ReLULayer}. */
export const ReLU: CallableClass<typeof ReLULayer> = /* @__PURE__ */ callableClass(ReLULayer);
export type ReLU = ReLULayer;
