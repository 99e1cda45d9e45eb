/** Elementwise minimum of its inputs. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import type { LayerOptions } from "./layer-options.ts";
import { MergeLayer, mergeUnmasked } from "./merge.ts";

/**
 * `y = min(x1, x2, ...)`, elementwise with broadcasting; elements that a mask leaves out do not count.
 *
 * Shapes: a list of `[batch, ...]` -> `[batch, ...]`.
 *
 * @example
 * const y = layers.Minimum()([a, b]);
 */
export class MinimumLayer extends MergeLayer {
  static override readonly className: string = "Minimum";

  protected override merge(inputs: readonly Tensor[], masks: readonly (Tensor | null)[]): Tensor {
    return mergeUnmasked(inputs, masks, (x, y) => ops.minimum(x, y));
  }
}

/** Elementwise minimum of its inputs; see {@link MinimumLayer}. */
export const Minimum: CallableClass<typeof MinimumLayer> = /* @__PURE__ */ callableClass(MinimumLayer);
export type Minimum = MinimumLayer;

/** `Minimum(options)(inputs)`; see {@link MinimumLayer}. */
export function minimum(inputs: readonly Tensor[], options: LayerOptions = {}): Tensor {
  return new MinimumLayer(options)(inputs);
}
