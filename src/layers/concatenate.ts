/** A layer that puts its inputs one after another. */
import { ShapeError } from "../errors.ts";
import { formatShape, normalizeAxis, type Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import type { LayerOptions } from "./layer-options.ts";
import { checkInputList } from "./merge.ts";

/** Options of Concatenate. */
export interface ConcatenateOptions extends LayerOptions {
  /** Axis along which the inputs follow each other. Default -1. */
  readonly axis?: number;
}

/**
 * The inputs one after another along `axis`.
 *
 * Shapes: a list of `[batch, ..., n_i]` -> `[batch, ..., sum of n_i]`; all other extents equal.
 *
 * @example
 * const y = layers.Concatenate()([a, b]); // [2, 3] and [2, 4] -> [2, 7]
 */
export class ConcatenateLayer extends Layer<ConcatenateOptions> {
  static override readonly className: string = "Concatenate";
  declare axis: number;

  constructor(options: ConcatenateOptions = {}) {
    super(options, { axis: -1 });
    this.supportsMasking = true;
  }

  protected override checkInput(inputs: unknown): void {
    checkInputList(this.label, inputs, 1);
    const shapes = (inputs as Tensor[]).map((input) => input.shape);
    const first = shapes[0]!;
    const along = normalizeAxis(this.label, this.axis, first.length);
    const fits = shapes.every(
      (shape) =>
        shape.length === first.length &&
        shape.every((extent, axis) => axis === along || extent === null || first[axis] === null || extent === first[axis]),
    );
    if (fits) return;
    throw new ShapeError({
      where: this.label,
      problem: "the shapes of the inputs do not fit each other",
      expected: `equal extents on all axes but ${along}`,
      received: shapes.map(formatShape).join(" and "),
    });
  }

  override call(inputs: readonly Tensor[]): Tensor {
    return ops.concatenate(inputs, this.axis);
  }

  override computeMask(inputs: readonly Tensor[], mask: unknown = null): Tensor | null {
    if (!Array.isArray(mask) || mask.every((entry) => entry === null)) return null;
    const masks = inputs.map((input, index) => {
      const entry = mask[index] as Tensor | null;
      if (entry === null) return ops.onesLike(input, { dtype: "bool" });
      return entry.rank < input.rank ? ops.broadcastTo(ops.expandDims(entry, -1), input.shape) : entry;
    });
    return ops.any(ops.concatenate(masks, this.axis), { axis: -1 });
  }
}

/** Puts inputs one after another; see {@link ConcatenateLayer}. */
export const Concatenate: CallableClass<typeof ConcatenateLayer> = /* @__PURE__ */ callableClass(ConcatenateLayer);
export type Concatenate = ConcatenateLayer;

/** `Concatenate(options)(inputs)`; see {@link ConcatenateLayer}. */
export function concatenate(inputs: readonly Tensor[], options: ConcatenateOptions = {}): Tensor {
  return new ConcatenateLayer(options)(inputs);
}
