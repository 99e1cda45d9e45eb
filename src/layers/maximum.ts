/** Elementwise maximum of its inputs. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import type { LayerOptions } from "./layer-options.ts";
import { MergeLayer, mergeUnmasked } from "./merge.ts";

/**
 * `y = max(x1, x2, ...)`, elementwise with broadcasting; elements that a mask leaves out do not count.
 *
 * Shapes: a list of `[batch, ...]` -> `[batch, ...]`.
 *
 * @example
 * const y = layers.Maximum()([a, b]);
 */
export class MaximumLayer extends MergeLayer {
  static override readonly className: string = "Maximum";

  protected override merge(inputs: readonly Tensor[], masks: readonly (Tensor | null)[]): Tensor {
    return mergeUnmasked(inputs, masks, (x, y) => ops.maximum(x, y));
  }
}

/** Elementwise maximum of its inputs; see {@link MaximumLayer}. */
export const Maximum: CallableClass<typeof MaximumLayer> = /* @__PURE__ */ callableClass(MaximumLayer);
export type Maximum = MaximumLayer;

/** `Maximum(options)(inputs)`; see {@link MaximumLayer}. */
export function maximum(inputs: readonly Tensor[], options: LayerOptions = {}): Tensor {
  return new MaximumLayer(options)(inputs);
}
