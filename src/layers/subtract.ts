/** Difference of its two inputs. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import type { LayerOptions } from "./layer-options.ts";
import { MergeLayer } from "./merge.ts";

/**
 * `y = x1 - x2`, elementwise with broadcasting.
 *
 * Shapes: a list of `[batch, ...]` -> `[batch, ...]`.
 *
 * @example
 * const y = layers.Subtract()([a, b]);
 */
export class SubtractLayer extends MergeLayer {
  static override readonly className: string = "Subtract";

  protected override checkInput(inputs: unknown): void {
    super.checkInput(inputs);
    const count = (inputs as readonly Tensor[]).length;
    if (count !== 2)
      throw new ValueError({
        where: this.label,
        problem: "the layer takes exactly two inputs",
        expected: "[x, y]",
        received: `a list of ${count}`,
      });
  }

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return ops.subtract(inputs[0]!, inputs[1]!);
  }
}

/** Difference of its two inputs; see {@link SubtractLayer}. */
export const Subtract: CallableClass<typeof SubtractLayer> = /* @__PURE__ */ callableClass(SubtractLayer);
export type Subtract = SubtractLayer;

/** `Subtract(options)(inputs)`; see {@link SubtractLayer}. */
export function subtract(inputs: readonly Tensor[], options: LayerOptions = {}): Tensor {
  return new SubtractLayer(options)(inputs);
}
