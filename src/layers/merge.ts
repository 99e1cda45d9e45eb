/** What the layers that join several inputs of one shape share. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { type CallOptions, Layer } from "./layer.ts";
import { describe, type LayerOptions } from "./layer-options.ts";

/** Joins a list of tensors elementwise, with broadcasting; inputs of lower rank get axes of extent 1 after the batch. */
export abstract class MergeLayer extends Layer {
  constructor(options: LayerOptions = {}) {
    super(options, {});
    this.supportsMasking = true;
  }

  /** Joins tensors of one rank; `masks` are spread over the tensors, null where there is none. */
  protected abstract merge(inputs: readonly Tensor[], masks: readonly (Tensor | null)[]): Tensor;

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

  override call(inputs: readonly Tensor[], { mask = null }: CallOptions = {}): Tensor {
    const rank = Math.max(...inputs.map((input) => input.rank));
    const aligned = inputs.map((input) => {
      let x = input;
      while (x.rank < rank) x = ops.expandDims(x, 1);
      return x;
    });
    const masks = Array.isArray(mask) ? (mask as (Tensor | null)[]) : [];
    return this.merge(
      aligned,
      // As in Keras, an input that got further axes has lost its mask.
      aligned.map((x, i) => {
        const given = masks[i] ?? null;
        return x === inputs[i] && given !== null ? spreadMask(given, x) : null;
      }),
    );
  }

  override computeMask(_inputs: unknown, mask: unknown = null): unknown {
    if (!Array.isArray(mask) || mask.some((entry) => entry === null)) return null;
    return (mask as Tensor[]).reduce((a, b) => ops.logicalOr(a, b));
  }
}

/** A mask of the leading axes of x, with x's shape. */
function spreadMask(mask: Tensor, x: Tensor): Tensor {
  let y = ops.cast(mask, "bool");
  while (y.rank < x.rank) y = ops.expandDims(y, -1);
  return ops.broadcastTo(y, x.shape);
}

/**
 * `f(f(x1, x2), x3)...`, in which what is masked in one operand counts as the other one: what `f(x, x) = x` makes of a
 * maximum that leaves masked elements out.
 */
export function mergeUnmasked(inputs: readonly Tensor[], masks: readonly (Tensor | null)[], f: (x: Tensor, y: Tensor) => Tensor): Tensor {
  let output = inputs[0]!;
  let outputMask: Tensor | null = masks[0] ?? null;
  for (let i = 1; i < inputs.length; i++) {
    const mask = masks[i] ?? null;
    const x = mask === null ? inputs[i]! : ops.where(mask, inputs[i]!, output);
    if (outputMask !== null) output = ops.where(outputMask, output, x);
    outputMask = mask !== null && outputMask !== null ? ops.logicalOr(outputMask, mask) : null;
    output = f(output, x);
  }
  return output;
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
