/** Product of its inputs. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import type { LayerOptions } from "./layer-options.ts";
import { MergeLayer } from "./merge.ts";

/**
 * `y = x1 x2 ...`, elementwise with broadcasting; elements that a mask leaves out count as 1, or 0 where all masks leave them out.
 *
 * Shapes: a list of `[batch, ...]` -> `[batch, ...]`.
 *
 * @example
 * const y = layers.Multiply()([a, b]);
 */
export class MultiplyLayer extends MergeLayer {
  static override readonly className: string = "Multiply";

  protected override merge(inputs: readonly Tensor[], masks: readonly (Tensor | null)[]): Tensor {
    const factors = inputs.map((input, i) => (masks[i] === null ? input : ops.where(masks[i]!, input, ops.onesLike(input))));
    const product = factors.reduce((y, factor) => ops.multiply(y, factor));
    if (masks.includes(null)) return product;
    const counts = (masks as readonly Tensor[]).reduce((a, b) => ops.logicalOr(a, b));
    return ops.where(counts, product, ops.zerosLike(product));
  }
}

/** Product of its inputs; see {@link MultiplyLayer}. */
export const Multiply: CallableClass<typeof MultiplyLayer> = /* @__PURE__ */ callableClass(MultiplyLayer);
export type Multiply = MultiplyLayer;

/** `Multiply(options)(inputs)`; see {@link MultiplyLayer}. */
export function multiply(inputs: readonly Tensor[], options: LayerOptions = {}): Tensor {
  return new MultiplyLayer(options)(inputs);
}
