/** Norms of vectors and matrices. */
import { ValueError } from "../../errors.ts";
import { concreteShape, currentScope, normalizeAxis, sizeOf, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { constantLike, toFloat, toWideFloat } from "../promote.ts";
import { keptShape } from "../numpy/reduce.ts";
import { permute } from "../numpy/shaping.ts";
import { singularValues } from "./svd.ts";

/** Which norm: null is the root of the sum of squares; "fro" and "nuc" are of matrices. */
export type NormOrder = number | "fro" | "nuc" | null;

/** Options of `norm`. */
export interface NormOptions {
  /**
   * null: the root of the sum of squares. Vectors: any number or Infinity. Matrices: "fro", 1, -1, Infinity, -Infinity, and
   * of singular values their sum ("nuc"), the largest (2) and the smallest (-2).
   */
  ord?: NormOrder;
  /** One axis (vectors), two (matrices), or null: everything as one vector (with `ord`: the axes of a vector or matrix). */
  axis?: number | readonly number[] | null;
  keepdims?: boolean;
}

/** Norm of vectors along one axis or of matrices along two. Throws ValueError for an order that does not exist there. */
export const norm: (x: TensorLike, ord?: NormOrder | NormOptions, axis?: NormOptions["axis"], keepdims?: boolean) => Tensor = defineOp(
  "norm",
  (x: TensorLike, ...rest: [(NormOrder | NormOptions)?, NormOptions["axis"]?, boolean?]) => {
    const { ord = null, axis = null, keepdims = false } = options<NormOptions>(["ord", "axis", "keepdims"], rest);
    const t = toFloat(x);
    const all = Array.from({ length: t.rank }, (_, a) => a);
    const axes = axis === null ? all : (typeof axis === "number" ? [axis] : axis).map((a) => normalizeAxis(currentScope(), a, t.rank));
    const out = axis === null && ord === null ? root(t, axes) : axes.length === 1 ? vectorNorm(t, axes[0]!, ord) : matrixNorm(t, axes, ord);
    return keepdims ? P.reshape(out, keptShape(concreteShape(t), axes)) : out;
  },
);

function root(x: Tensor, axes: readonly number[]): Tensor {
  return P.sqrt(P.reduceSum(P.multiply(x, x), axes));
}

function vectorNorm(x: Tensor, axis: number, ord: NormOptions["ord"]): Tensor {
  if (ord === null || ord === 2) return root(x, [axis]);
  const size = P.abs(x);
  if (ord === Infinity) return P.reduceMax(size, [axis]);
  if (ord === -Infinity) return P.reduceMin(size, [axis]);
  if (ord === 1) return P.reduceSum(size, [axis]);
  if (ord === 0) return P.reduceSum(P.convert(P.notEqual(x, constantLike(0, x)), x.dtype), [axis]);
  if (typeof ord !== "number") throw unknownOrder(ord, "a number");
  const total = P.reduceSum(P.power(size, constantLike(ord, size)), [axis]);
  return P.power(total, constantLike(1 / ord, total));
}

function matrixNorm(x: Tensor, axes: readonly number[], ord: NormOptions["ord"]): Tensor {
  if (axes.length !== 2)
    throw new ValueError({
      where: currentScope(),
      problem: "a norm is of a vector or a matrix",
      expected: "one axis or two",
      received: `${axes.length}`,
    });
  if (ord === null || ord === "fro") return root(x, axes);
  const [row, column] = axes as [number, number];
  if (ord === "nuc" || ord === 2 || ord === -2) return singularNorm(x, row, column, ord);
  const size = P.abs(x);
  const sumsOver = (axis: number): Tensor => P.reduceSum(size, [axis]);
  const left = (gone: number, axis: number): number => (axis > gone ? axis - 1 : axis);
  if (ord === 1) return P.reduceMax(sumsOver(row), [left(row, column)]);
  if (ord === -1) return P.reduceMin(sumsOver(row), [left(row, column)]);
  if (ord === Infinity) return P.reduceMax(sumsOver(column), [left(column, row)]);
  if (ord === -Infinity) return P.reduceMin(sumsOver(column), [left(column, row)]);
  throw unknownOrder(ord, '"fro", "nuc", 1, -1, 2, -2, Infinity or -Infinity for a matrix');
}

function singularNorm(x: Tensor, row: number, column: number, ord: "nuc" | 2 | -2): Tensor {
  const shape = concreteShape(toWideFloat(x));
  const rest = shape.map((_, axis) => axis).filter((axis) => axis !== row && axis !== column);
  const lead = rest.map((axis) => shape[axis]!);
  const matrices = P.reshape(permute(x, [...rest, row, column]), [sizeOf(lead), shape[row]!, shape[column]!]);
  const s = singularValues(matrices);
  const found = ord === "nuc" ? P.reduceSum(s, [1]) : ord === 2 ? P.reduceMax(s, [1]) : P.reduceMin(s, [1]);
  return P.reshape(found, lead);
}

function unknownOrder(ord: unknown, expected: string): ValueError {
  return new ValueError({ where: currentScope(), problem: "this norm is not available", expected, received: String(ord) });
}
