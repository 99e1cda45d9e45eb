/** Marks time steps to be skipped. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import type { LayerOptions } from "./layer-options.ts";
import { finiteNumber } from "./option-checks.ts";

/** Options of Masking. */
export interface MaskingOptions extends LayerOptions {
  /** A step all of whose features are this is skipped. Default 0. */
  readonly maskValue?: number;
}

/**
 * A step counts where any of its features differs from `maskValue`; the others become 0, and the output carries the mask.
 *
 * Shapes: x `[batch, steps, features]` -> the same; mask `[batch, steps]`.
 *
 * @example
 * const y = layers.LSTM({ units: 8 })(layers.Masking()(padded));
 */
export class MaskingLayer extends Layer<MaskingOptions> {
  static override readonly className: string = "Masking";
  declare maskValue: number;

  constructor(options: MaskingOptions = {}) {
    super(options, { maskValue: 0 });
    finiteNumber(this.label, "maskValue", this.maskValue);
    this.supportsMasking = true;
    this.inputSpec = { minRank: 2 };
  }

  override call(x: Tensor): Tensor {
    const counts = ops.any(ops.notEqual(x, this.maskValue), { axis: -1, keepdims: true });
    return ops.where(counts, x, ops.zerosLike(x));
  }

  override computeMask(x: Tensor, _mask?: unknown): Tensor {
    return ops.any(ops.notEqual(x, this.maskValue), { axis: -1 });
  }
}

/** Marks time steps to be skipped; see {@link MaskingLayer}. */
export const Masking: CallableClass<typeof MaskingLayer> = /* @__PURE__ */ callableClass(MaskingLayer);
export type Masking = MaskingLayer;
