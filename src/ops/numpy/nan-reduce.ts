/** Reductions that leave NaN out. */
import { concreteShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { type Axis, normalizeAxes, options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { isFloat } from "../../dtype/index.ts";
import { broadcast, constantLike, toFloat } from "../promote.ts";
import { argmax, argmin, type ArgOp, type ArgOptions, cumprod, cumsum, type CumulativeOp, type CumulativeRest, keptShape, max, min, prod, type ReduceOp, type ReduceOptions, sum } from "./reduce.ts"; // prettier-ignore

type Rest = [(Axis | ReduceOptions)?, boolean?];

/** Where an element is no NaN. */
function present(x: Tensor): Tensor {
  return P.equal(x, x);
}

/** NaN replaced by a number; no gradient flows to what was replaced. */
function filledWith(x: TensorLike, value: number): Tensor {
  const t = asTensor(x);
  return isFloat(t.dtype) ? P.select(present(t), t, constantLike(value, t)) : t;
}

function replaced(name: string, value: number, reduce: ReduceOp): ReduceOp {
  return defineOp(name, (x: TensorLike, ...rest: Rest) => reduce(filledWith(x, value), ...rest));
}

/** Sum of the elements that are not NaN. */
export const nansum: ReduceOp = replaced("nansum", 0, sum);
/** Product of the elements that are not NaN. */
export const nanprod: ReduceOp = replaced("nanprod", 1, prod);

function extremum(name: string, value: number, reduce: ReduceOp): ReduceOp {
  return defineOp(name, (x: TensorLike, ...rest: Rest) => {
    const t = asTensor(x);
    const out = reduce(filledWith(t, value), ...rest);
    if (!isFloat(t.dtype)) return out;
    const { axis = null, keepdims = false } = options<ReduceOptions>(["axis", "keepdims"], rest);
    const axes = normalizeAxes(axis, t.rank);
    const any = P.reduceAny(present(t), axes);
    const shown = keepdims ? P.reshape(any, keptShape(concreteShape(t), axes)) : any;
    return P.select(shown, out, constantLike(NaN, out));
  });
}
/** Largest element that is not NaN; NaN where there is none. */
export const nanmax: ReduceOp = extremum("nanmax", -Infinity, max);
/** Smallest element that is not NaN; NaN where there is none. */
export const nanmin: ReduceOp = extremum("nanmin", Infinity, min);

function argument(name: string, value: number, find: ArgOp): ArgOp {
  return defineOp(name, (x: TensorLike, ...rest: [(number | null | ArgOptions)?, boolean?]) => {
    const t = asTensor(x);
    const out = find(filledWith(t, value), ...rest);
    if (!isFloat(t.dtype)) return out;
    const { axis = null, keepdims = false } = options<ArgOptions>(["axis", "keepdims"], rest);
    const axes = normalizeAxes(axis, t.rank);
    const any = P.reduceAny(present(t), axes);
    const shown = keepdims ? P.reshape(any, keptShape(concreteShape(t), axes)) : any;
    return P.select(shown, out, constantLike(-1, out));
  });
}
/** Position of the largest element that is not NaN; -1 where there is none. */
export const nanargmax: ArgOp = argument("nanargmax", -Infinity, argmax);
/** Position of the smallest element that is not NaN; -1 where there is none. */
export const nanargmin: ArgOp = argument("nanargmin", Infinity, argmin);

/** Number of elements that are not NaN, in the dtype of x, and their mean: both with reduced axes as 1. */
function meanOfPresent(x: Tensor, axes: readonly number[]): { count: Tensor; mean: Tensor } {
  const kept = keptShape(concreteShape(x), axes);
  const count = P.reshape(P.reduceSum(P.convert(present(x), x.dtype), axes), kept);
  const total = P.reshape(P.reduceSum(filledWith(x, 0), axes), kept);
  return { count, mean: P.divide(total, count) };
}

function statistic(name: string, compute: (x: Tensor, axes: readonly number[]) => Tensor): ReduceOp {
  return defineOp(name, (x: TensorLike, ...rest: Rest) => {
    const { axis = null, keepdims = false } = options<ReduceOptions>(["axis", "keepdims"], rest);
    const t = toFloat(x);
    const axes = normalizeAxes(axis, t.rank);
    const out = compute(t, axes);
    return keepdims ? out : P.reshape(out, concreteShape(t).filter((_, a) => !axes.includes(a))); // prettier-ignore
  });
}
function varianceOfPresent(x: Tensor, axes: readonly number[]): Tensor {
  const shape = concreteShape(x);
  const { count, mean } = meanOfPresent(x, axes);
  const centred = P.select(present(x), P.subtract(x, broadcast(mean, shape)), constantLike(0, x));
  return P.divide(P.reshape(P.reduceSum(P.multiply(centred, centred), axes), keptShape(shape, axes)), count);
}
/** Mean of the elements that are not NaN; NaN where there is none. */
export const nanmean: ReduceOp = statistic("nanmean", (x, axes) => meanOfPresent(x, axes).mean);
/** Variance (no correction) of the elements that are not NaN. */
export const nanvar: ReduceOp = statistic("nanvar", varianceOfPresent);
/** Standard deviation (no correction) of the elements that are not NaN. */
export const nanstd: ReduceOp = statistic("nanstd", (x, axes) => P.sqrt(varianceOfPresent(x, axes)));

/** Running sum; NaN counts as 0. */
export const nancumsum: CumulativeOp = defineOp("nancumsum", (x: TensorLike, ...rest: CumulativeRest) =>
  cumsum(filledWith(x, 0), ...rest),
); // prettier-ignore
/** Running product; NaN counts as 1. */
export const nancumprod: CumulativeOp = defineOp("nancumprod", (x: TensorLike, ...rest: CumulativeRest) =>
  cumprod(filledWith(x, 1), ...rest),
); // prettier-ignore
