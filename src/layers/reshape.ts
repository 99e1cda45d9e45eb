/** A layer that gives the elements of each sample another shape. */
import { ValueError } from "../errors.ts";
import { resolveShape, type Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import { describe, type LayerOptions, required } from "./layer-options.ts";

/** Options of Reshape. */
export interface ReshapeOptions extends LayerOptions {
  /** Shape of one sample, without the batch; one extent may be -1. */
  readonly targetShape: readonly number[];
}

/**
 * The same elements, row-major, under another shape.
 *
 * Shapes: x `[batch, ...]` -> `[batch, ...targetShape]`.
 *
 * @example
 * layers.Reshape({ targetShape: [7, 7, -1] })(x); // [2, 98] -> [2, 7, 7, 2]
 */
export class ReshapeLayer extends Layer<ReshapeOptions> {
  static override readonly className: string = "Reshape";
  declare targetShape: readonly number[];

  constructor(options: ReshapeOptions) {
    super(options, { targetShape: required });
    if (!Array.isArray(this.targetShape) || !this.targetShape.every((extent) => Number.isInteger(extent) && extent >= -1)) {
      throw new ValueError({
        where: this.label,
        problem: "targetShape is a list of whole numbers",
        expected: "for example [7, 7, -1]",
        received: describe(this.targetShape),
      });
    }
    this.inputSpec = { minRank: 1 };
  }

  override call(x: Tensor): Tensor {
    const size = x.shape.slice(1).reduce<number>((product, extent) => product * (extent ?? 0), 1);
    return ops.reshape(x, [x.dim(0), ...resolveShape(this.label, this.targetShape, size)]);
  }
}

/** Gives samples another shape; see {@link ReshapeLayer}. */
export const Reshape: CallableClass<typeof ReshapeLayer> = /* @__PURE__ */ callableClass(ReshapeLayer);
export type Reshape = ReshapeLayer;
