/** Sum of its inputs. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import type { LayerOptions } from "./layer-options.ts";
import { MergeLayer } from "./merge.ts";

/**
 * `y = x1 + x2 + ...`, elementwise with broadcasting.
 *
 * Shapes: a list of `[batch, ...]` -> `[batch, ...]`.
 *
 * @example
 * const y = layers.Add()([a, b]);
 */
export class AddLayer extends MergeLayer {
  static override readonly className: string = "Add";

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((sum, input) => ops.add(sum, input));
  }
}

/** Sum of its inputs; see {@link AddLayer}. */
export const Add: CallableClass<typeof AddLayer> = /* @__PURE__ */ callableClass(AddLayer);
export type Add = AddLayer;

/** `Add(options)(inputs)`; see {@link AddLayer}. */
export function add(inputs: readonly Tensor[], options: LayerOptions = {}): Tensor {
  return new AddLayer(options)(inputs);
}
