/** Elementwise minimum of its inputs. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { MergeLayer } from "./merge.ts";

/**
 * `y = min(x1, x2, ...)`, elementwise with broadcasting.
 *
 * Shapes: a list of `[batch, ...]` -> `[batch, ...]`.
 *
 * @example
 * const y = layers.Minimum()([a, b]);
 */
export class MinimumLayer extends MergeLayer {
  static override readonly className: string = "Minimum";

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((best, input) => ops.minimum(best, input));
  }
}

/** Elementwise minimum of its inputs; see {@link MinimumLayer}. */
export const Minimum: CallableClass<typeof MinimumLayer> = /* @__PURE__ */ callableClass(MinimumLayer);
export type Minimum = MinimumLayer;
