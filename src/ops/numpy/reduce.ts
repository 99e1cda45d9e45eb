/** Reductions, with NumPy's names: over `axis` (one, several, or null for all), which `keepdims` leaves as 1. */
import { concreteShape, type ConcreteShape, currentScope, normalizeAxis, sizeOf, type Tensor } from "../../graph/index.ts";
import { type DType, isByte, isShortFloat } from "../../dtype/index.ts";
import { ShapeError } from "../../errors.ts";
import * as P from "../../primitives/index.ts";
import { type Axis, normalizeAxes, options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { broadcast, constantLike, promote, toFloat, widely } from "../promote.ts";
import { truth } from "./elementwise.ts";

/** Options of a reduction. */
export interface ReduceOptions {
  /** Axes to reduce; null (default) is all. */
  axis?: Axis;
  /** Whether reduced axes stay, with extent 1. Default false. */
  keepdims?: boolean;
}
/** A reduction: `f(x, axis, keepdims)` or `f(x, { axis, keepdims })`. */
export type ReduceOp = (x: TensorLike, axis?: Axis | ReduceOptions, keepdims?: boolean) => Tensor;

type Rest = [(Axis | ReduceOptions)?, boolean?];

/** The shape with reduced axes as 1. */
export function keptShape(shape: ConcreteShape, axes: readonly number[]): number[] {
  return shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
}

function reduceOp(name: string, reduce: (x: Tensor, axes: readonly number[]) => Tensor, prepare: (x: TensorLike) => Tensor): ReduceOp {
  return defineOp(name, (x: TensorLike, ...rest: Rest) => {
    const { axis = null, keepdims = false } = options<ReduceOptions>(["axis", "keepdims"], rest);
    const t = prepare(x);
    const axes = normalizeAxes(axis, t.rank);
    const out = reduce(t, axes);
    return keepdims ? P.reshape(out, keptShape(concreteShape(t), axes)) : out;
  });
}

/** Integers smaller than int32 are summed as int32. */
function summable(x: TensorLike): Tensor {
  const t = asTensor(x);
  return isByte(t.dtype) ? P.convert(t, "int32") : t;
}
function comparable(x: TensorLike): Tensor {
  const t = asTensor(x);
  return t.dtype === "bool" ? P.convert(t, "int32") : t;
}

/** Mean over axes, as a tensor without them. */
export function meanOver(x: Tensor, axes: readonly number[]): Tensor {
  const count = axes.reduce((product, axis) => product * concreteShape(x)[axis]!, 1);
  return widely(x, (wide) => {
    const total = P.reduceSum(wide, axes);
    return P.divide(total, constantLike(count, total));
  });
}

/**
 * Mean of the squared distance from the mean, over axes. The gradient is `2 (x - mean) / n`: what flows through the mean
 * vanishes, since distances from it sum to zero.
 */
export function varianceOver(x: Tensor, axes: readonly number[]): Tensor {
  if (isShortFloat(x.dtype)) return widely(x, (wide) => varianceOver(wide, axes));
  const shape = concreteShape(x);
  const kept = keptShape(shape, axes);
  const spread = (y: Tensor): Tensor => broadcast(P.reshape(y, kept), shape);
  const centred = P.subtract(x, spread(meanOver(x, axes)));
  const count = axes.reduce((product, axis) => product * shape[axis]!, 1);
  return P.withGradient(meanOver(P.multiply(centred, centred), axes), [x], (cotangent: Tensor) => [
    P.multiply(centred, spread(P.multiply(cotangent, constantLike(2 / count, cotangent)))),
  ]);
}

/** Sum. Booleans and bytes are summed as int32. */
export const sum: ReduceOp = reduceOp("sum", P.reduceSum, summable);
/** Product. */
export const prod: ReduceOp = reduceOp("prod", P.reduceProd, summable);
/** Arithmetic mean; integers become float32. */
export const mean: ReduceOp = reduceOp("mean", meanOver, toFloat);
/** Variance: mean squared distance from the mean (no correction). */
export const var_: ReduceOp = reduceOp("var", varianceOver, toFloat);
/** Variance: mean squared distance from the mean (no correction). */
export const variance: ReduceOp = var_;
/** Standard deviation: root of the variance. */
export const std: ReduceOp = reduceOp("std", (x, axes) => widely(x, (wide) => P.sqrt(varianceOver(wide, axes))), toFloat);
/** Whether any element is true (not zero). */
export const any: ReduceOp = reduceOp("any", P.reduceAny, truth);
/** Whether every element is true (not zero). */
export const all: ReduceOp = reduceOp("all", P.reduceAll, truth);
/** Number of elements that are not zero, int32. */
export const countNonzero: ReduceOp = reduceOp("countNonzero", P.reduceSum, (x) => P.convert(truth(x), "int32"));

/** Options of `max` and `min`. */
export interface ExtremumOptions extends ReduceOptions {
  /** A value to compare with as well. */
  initial?: number | null;
}
/** `max` or `min`. */
export type ExtremumOp = (x: TensorLike, axis?: Axis | ExtremumOptions, keepdims?: boolean, initial?: number | null) => Tensor;

function extremumOp(
  name: string,
  reduce: (x: Tensor, axes: readonly number[]) => Tensor,
  combine: (x: Tensor, y: Tensor) => Tensor,
): ExtremumOp {
  return defineOp(name, (x: TensorLike, ...rest: [(Axis | ExtremumOptions)?, boolean?, (number | null)?]) => {
    const { axis = null, keepdims = false, initial = null } = options<ExtremumOptions>(["axis", "keepdims", "initial"], rest);
    const t = comparable(x);
    const axes = normalizeAxes(axis, t.rank);
    if (initial === null && axes.some((a) => t.shape[a] === 0)) {
      throw new ShapeError({
        where: currentScope(),
        problem: "an axis without elements has no extremum",
        received: t.toString(),
        advice: "give `initial`",
      });
    }
    let out = reduce(t, axes);
    if (initial !== null) out = combine(out, constantLike(initial, out));
    return keepdims ? P.reshape(out, keptShape(concreteShape(t), axes)) : out;
  });
}
/** Largest element. Several equal ones share the gradient. */
export const max: ExtremumOp = extremumOp("max", P.reduceMax, P.maximum);
/** Smallest element. Several equal ones share the gradient. */
export const min: ExtremumOp = extremumOp("min", P.reduceMin, P.minimum);
/** Largest element. */
export const amax: ExtremumOp = max;
/** Smallest element. */
export const amin: ExtremumOp = min;

/** Largest less smallest element. */
export const ptp: ReduceOp = reduceOp("ptp", (x, axes) => P.subtract(P.reduceMax(x, axes), P.reduceMin(x, axes)), comparable);

/** Options of `argmax` and `argmin`. */
export interface ArgOptions {
  /** The axis; null (default) takes the flattened tensor. */
  axis?: number | null;
  keepdims?: boolean;
}
/** `argmax` or `argmin`. */
export type ArgOp = (x: TensorLike, axis?: number | null | ArgOptions, keepdims?: boolean) => Tensor;

function argOp(name: string, find: (x: Tensor, axis: number) => Tensor): ArgOp {
  return defineOp(name, (x: TensorLike, ...rest: [(number | null | ArgOptions)?, boolean?]) => {
    const { axis = null, keepdims = false } = options<ArgOptions>(["axis", "keepdims"], rest);
    const t = comparable(x);
    const shape = concreteShape(t);
    if (axis === null) {
      const out = find(P.reshape(t, [sizeOf(shape)]), 0);
      return keepdims
        ? P.reshape(
            out,
            shape.map(() => 1),
          )
        : out;
    }
    const at = normalizeAxis(currentScope(), axis, t.rank);
    const out = find(t, at);
    return keepdims ? P.reshape(out, keptShape(shape, [at])) : out;
  });
}
/** Position of the first largest element, int32. */
export const argmax: ArgOp = argOp("argmax", P.argmax);
/** Position of the first smallest element, int32. */
export const argmin: ArgOp = argOp("argmin", P.argmin);

/** `log(sum(e^x))`, without overflow. The gradient is the softmax. */
export const logsumexp: ReduceOp = reduceOp(
  "logsumexp",
  function logSum(x, axes): Tensor {
    if (isShortFloat(x.dtype)) return widely(x, (wide) => logSum(wide, axes));
    const shape = concreteShape(x);
    const kept = keptShape(shape, axes);
    const largest = P.reshape(P.reduceMax(x, axes), kept);
    const finite = P.select(P.isFinite(largest), largest, constantLike(0, largest));
    const sumOf = (powers: Tensor): Tensor => P.reduceSum(powers, axes);
    const sums = sumOf(P.exp(P.subtract(x, broadcast(finite, shape))));
    const value = P.add(P.log(sums), P.reshape(finite, concreteShape(sums)));
    return P.withGradient(value, [x], (cotangent) => {
      const spread = (y: Tensor): Tensor => broadcast(P.reshape(y, kept), shape);
      // Not e^(x - out): out is rounded, by more than 1 where x is beyond 1e7.
      const powers = P.exp(P.subtract(x, P.stopGradient(broadcast(finite, shape))));
      return [P.multiply(spread(cotangent), P.divide(powers, spread(sumOf(powers))))];
    });
  },
  toFloat,
);

/** Options of `average`. */
export interface AverageOptions {
  axis?: Axis;
  /** Of the shape of x, or a vector along `axis`. */
  weights?: TensorLike | null;
}
/** `sum(weights * x) / sum(weights)` over axes. */
export const average: (x: TensorLike, axis?: Axis | AverageOptions, weights?: TensorLike | null) => Tensor = defineOp(
  "average",
  (x: TensorLike, ...rest: [(Axis | AverageOptions)?, (TensorLike | null)?]) => {
    const { axis = null, weights = null } = options<AverageOptions>(["axis", "weights"], rest);
    if (weights === null) return mean(x, axis);
    const [a, w] = promote([x, weights], true);
    const axes = normalizeAxes(axis, a!.rank);
    const shape = concreteShape(a!);
    const aligned =
      w!.rank === 1 && a!.rank > 1 && axes.length === 1
        ? P.reshape(
            w!,
            shape.map((_, position) => (position === axes[0] ? w!.dim(0) : 1)),
          )
        : w!;
    const full = broadcast(aligned, shape);
    return P.divide(P.reduceSum(P.multiply(a!, full), axes), P.reduceSum(full, axes));
  },
);

/** Options of cumulative ops. */
export interface CumulativeOptions {
  /** The axis; null (default) takes the flattened tensor. */
  axis?: number | null;
  /** Dtype to compute in. Default: that of x (int32 for booleans and bytes). */
  dtype?: DType | null;
}
/** A cumulative op: `f(x, axis, dtype)` or `f(x, { axis, dtype })`. */
export type CumulativeOp = (x: TensorLike, axis?: number | null | CumulativeOptions, dtype?: DType | null) => Tensor;
/** What a cumulative op takes after the tensor. */
export type CumulativeRest = [(number | null | CumulativeOptions)?, (DType | null)?];

function cumulativeOp(name: string, scan: (x: Tensor, axis: number, reverse: boolean) => Tensor): CumulativeOp {
  return defineOp(name, (x: TensorLike, ...rest: CumulativeRest) => {
    const { axis = null, dtype = null } = options<CumulativeOptions>(["axis", "dtype"], rest);
    const t = dtype === null ? summable(x) : summable(asTensor(x, dtype));
    return axis === null
      ? scan(P.reshape(t, [sizeOf(concreteShape(t))]), 0, false)
      : scan(t, normalizeAxis(currentScope(), axis, t.rank), false);
  });
}
/** Sums of all elements up to each, along an axis. */
export const cumsum: CumulativeOp = cumulativeOp("cumsum", P.cumulativeSum);
/** Products of all elements up to each, along an axis. */
export const cumprod: CumulativeOp = cumulativeOp("cumprod", P.cumulativeProd);
