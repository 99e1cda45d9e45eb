/** A layer that reorders axes. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import { describe, type LayerOptions, required } from "./layer-options.ts";

/** Options of Permute. */
export interface PermuteOptions extends LayerOptions {
  /** Order of the axes, counted from 1, without the batch: `[2, 1]` swaps two. */
  readonly dims: readonly number[];
}

/**
 * The axes of each sample in another order: axis i of the output is axis `dims[i - 1]` of the input.
 *
 * Shapes: x `[batch, a, b]` -> `[batch, b, a]` for dims `[2, 1]`.
 *
 * @example
 * const y = layers.Permute({ dims: [2, 1] })(x);
 */
export class PermuteLayer extends Layer<PermuteOptions> {
  static override readonly className: string = "Permute";
  declare dims: readonly number[];

  constructor(options: PermuteOptions) {
    super(options, { dims: required });
    const dims: unknown = this.dims;
    if (!Array.isArray(dims) || dims.length === 0 || !dims.every((_, i) => dims.includes(i + 1))) {
      throw new ValueError({
        where: this.label,
        problem: "dims is an order of the axes 1, 2, ..., n, without the batch",
        expected: "for example [2, 1]",
        received: describe(dims),
      });
    }
    this.inputSpec = { rank: dims.length + 1 };
  }

  override call(x: Tensor): Tensor {
    return ops.transpose(x, [0, ...this.dims]);
  }
}

/** Reorders axes; see {@link PermuteLayer}. */
export const Permute: CallableClass<typeof PermuteLayer> = /* @__PURE__ */ callableClass(PermuteLayer);
export type Permute = PermuteLayer;
