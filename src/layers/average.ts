/** Mean of its inputs. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import type { LayerOptions } from "./layer-options.ts";
import { MergeLayer } from "./merge.ts";

/**
 * `y = (x1 + x2 + ...) / n`, elementwise with broadcasting.
 *
 * Shapes: a list of `[batch, ...]` -> `[batch, ...]`.
 *
 * @example
 * const y = layers.Average()([a, b]);
 */
export class AverageLayer extends MergeLayer {
  static override readonly className: string = "Average";

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return ops.divide(
      inputs.reduce((sum, input) => ops.add(sum, input)),
      inputs.length,
    );
  }
}

/** Mean of its inputs; see {@link AverageLayer}. */
export const Average: CallableClass<typeof AverageLayer> = /* @__PURE__ */ callableClass(AverageLayer);
export type Average = AverageLayer;

/** `Average(options)(inputs)`; see {@link AverageLayer}. */
export function average(inputs: readonly Tensor[], options: LayerOptions = {}): Tensor {
  return new AverageLayer(options)(inputs);
}
