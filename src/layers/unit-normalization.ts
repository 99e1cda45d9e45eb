/** Normalisation to length 1. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import type { LayerOptions } from "./layer-options.ts";
import { axisOrAxes } from "./option-checks.ts";

/** Options of UnitNormalization. */
export interface UnitNormalizationOptions extends LayerOptions {
  /** Axis or axes along which the elements are one vector. Default -1. */
  readonly axis?: number | readonly number[];
}

/**
 * `y = x / sqrt(max(sum of x^2, 1e-12))`, the sum over `axis`: vectors of length 1.
 *
 * Shapes: x `[batch, ...]` -> the same.
 *
 * @example
 * const y = layers.UnitNormalization()(x);
 */
export class UnitNormalizationLayer extends Layer<UnitNormalizationOptions> {
  static override readonly className: string = "UnitNormalization";
  declare axis: number | readonly number[];

  constructor(options: UnitNormalizationOptions = {}) {
    super(options, { axis: -1 });
    axisOrAxes(this.label, "axis", this.axis);
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    const square = ops.sum(ops.square(x), { axis: this.axis, keepdims: true });
    return ops.multiply(x, ops.rsqrt(ops.maximum(square, 1e-12)));
  }
}

/** Normalisation to length 1; see {@link UnitNormalizationLayer}. */
export const UnitNormalization: CallableClass<typeof UnitNormalizationLayer> = /* @__PURE__ */ callableClass(UnitNormalizationLayer);
export type UnitNormalization = UnitNormalizationLayer;
