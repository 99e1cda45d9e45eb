/** Functions of one example as functions of many. */
import { ShapeError, ValueError } from "../errors.ts";
import { concreteShape, flattenTree, formatShape, mapTree, parameterTensor, type Tensor, typeOf } from "../graph/index.ts";
import { moveAxis } from "./batched.ts";
import { exampleCount, Vectorizer } from "./vectorizer.ts";

/** Options of `vmap`. */
export interface VmapOptions {
  /** Axis of the examples in the tensors of each argument: one for all, or one per argument; null: shared by all. Default 0. */
  readonly inAxes?: number | null | readonly (number | null)[];
  /** Axis of the examples in the results. Default 0. */
  readonly outAxes?: number;
}

/**
 * The function that applies `f` to many examples at once: `f` is traced on one example, and the graph is vectorized
 * (operation by operation, not by a loop). Arguments and results are trees of tensors; custom gradients, loops and branches
 * are vectorized too. Throws ShapeError where the numbers of examples differ, ValueError where nothing is mapped.
 *
 * @example
 * const norms = vmap((x: Tensor) => ops.sqrt(ops.sum(ops.square(x))))(tensor([[3, 4], [6, 8]])); // [5, 10]
 */
export function vmap<A extends readonly unknown[], R>(f: (...args: A) => R, options: VmapOptions = {}): (...args: A) => R {
  const { inAxes = 0, outAxes = 0 } = options;
  return (...args: A): R => {
    const moved = args.map((arg, i) => {
      const axis = typeof inAxes === "object" && inAxes !== null ? inAxes[i]! : inAxes;
      return axis === null || axis === undefined ? { arg, mapped: false } : { arg: mapTree(arg, (x) => toFront(x, axis)), mapped: true };
    });
    const mapped = moved.flatMap(({ arg, mapped: isMapped }) => (isMapped ? flattenTree(arg) : []));
    const size = exampleCount(mapped);
    if (mapped.length === 0) {
      throw new ValueError({
        where: "vmap",
        problem: "no argument has examples",
        expected: "a tensor in an argument whose axis is not null",
        received: `inAxes ${JSON.stringify(inAxes)}`,
      });
    }
    if (size === undefined) {
      throw new ShapeError({
        where: "vmap",
        problem: "the arguments have different numbers of examples",
        expected: "one extent along the mapped axes",
        received: mapped.map((tensor) => formatShape(tensor.shape)).join(", "),
        advice: "name the axis of each argument in inAxes, null for what all examples share",
      });
    }
    const vectorizer = new Vectorizer(size);
    const one = moved.map(({ arg, mapped: isMapped }) =>
      isMapped
        ? mapTree(arg, (x) => {
            const { shape, dtype } = typeOf(x);
            const parameter = parameterTensor(shape.slice(1), dtype);
            vectorizer.set(parameter, { tensor: x, mapped: true });
            return parameter;
          })
        : arg,
    );
    const result = f(...(one as readonly unknown[] as A));
    return mapTree(result, (y) => {
      const out = vectorizer.spread(y);
      return moveAxis(out, 0, outAxes < 0 ? outAxes + out.rank : outAxes);
    });
  };
}

function toFront(x: Tensor, axis: number): Tensor {
  const rank = concreteShape(x).length;
  const at = axis < 0 ? axis + rank : axis;
  if (at >= 0 && at < rank) return moveAxis(x, at, 0);
  throw new ShapeError({
    where: "vmap",
    problem: `axis ${axis} does not exist`,
    expected: rank === 0 ? "null: the tensor is a scalar" : `an integer from ${-rank} to ${rank - 1}`,
    received: formatShape(x.shape),
  });
}
