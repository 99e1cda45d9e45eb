/** What the layers that join several inputs of one shape share. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { Layer } from "./layer.ts";
import { describe, type LayerOptions } from "./layer-options.ts";

/** Joins a list of tensors elementwise, with broadcasting; inputs of lower rank get axes of extent 1 after the batch. */
export abstract class MergeLayer extends Layer {
  constructor(options: LayerOptions = {}) {
    super(options, {});
    this.supportsMasking = true;
  }

  /** Joins tensors of one rank. */
  protected abstract merge(inputs: readonly Tensor[]): Tensor;

  protected override checkInput(inputs: unknown): void {
    checkInputList(this.label, inputs, 2);
    const shapes = (inputs as Tensor[]).map((input) => input.shape);
    const rank = Math.max(...shapes.map((shape) => shape.length));
    let joined: Shape = [];
    for (const shape of shapes) {
      const aligned: Shape = shape.length === 0 ? [] : [shape[0]!, ...new Array<number>(rank - shape.length).fill(1), ...shape.slice(1)];
      joined = aligned.map((extent, axis) => {
        const other = joined[axis] ?? (axis < joined.length ? null : 1);
        if (extent === null || other === null) return extent === null || extent === 1 ? other : extent;
        if (extent === other || (other === 1 && (axis > 0 || joined.length === 0))) return extent;
        if (extent === 1 && axis > 0) return other;
        throw new ShapeError({
          where: this.label,
          problem: axis === 0 ? "the inputs have different batch sizes" : "the shapes of the inputs do not fit each other",
          expected: "extents that are equal, or 1 (beside the batch)",
          received: shapes.map(formatShape).join(" and "),
        });
      });
    }
  }

  override call(inputs: readonly Tensor[]): Tensor {
    const rank = Math.max(...inputs.map((input) => input.rank));
    return this.merge(
      inputs.map((input) => {
        let x = input;
        while (x.rank < rank) x = ops.expandDims(x, 1);
        return x;
      }),
    );
  }

  override computeMask(_inputs: unknown, mask: unknown): unknown {
    if (!Array.isArray(mask) || mask.some((entry) => entry === null)) return null;
    return (mask as Tensor[]).reduce((a, b) => ops.logicalOr(a, b));
  }
}

/** Throws ValueError for anything but a list of at least `least` tensors. */
export function checkInputList(where: string, inputs: unknown, least: number): void {
  if (Array.isArray(inputs) && inputs.length >= least && inputs.every((input) => input instanceof Tensor)) return;
  throw new ValueError({
    where,
    problem: "the layer takes a list of tensors",
    expected: `[x, y, ...], at least ${least}`,
    received: inputs instanceof Tensor ? inputs.toString() : Array.isArray(inputs) ? `a list of ${inputs.length}` : describe(inputs),
    advice: "write the inputs as one list: layer([x, y])",
  });
}
