/** Medians, quantiles and percentiles, also of what is not NaN. */
import { ValueError } from "../../errors.ts";
import { concreteShape, currentScope, sizeOf, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { type Axis, normalizeAxes, options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { broadcast, castTo, constantLike, toFloat, widely, widenedFloat } from "../promote.ts";
import { keptShape, type ReduceOp, type ReduceOptions } from "./reduce.ts";
import { permute } from "./shaping.ts";

/** What a quantile between two elements is: on the line between them, one of them, or their mean. */
export type QuantileMethod = "linear" | "lower" | "higher" | "nearest" | "midpoint";
/** Options of `quantile` and `percentile`. */
export interface QuantileOptions {
  /** Axes to reduce; null (default) is all. */
  axis?: Axis;
  /** Default "linear". */
  method?: QuantileMethod;
  /** Whether reduced axes stay, with extent 1. Default false. */
  keepdims?: boolean;
}
/** `quantile(x, q, axis, method, keepdims)`, or with one options object after `q`. */
export type QuantileOp = (
  x: TensorLike,
  q: TensorLike,
  axis?: Axis | QuantileOptions,
  method?: QuantileMethod,
  keepdims?: boolean,
) => Tensor;
type Rest = [(Axis | QuantileOptions)?, QuantileMethod?, boolean?];

const methods: readonly QuantileMethod[] = ["linear", "lower", "higher", "nearest", "midpoint"];

/** `x` with `axes` moved to the end and flattened there: [kept.., n]. */
function rowsOf(x: Tensor, axes: readonly number[]): Tensor {
  const shape = concreteShape(x);
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const rest = kept.map((axis) => shape[axis]!);
  return P.reshape(permute(x, [...kept, ...axes]), [...rest, sizeOf(axes.map((axis) => shape[axis]!))]);
}

/**
 * Quantiles of the rows of `x`: [q.., kept..]. `ignoreNan`: of the elements that are not NaN (NaN where there is none);
 * otherwise a row with NaN gives NaN.
 */
function quantileOf(x: Tensor, q: Tensor, axis: Axis, method: QuantileMethod, keepdims: boolean, ignoreNan: boolean): Tensor {
  if (!methods.includes(method)) {
    throw new ValueError({
      where: currentScope(),
      problem: "there is no such method",
      expected: methods.join(", "),
      received: JSON.stringify(method),
    });
  }
  if (q.rank > 1) {
    throw new ValueError({ where: currentScope(), problem: "q is a number or a vector of them", received: q.toString() });
  }
  const axes = normalizeAxes(axis, x.rank);
  const rows = rowsOf(x, axes);
  const kept = concreteShape(rows).slice(0, -1);
  const extent = rows.dim(-1);
  if (extent === 0) throw new ValueError({ where: currentScope(), problem: "nothing has no quantile", received: x.toString() });
  const sorted = P.sort(rows, rows.rank - 1).values;
  const isNan = P.convert(P.notEqual(rows, rows), "int32");
  const nans = P.reduceSum(isNan, [rows.rank - 1]);
  const count = q.size;
  const shape = [...kept, count];
  const spread = (t: Tensor): Tensor => P.broadcastInDim(t, shape, kept.map((_, i) => i)); // prettier-ignore
  const c = (value: number): Tensor => broadcast(P.constant(value, x.dtype), shape);
  const last = ignoreNan ? spread(P.convert(P.subtract(constantLike(extent - 1, nans), nans), x.dtype)) : c(extent - 1);
  const share = P.broadcastInDim(P.reshape(castTo(q, x.dtype), [count]), shape, [kept.length]);
  const exactPlace = P.multiply(share, last);
  const place = P.stopGradient(exactPlace);
  const elementAt = (position: Tensor): Tensor => P.takeAlongAxis(sorted, P.convert(position, "int32"), rows.rank - 1, "clamp");
  const [low, high] = [P.floor(place), P.ceil(place)];
  let found: Tensor;
  if (method === "lower") found = elementAt(low);
  else if (method === "higher") found = elementAt(high);
  else if (method === "nearest") found = elementAt(P.round(place));
  else {
    const weight = method === "midpoint" ? P.select(P.equal(low, high), c(0), c(0.5)) : P.subtract(place, low);
    const [below, above] = [elementAt(low), elementAt(high)];
    // Not below + weight * (above - below): two infinities would give NaN.
    found = P.select(P.equal(weight, c(0)), below, P.add(P.multiply(P.subtract(c(1), weight), below), P.multiply(weight, above)));
    if (method === "linear") {
      // The slope by q, on an element that of the line to the one before it; the term itself is 0.
      const start = P.maximum(P.subtract(high, c(1)), c(0));
      const slope = P.subtract(elementAt(P.minimum(P.add(start, c(1)), last)), elementAt(start));
      const flat = P.select(P.isFinite(slope), slope, c(0));
      found = P.add(found, P.multiply(P.subtract(exactPlace, place), flat));
    }
  }
  const empty = ignoreNan ? P.equal(nans, constantLike(extent, nans)) : P.greater(nans, constantLike(0, nans));
  const out = P.select(spread(empty), c(NaN), found);
  const order = [kept.length, ...kept.map((_, i) => i)];
  const first = permute(out, order);
  return P.reshape(first, [...concreteShape(q), ...(keepdims ? keptShape(concreteShape(x), axes) : kept)]);
}

function quantileOp(name: string, scale: number, ignoreNan: boolean): QuantileOp {
  return defineOp(name, (x: TensorLike, q: TensorLike, ...rest: Rest) => {
    const { axis = null, method = "linear", keepdims = false } = options<QuantileOptions>(["axis", "method", "keepdims"], rest);
    const wide = widenedFloat(q);
    const share = scale === 1 ? wide : P.divide(wide, constantLike(scale, wide));
    // Places among the values are no numbers of a short format.
    return widely(toFloat(x), (t) => quantileOf(t, share, axis, method, keepdims, ignoreNan));
  });
}

/**
 * The value below which a share `q` (0 to 1, a number or a vector) of the elements lies. A row with NaN gives NaN. On the
 * line between two elements q has their difference for a slope, on an element that to the one before it; of other methods
 * no gradient flows to q. Shapes: x [..], q [k] -> [k, kept..], q [] -> [kept..].
 */
export const quantile: QuantileOp = quantileOp("quantile", 1, false);
/** `quantile` of the elements that are not NaN. */
export const nanquantile: QuantileOp = quantileOp("nanquantile", 1, true);
/** `quantile` with q from 0 to 100. */
export const percentile: QuantileOp = quantileOp("percentile", 100, false);
/** `percentile` of the elements that are not NaN. */
export const nanpercentile: QuantileOp = quantileOp("nanpercentile", 100, true);

function medianOp(name: string, ignoreNan: boolean): ReduceOp {
  return defineOp(name, (x: TensorLike, ...rest: [(Axis | ReduceOptions)?, boolean?]) => {
    const { axis = null, keepdims = false } = options<ReduceOptions>(["axis", "keepdims"], rest);
    const t = toFloat(x);
    return quantileOf(t, P.constant(0.5, t.dtype), axis, "midpoint", keepdims, ignoreNan);
  });
}

/** The middle element; the mean of the two middle ones of an even number. NaN where there is NaN. */
export const median: ReduceOp = medianOp("median", false);
/** The middle of the elements that are not NaN. */
export const nanmedian: ReduceOp = medianOp("nanmedian", true);
