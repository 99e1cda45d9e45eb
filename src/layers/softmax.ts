/** Softmax as a layer. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type CallOptions, Layer } from "./layer.ts";
import type { LayerOptions } from "./layer-options.ts";
import { axisOrAxes } from "./option-checks.ts";

/** Options of Softmax. */
export interface SoftmaxOptions extends LayerOptions {
  /** Axis or axes. Default -1. */
  readonly axis?: number | readonly number[];
}

/**
 * `y = exp(x) / sum of exp(x)` over `axis`; masked elements count as nothing.
 *
 * Shapes: x `[...]` -> `[...]`.
 *
 * @example
 * const y = layers.Softmax()(logits);
 */
export class SoftmaxLayer extends Layer<SoftmaxOptions> {
  static override readonly className: string = "Softmax";
  declare axis: number | readonly number[];

  constructor(options: SoftmaxOptions = {}) {
    super(options, { axis: -1 });
    axisOrAxes(this.label, "axis", this.axis);
    this.supportsMasking = true;
  }

  override call(x: Tensor, { mask = null }: CallOptions = {}): Tensor {
    let y = x;
    // As Keras: a large negative number, so that a row of which all is masked stays finite.
    if (mask !== null && !Array.isArray(mask))
      y = ops.add(
        x,
        ops.multiply(ops.subtract(1, ops.cast(mask as Tensor, x.dtype)), x.dtype === "float16" ? -3e4 : -3.4028234663852886e38 / 2),
      );
    if (typeof this.axis === "number") return ops.softmax(y, { axis: this.axis });
    const axis = [...this.axis];
    if (axis.length === 1) return ops.softmax(y, { axis: axis[0]! });
    return ops.exp(ops.subtract(y, ops.logsumexp(y, { axis, keepdims: true })));
  }
}

/** Softmax as a layer; see {@link SoftmaxLayer}. */
export const Softmax: CallableClass<typeof SoftmaxLayer> = /* @__PURE__ */ callableClass(SoftmaxLayer);
export type Softmax = SoftmaxLayer;
