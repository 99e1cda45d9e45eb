/** Splitting, stacking and turning along fixed axes; choosing by conditions. */
import type { DType } from "../../dtype/index.ts";
import { dtypes, isShortFloat } from "../../dtype/index.ts";
import { DTypeError, ShapeError, ValueError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, normalizeAxis, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { broadcastTogether, castTo, promote } from "../promote.ts";
import { truth } from "./elementwise.ts";
import { permute, sliceAxis, split } from "./shaping.ts";

/** Parts of nearly equal extent (the first ones larger), or cut before each index of a list. */
export const arraySplit: (x: TensorLike, indicesOrSections: number | readonly number[], axis?: number | { axis?: number }) => Tensor[] =
  defineOp("arraySplit", (x: TensorLike, indicesOrSections: number | readonly number[], ...rest: [(number | { axis?: number })?]) => {
    if (typeof indicesOrSections !== "number") return split(x, indicesOrSections, ...rest);
    const { axis = 0 } = options<{ axis: number }>(["axis"], rest);
    const t = asTensor(x);
    const at = normalizeAxis(currentScope(), axis, t.rank);
    const sections = indicesOrSections;
    if (!Number.isInteger(sections) || sections < 1) {
      throw new ValueError({
        where: currentScope(),
        problem: "the number of sections is no count",
        expected: "an integer from 1",
        received: String(sections),
      });
    }
    const extent = t.dim(at);
    const larger = extent % sections;
    const small = Math.floor(extent / sections);
    let start = 0;
    return Array.from({ length: sections }, (_, i) => {
      const from = start;
      start += small + (i < larger ? 1 : 0);
      return sliceAxis(t, at, from, start);
    });
  });

/** Parts along one fixed axis. */
export type SplitOp = (x: TensorLike, indicesOrSections: number | readonly number[]) => Tensor[];
function splitAlong(name: string, axisOf: (rank: number) => number): SplitOp {
  return defineOp(name, (x: TensorLike, indicesOrSections: number | readonly number[]) => {
    const t = asTensor(x);
    return split(t, indicesOrSections, axisOf(t.rank));
  });
}
/** Parts along axis 1 (of a vector: along its only one). */
export const hsplit: SplitOp = splitAlong("hsplit", (rank) => (rank === 1 ? 0 : 1));
/** Parts along axis 0. */
export const vsplit: SplitOp = splitAlong("vsplit", () => 0);
/** Parts along axis 2. */
export const dsplit: SplitOp = splitAlong("dsplit", () => 2);

function stackOf(name: string, lift: (x: Tensor) => Tensor, axis: number): (xs: readonly TensorLike[]) => Tensor {
  return defineOp(name, (xs: readonly TensorLike[]) => {
    if (xs.length === 0) throw new ValueError({ where: currentScope(), problem: "needs a list of at least one tensor", received: "[]" });
    const tensors = promote(xs.map((x) => asTensor(x))).map(lift);
    return tensors.length === 1 ? tensors[0]! : P.concatenate(tensors, axis);
  });
}
/** Tensors behind each other: along axis 2, which vectors [n] (as [1, n, 1]) and matrices [m, n] (as [m, n, 1]) get. */
export const dstack: (xs: readonly TensorLike[]) => Tensor = stackOf(
  "dstack",
  (t) => (t.rank >= 3 ? t : P.reshape(t, t.rank === 2 ? [...concreteShape(t), 1] : [1, t.size, 1])),
  2,
);
/** Vectors as the columns of a matrix; matrices side by side. */
export const columnStack: (xs: readonly TensorLike[]) => Tensor = stackOf(
  "columnStack",
  (t) => (t.rank >= 2 ? t : P.reshape(t, [t.size, 1])),
  1,
);

function flipAlong(name: string, axis: number): (x: TensorLike) => Tensor {
  return defineOp(name, (x: TensorLike) => {
    const t = asTensor(x);
    return P.reverse(t, [normalizeAxis(currentScope(), axis, t.rank)]);
  });
}
/** Columns in reverse order (axis 1). */
export const fliplr: (x: TensorLike) => Tensor = flipAlong("fliplr", 1);
/** Rows in reverse order (axis 0). */
export const flipud: (x: TensorLike) => Tensor = flipAlong("flipud", 0);

/** Options of `rot90`. */
export interface Rot90Options {
  /** Quarter turns from the first axis towards the second. Default 1. */
  k?: number;
  /** Default [0, 1]. */
  axes?: readonly [number, number];
}
/** A tensor turned by quarter turns in the plane of two axes. */
export const rot90: (array: TensorLike, k?: number | Rot90Options, axes?: readonly [number, number]) => Tensor = defineOp(
  "rot90",
  (array: TensorLike, ...rest: [(number | Rot90Options)?, (readonly [number, number])?]) => {
    const { k = 1, axes = [0, 1] } = options<Rot90Options>(["k", "axes"], rest);
    const t = asTensor(array);
    const [from, to] = axes.map((axis) => normalizeAxis(currentScope(), axis, t.rank)) as [number, number];
    if (axes.length !== 2 || from === to) {
      throw new ShapeError({
        where: currentScope(),
        problem: "a plane has two different axes",
        received: `${JSON.stringify(axes)} of ${formatShape(t.shape)}`,
      });
    }
    const turns = ((k % 4) + 4) % 4;
    if (turns === 0) return t;
    if (turns === 2) return P.reverse(t, [from, to]);
    const order = t.shape.map((_, axis) => (axis === from ? to : axis === to ? from : axis));
    return turns === 1 ? permute(P.reverse(t, [to]), order) : P.reverse(permute(t, order), [to]);
  },
);

/** For each element the choice of the first condition that is true, or the default. Conditions and choices broadcast. */
export const select: (
  condlist: readonly TensorLike[],
  choicelist: readonly TensorLike[],
  fallback?: TensorLike | { default?: TensorLike },
) => Tensor = defineOp(
  "select",
  (condlist: readonly TensorLike[], choicelist: readonly TensorLike[], ...rest: [(TensorLike | { default?: TensorLike })?]) => {
    const { default: otherwise = 0 } = options<{ default: TensorLike }>(["default"], rest);
    if (condlist.length !== choicelist.length || condlist.length === 0) {
      throw new ValueError({
        where: currentScope(),
        problem: "needs as many choices as conditions, and at least one",
        received: `${condlist.length} conditions, ${choicelist.length} choices`,
      });
    }
    const choices = promote([...choicelist, otherwise]);
    const all = broadcastTogether([...condlist.map((condition) => truth(condition)), ...choices]);
    const [tests, values] = [all.slice(0, condlist.length), all.slice(condlist.length)];
    return tests.reduceRight((out, test, i) => P.select(test, values[i]!, out), values.at(-1)!);
  },
);

/** The same elements under another dtype of the same size, bit for bit (float32 and int32). */
export const view: (x: TensorLike, dtype?: DType | null | { dtype?: DType | null }) => Tensor = defineOp(
  "view",
  (x: TensorLike, ...rest: [(DType | null | { dtype?: DType | null })?]) => {
    const { dtype = null } = options<{ dtype: DType | null }>(["dtype"], rest);
    const t = asTensor(x);
    if (dtype === null || dtype === t.dtype) return t;
    if (dtypes[dtype] === undefined || dtypes[dtype].bytes !== dtypes[t.dtype].bytes || isShortFloat(dtype)) {
      throw new DTypeError({
        where: currentScope(),
        problem: "the bits of one element are not the bits of one element of the other dtype",
        expected: `a dtype of ${dtypes[t.dtype].bytes} bytes`,
        received: `${t.dtype} as ${dtype}`,
        advice: "use ops.cast to convert values",
      });
    }
    return dtype === "float32" || dtype === "int32" ? P.bitcast(t, dtype) : castTo(t, dtype);
  },
);
