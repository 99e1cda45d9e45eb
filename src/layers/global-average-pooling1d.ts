/** Mean over all steps of sequences. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { GlobalAveragePoolingLayer, type GlobalPoolingOptions } from "./global-pooling.ts";
import type { CallOptions } from "./layer.ts";

/**
 * Mean over the steps of sequences; with a mask, over the steps that count.
 *
 * Shapes: x `[batch, steps, channels]` -> `[batch, channels]`, or `[batch, 1, channels]` where `keepdims` (channels_last).
 *
 * @example
 * const y = layers.GlobalAveragePooling1D()(x);
 */
export class GlobalAveragePooling1DLayer extends GlobalAveragePoolingLayer {
  static override readonly className: string = "GlobalAveragePooling1D";

  constructor(options: GlobalPoolingOptions = {}) {
    super(1, options);
    this.supportsMasking = true;
  }

  override call(x: Tensor, { mask = null }: CallOptions = {}): Tensor {
    if (mask === null || Array.isArray(mask)) return super.call(x);
    const steps = this.dataFormat === "channels_last" ? 1 : 2;
    const counts = ops.expandDims(ops.cast(mask as Tensor, "bool"), this.dataFormat === "channels_last" ? 2 : 1);
    const total = ops.sum(ops.where(counts, x, ops.zerosLike(x)), { axis: steps, keepdims: this.keepdims });
    return ops.divide(total, ops.sum(ops.cast(counts, x.dtype), { axis: steps, keepdims: this.keepdims }));
  }

  override computeMask(_inputs?: unknown, _mask?: unknown): null {
    return null;
  }
}

/** Mean over all steps; see {@link GlobalAveragePooling1DLayer}. */
export const GlobalAveragePooling1D: CallableClass<typeof GlobalAveragePooling1DLayer> =
  /* @__PURE__ */ callableClass(GlobalAveragePooling1DLayer);
export type GlobalAveragePooling1D = GlobalAveragePooling1DLayer;
