/** Product of its inputs. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { MergeLayer } from "./merge.ts";

/**
 * `y = x1 x2 ...`, elementwise with broadcasting.
 *
 * Shapes: a list of `[batch, ...]` -> `[batch, ...]`.
 *
 * @example
 * const y = layers.Multiply()([a, b]);
 */
export class MultiplyLayer extends MergeLayer {
  static override readonly className: string = "Multiply";

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((product, input) => ops.multiply(product, input));
  }
}

/** Product of its inputs; see {@link MultiplyLayer}. */
export const Multiply: CallableClass<typeof MultiplyLayer> = /* @__PURE__ */ callableClass(MultiplyLayer);
export type Multiply = MultiplyLayer;
