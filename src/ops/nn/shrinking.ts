/** Further activation functions of keras.ops: thresholds, shrinkage, sparse and gated ones. */
import { ShapeError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, normalizeAxis, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import type { UnaryOp } from "../numpy/elementwise.ts";
import { sliceAxis } from "../numpy/shaping.ts";
import { constantLike, toFloat } from "../promote.ts";

/** An activation with one number. */
export type ShrinkOp = (x: TensorLike, threshold?: number | { threshold?: number }) => Tensor;

function shrinkOp(name: string, f: (x: Tensor, threshold: Tensor) => Tensor): ShrinkOp {
  return defineOp(name, (input: TensorLike, ...rest: [(number | { threshold?: number })?]) => {
    const x = toFloat(input);
    return f(x, constantLike(options<{ threshold: number }>(["threshold"], rest).threshold ?? 0.5, x));
  });
}
/** `x` where |x| is above the threshold (default 0.5), else 0. */
export const hardShrink: ShrinkOp = shrinkOp("hardShrink", (x, t) => P.select(P.greater(P.abs(x), t), x, constantLike(0, x)));
/** `x` moved towards 0 by the threshold (default 0.5), and 0 between. */
export const softShrink: ShrinkOp = shrinkOp("softShrink", (x, t) =>
  P.select(P.greater(x, t), P.subtract(x, t), P.select(P.less(x, P.negate(t)), P.add(x, t), constantLike(0, x))),
);
/** `x - tanh(x)`. */
export const tanhShrink: UnaryOp = defineOp("tanhShrink", (input: TensorLike) => {
  const x = toFloat(input);
  return P.subtract(x, P.tanh(x));
});
/** `x` where it is above the threshold, else the default value. */
export const threshold: (x: TensorLike, threshold: number, defaultValue: number) => Tensor = defineOp(
  "threshold",
  (input: TensorLike, bound: number, defaultValue: number) => {
    const x = toFloat(input);
    return P.select(P.greater(x, constantLike(bound, x)), x, constantLike(defaultValue, x));
  },
);
/** `max(x, 0) + alpha * min(e^(x / alpha) - 1, 0)`. alpha: 1 by default. Barron 2017, arXiv:1704.07483. */
export const celu: (x: TensorLike, alpha?: number | { alpha?: number }) => Tensor = defineOp(
  "celu",
  (input: TensorLike, ...rest: [(number | { alpha?: number })?]) => {
    const x = toFloat(input);
    const alpha = constantLike(options<{ alpha: number }>(["alpha"], rest).alpha ?? 1, x);
    const zero = constantLike(0, x);
    const negative = P.multiply(alpha, P.expm1(P.divide(P.minimum(x, zero), alpha)));
    return P.select(P.greater(x, zero), x, negative);
  },
);
/** `a * sigmoid(b)` for the halves a and b of an axis (default -1). Dauphin et al. 2017, arXiv:1612.08083. */
export const glu: (x: TensorLike, axis?: number | { axis?: number }) => Tensor = defineOp(
  "glu",
  (input: TensorLike, ...rest: [(number | { axis?: number })?]) => {
    const x = toFloat(input);
    const at = normalizeAxis(currentScope(), options<{ axis: number }>(["axis"], rest).axis ?? -1, x.rank);
    const extent = x.dim(at);
    if (extent % 2 !== 0) {
      throw new ShapeError({
        where: currentScope(),
        problem: `axis ${at} has no halves`,
        expected: "an even extent",
        received: formatShape(x.shape),
      });
    }
    return P.multiply(sliceAxis(x, at, 0, extent / 2), P.sigmoid(sliceAxis(x, at, extent / 2, extent)));
  },
);
/** 0 up to -1, `(x + 1)^2 / 4` between, `x` from 1 on. */
export const sparsePlus: UnaryOp = defineOp("sparsePlus", (input: TensorLike) => {
  const x = toFloat(input);
  const c = (value: number): Tensor => constantLike(value, x);
  const next = P.add(x, c(1));
  const middle = P.multiply(c(0.25), P.multiply(next, next));
  return P.select(P.lessEqual(x, c(-1)), c(0), P.select(P.less(x, c(1)), middle, x));
});
/** `(x + 1) / 2` moved into [0, 1]. */
export const sparseSigmoid: UnaryOp = defineOp("sparseSigmoid", (input: TensorLike) => {
  const x = toFloat(input);
  const c = (value: number): Tensor => constantLike(value, x);
  const middle = P.multiply(c(0.5), P.add(x, c(1)));
  return P.select(P.lessEqual(x, c(-1)), c(0), P.select(P.greaterEqual(x, c(1)), c(1), middle));
});
/** `(x + sqrt(x^2 + b)) / 2`. b: 4 by default. Barron 2021, arXiv:2112.11687. */
export const squareplus: (x: TensorLike, b?: number | { b?: number }) => Tensor = defineOp(
  "squareplus",
  (input: TensorLike, ...rest: [(number | { b?: number })?]) => {
    const x = toFloat(input);
    const b = constantLike(options<{ b: number }>(["b"], rest).b ?? 4, x);
    return P.multiply(constantLike(0.5, x), P.add(x, P.sqrt(P.add(P.multiply(x, x), b))));
  },
);

/**
 * The point of the simplex next to x along an axis (default -1): `max(x - tau, 0)` with the tau that makes the sum 1. The
 * gradient is `g - mean of g over the support`, on the support. Martins and Astudillo 2016, arXiv:1602.02068.
 */
export const sparsemax: (x: TensorLike, axis?: number | { axis?: number }) => Tensor = defineOp(
  "sparsemax",
  (input: TensorLike, ...rest: [(number | { axis?: number })?]) => {
    const x = toFloat(asTensor(input));
    const at = normalizeAxis(currentScope(), options<{ axis: number }>(["axis"], rest).axis ?? -1, x.rank);
    const shape = concreteShape(x);
    const kept = shape.map((extent, axis) => (axis === at ? 1 : extent));
    const spread = (y: Tensor): Tensor => P.broadcastInDim(P.reshape(y, kept), shape, shape.map((_, axis) => axis)); // prettier-ignore
    const zero = constantLike(0, x);
    const sorted = P.sort(x, at, true).values;
    const sums = P.cumulativeSum(sorted, at);
    const rank = P.add(P.iota(shape, at, x.dtype), constantLike(1, x));
    // Rank k is in the support where 1 + k x_(k) exceeds the sum of the k largest.
    const inside = P.greater(P.add(constantLike(1, x), P.multiply(rank, sorted)), sums);
    const count = P.reduceSum(P.convert(inside, x.dtype), [at]);
    const total = P.reduceSum(P.select(inside, sorted, zero), [at]);
    const tau = P.divide(P.subtract(total, constantLike(1, total)), count);
    const value = P.maximum(P.subtract(x, spread(tau)), zero);
    const out: Tensor = P.withGradient(value, [x], (cotangent) => {
      const support = P.greater(out, zero);
      const flowing = P.select(support, cotangent, zero);
      const mean = P.divide(P.reduceSum(flowing, [at]), P.reduceSum(P.convert(support, x.dtype), [at]));
      return [P.select(support, P.subtract(cotangent, spread(mean)), zero)];
    });
    return out;
  },
);
