/** Products of matrices and vectors; all become one `dotGeneral`. */
import { isByte } from "../../dtype/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { broadcastShapes, concreteShape, currentScope, formatShape, normalizeAxis, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { binary, broadcast, castTo, promote } from "../promote.ts";

/** Operands of one dtype that products exist for. */
function factors(x: TensorLike, y: TensorLike): [Tensor, Tensor] {
  const [a, b] = promote([asTensor(x), asTensor(y)]);
  const small = isByte(a!.dtype);
  return small ? [castTo(a!, "int32"), castTo(b!, "int32")] : [a!, b!];
}

function contract(
  a: Tensor,
  b: Tensor,
  lhsContract: readonly number[],
  rhsContract: readonly number[],
  lhsBatch: readonly number[] = [],
  rhsBatch: readonly number[] = [],
): Tensor {
  lhsContract.forEach((axis, i) => {
    if (a.shape[axis] !== b.shape[rhsContract[i]!]) {
      throw new ShapeError({
        where: currentScope(),
        problem: "the summed axes differ",
        expected: `axis ${axis} of the first and axis ${rhsContract[i]!} of the second to be equal`,
        received: `${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      });
    }
  });
  return P.dotGeneral(a, b, { lhsBatch, rhsBatch, lhsContract, rhsContract });
}

/**
 * Matrix product over the last two axes; leading axes broadcast. A vector on the left is a row, on the right a column,
 * and the axis added for that goes away. Shapes: [.., m, k] x [.., k, n] -> [.., m, n].
 */
export const matmul: (x1: TensorLike, x2: TensorLike) => Tensor = defineOp("matmul", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = factors(x1, x2);
  if (a.rank === 0 || b.rank === 0) {
    throw new ShapeError({
      where: currentScope(),
      problem: "a scalar has no matrix product",
      received: `${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      advice: "use ops.multiply",
    });
  }
  // One operand without leading axes: no batch, whatever the rank of the other.
  if (b.rank <= 2) return contract(a, b, [a.rank - 1], [0]);
  if (a.rank === 1) return contract(a, b, [0], [b.rank - 2]);
  const [as, bs] = [concreteShape(a), concreteShape(b)];
  const batch = broadcastShapes(currentScope(), as.slice(0, -2), bs.slice(0, -2));
  const axes = batch.map((_, axis) => axis);
  const n = batch.length;
  return contract(broadcast(a, [...batch, ...as.slice(-2)]), broadcast(b, [...batch, ...bs.slice(-2)]), [n + 1], [n], axes, axes);
});

/** NumPy's `dot`: over the last axis of the first and the second-last of the second (its only one where it is a vector). */
export const dot: (x1: TensorLike, x2: TensorLike) => Tensor = defineOp("dot", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = factors(x1, x2);
  if (a.rank === 0 || b.rank === 0) return binary(a, b, P.multiply);
  return contract(a, b, [a.rank - 1], [Math.max(0, b.rank - 2)]);
});

/** Scalar product of all elements of two tensors. */
export const vdot: (x1: TensorLike, x2: TensorLike) => Tensor = defineOp("vdot", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = factors(x1, x2);
  return contract(P.reshape(a, [a.size]), P.reshape(b, [b.size]), [0], [0]);
});

/** All products of an element of the first and one of the second (both flattened): [m] x [n] -> [m, n]. */
export const outer: (x1: TensorLike, x2: TensorLike) => Tensor = defineOp("outer", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = factors(x1, x2);
  return binary(P.reshape(a, [a.size, 1]), P.reshape(b, [1, b.size]), P.multiply);
});

/** Axes of a tensor product: a number n sums the last n of the first with the first n of the second; two lists name them in pairs. */
export type TensordotAxes = number | readonly [number | readonly number[], number | readonly number[]];

/** Sum of products over pairs of axes: the remaining axes of the first, then those of the second. */
export const tensordot: (x1: TensorLike, x2: TensorLike, axes?: TensordotAxes | { axes?: TensordotAxes }) => Tensor = defineOp(
  "tensordot",
  (x1: TensorLike, x2: TensorLike, ...rest: [(TensordotAxes | { axes?: TensordotAxes })?]) => {
    const { axes = 2 } = options<{ axes: TensordotAxes }>(["axes"], rest);
    const [a, b] = factors(x1, x2);
    const list = (value: number | readonly number[], rank: number): number[] =>
      (typeof value === "number" ? [value] : value).map((axis) => normalizeAxis(currentScope(), axis, rank));
    const [left, right] =
      typeof axes === "number"
        ? [Array.from({ length: axes }, (_, i) => a.rank - axes + i), Array.from({ length: axes }, (_, i) => i)]
        : [list(axes[0], a.rank), list(axes[1], b.rank)];
    if (left.length !== right.length || left.some((axis) => axis < 0) || right.some((axis) => axis >= b.rank)) {
      throw new ValueError({ where: currentScope(), problem: "the axes do not pair up", received: JSON.stringify(axes) });
    }
    return contract(a, b, left, right);
  },
);
