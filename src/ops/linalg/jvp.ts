/** Products of Jacobians with vectors, and distances. */
import { gradients } from "../../autodiff/index.ts";
import { isFloat } from "../../dtype/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { concreteShape, currentScope, flattenTree, formatShape, parameterTensor, Substitution, type Tensor, type TensorTree, typeOf, unflattenTree } from "../../graph/index.ts"; // prettier-ignore
import * as P from "../../primitives/index.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { castTo, constantLike, promote } from "../promote.ts";

/** Options of `jvp`. */
export interface JvpOptions {
  /** Whether `fun` returns a pair of its value and of something else. Default false. */
  hasAux?: boolean;
}

/**
 * `fun(...primals)` and its derivative in the direction of the tangents. The derivative is the transpose of the transposed
 * one: backward accumulation is linear in its cotangents, and is differentiated by them.
 *
 * @example
 * const [value, slope] = ops.jvp(ops.sin, [0.1], [1]);
 */
export const jvp: {
  <Y extends TensorTree>(fun: (...primals: Tensor[]) => Y, primals: readonly TensorLike[], tangents: readonly TensorLike[]): [Y, Y];
  <Y extends TensorTree, A>(
    fun: (...primals: Tensor[]) => readonly [Y, A],
    primals: readonly TensorLike[],
    tangents: readonly TensorLike[],
    options: JvpOptions & { hasAux: true },
  ): [Y, Y, A];
} = defineOp(
  "jvp",
  (
    fun: (...primals: Tensor[]) => unknown,
    primals: readonly TensorLike[],
    tangents: readonly TensorLike[],
    { hasAux = false }: JvpOptions = {},
  ): never => {
    const xs = primals.map((x) => asTensor(x));
    const directions = tangents.map((v, i) => castTo(asTensor(v), xs[i]?.dtype ?? "float32"));
    const fits = xs.length === directions.length && xs.every((x, i) => formatShape(x.shape) === formatShape(directions[i]!.shape));
    if (!fits) {
      throw new ShapeError({
        where: currentScope(),
        problem: "every primal needs a tangent of its shape",
        expected: xs.map((x) => formatShape(x.shape)).join(", "),
        received: directions.map((v) => formatShape(v.shape)).join(", "),
      });
    }
    const returned = fun(...xs);
    const [value, aux] = hasAux ? (returned as [TensorTree, unknown]) : [returned as TensorTree, undefined];
    const ys = flattenTree(value);
    const wrong = [...ys, ...xs].find((t) => !isFloat(t.dtype));
    if (wrong !== undefined)
      throw new ValueError({ where: currentScope(), problem: "only floats have derivatives", received: wrong.toString() });
    const cotangents = ys.map((y) => {
      const { shape, dtype } = typeOf(y);
      return parameterTensor(shape, dtype);
    });
    const back = gradients(ys, xs, { cotangents });
    const forward = gradients(back, cotangents, { cotangents: directions });
    // Nothing of the cotangents is left in what is linear in them; a zero stands for them where the graph still names one.
    const substitution = new Substitution();
    cotangents.forEach((cotangent, i) => substitution.set(cotangent, P.zerosLike(ys[i]!)));
    const slopes = unflattenTree(
      value,
      forward.map((tensor) => substitution.of(tensor)),
    );
    return (hasAux ? [value, slopes, aux] : [value, slopes]) as never;
  },
);

/** Euclidean distances between the rows of two matrices; no gradient flows where it is 0. Shapes: [.., m, d], [.., n, d] -> [.., m, n]. */
export const cdist: (x: TensorLike, y: TensorLike) => Tensor = defineOp("cdist", (x: TensorLike, y: TensorLike) => {
  const [a, b] = promote([x, y], true) as [Tensor, Tensor];
  const [as, bs] = [concreteShape(a), concreteShape(b)];
  const lead = as.slice(0, -2);
  if (a.rank < 2 || a.rank !== b.rank || as.at(-1) !== bs.at(-1) || lead.some((extent, axis) => extent !== bs[axis])) {
    throw new ShapeError({
      where: currentScope(),
      problem: "the rows do not fit",
      expected: "[.., m, d] and [.., n, d]",
      received: `${formatShape(as)} and ${formatShape(bs)}`,
    });
  }
  const shape = [...lead, as.at(-2)!, bs.at(-2)!, as.at(-1)!];
  const front = lead.map((_, axis) => axis);
  const n = lead.length;
  const gap = P.subtract(P.broadcastInDim(a, shape, [...front, n, n + 2]), P.broadcastInDim(b, shape, [...front, n + 1, n + 2]));
  const total = P.reduceSum(P.multiply(gap, gap), [n + 2]);
  const zero = constantLike(0, total);
  const isSame = P.equal(total, zero);
  return P.select(isSame, zero, P.sqrt(P.select(isSame, constantLike(1, total), total)));
});
