/** Statistics and normalization. */
import { ShapeError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, normalizeAxis, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { type Axis, normalizeAxes, options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { keptShape, meanOver, varianceOver } from "../numpy/reduce.ts";
import { broadcast, castTo, constantLike, toFloat } from "../promote.ts";

/** Options of `moments`. */
export interface MomentsOptions {
  keepdims?: boolean;
  /** Accepted for Keras's sake: there is one device. */
  synchronized?: boolean;
}
/** Mean and variance over axes, as a pair. */
export const moments: (
  x: TensorLike,
  axes: Axis | (MomentsOptions & { axes: Axis }),
  keepdims?: boolean | MomentsOptions,
) => [Tensor, Tensor] = defineOp(
  "moments",
  (x: TensorLike, ...rest: [Axis | (MomentsOptions & { axes: Axis }), (boolean | MomentsOptions)?]): [Tensor, Tensor] => {
    const [first, second] = rest;
    const flat: readonly unknown[] = typeof second === "object" ? [{ axes: first, ...second }] : rest;
    const { axes: over = null, keepdims = false } = options<MomentsOptions & { axes: Axis }>(["axes", "keepdims", "synchronized"], flat);
    const t = toFloat(x);
    const axes = normalizeAxes(over, t.rank);
    const [mean, variance] = [meanOver(t, axes), varianceOver(t, axes)];
    if (!keepdims) return [mean, variance];
    const kept = keptShape(concreteShape(t), axes);
    return [P.reshape(mean, kept), P.reshape(variance, kept)];
  },
);

/** Options of `batchNormalization`. */
export interface BatchNormalizationOptions {
  /** The axis of the channels, where it is not given by position. */
  axis?: number;
  offset?: TensorLike | null;
  scale?: TensorLike | null;
  /** Default 0.001. */
  epsilon?: number;
}
/**
 * `(x - mean) / sqrt(variance + epsilon) * scale + offset`, with one value per element of `axis`.
 * Shapes: x [.., channels at axis, ..], mean, variance, offset, scale [channels].
 */
export const batchNormalization: (
  x: TensorLike,
  mean: TensorLike,
  variance: TensorLike,
  axis: number | BatchNormalizationOptions,
  offset?: TensorLike | null | BatchNormalizationOptions,
  scale?: TensorLike | null,
  epsilon?: number,
) => Tensor = defineOp(
  "batchNormalization",
  (
    x: TensorLike,
    mean: TensorLike,
    variance: TensorLike,
    ...rest: [number | BatchNormalizationOptions, (TensorLike | null | BatchNormalizationOptions)?, (TensorLike | null)?, number?]
  ) => {
    const {
      axis = -1,
      offset = null,
      scale = null,
      epsilon = 1e-3,
    } = options<BatchNormalizationOptions>(["axis", "offset", "scale", "epsilon"], rest);
    const t = toFloat(x);
    const at = normalizeAxis(currentScope(), axis, t.rank);
    const shape = concreteShape(t);
    const channel = (value: TensorLike): Tensor => {
      const v = castTo(toFloat(value), t.dtype);
      if (v.rank === 1 && v.shape[0] === shape[at]) return v;
      throw new ShapeError({
        where: currentScope(),
        problem: "statistics need one value per channel",
        expected: `[${shape[at]}]`,
        received: formatShape(v.shape),
      });
    };
    const v = channel(variance);
    let factor = P.rsqrt(P.add(v, constantLike(epsilon, v)));
    if (scale !== null) factor = P.multiply(factor, channel(scale));
    let shift = P.negate(P.multiply(channel(mean), factor));
    if (offset !== null) shift = P.add(shift, channel(offset));
    const spread = (y: Tensor): Tensor => P.broadcastInDim(y, shape, [at]);
    return P.add(P.multiply(t, spread(factor)), spread(shift));
  },
);

/** Options of `normalize`. */
export interface NormalizeOptions {
  /** Default -1. */
  axis?: number;
  /** Order of the norm. Default 2. */
  order?: number;
  /** Norms below this count as this. Default 1e-12. */
  epsilon?: number;
}
/** `x / max(norm(x), epsilon)` along an axis (order 2: the root of max(sum of squares, epsilon)). */
export const normalize: (x: TensorLike, axis?: number | NormalizeOptions, order?: number, epsilon?: number) => Tensor = defineOp(
  "normalize",
  (x: TensorLike, ...rest: [(number | NormalizeOptions)?, number?, number?]) => {
    const { axis = -1, order = 2, epsilon = 1e-12 } = options<NormalizeOptions>(["axis", "order", "epsilon"], rest);
    const t = toFloat(x);
    const at = normalizeAxis(currentScope(), axis, t.rank);
    const shape = concreteShape(t);
    const spread = (y: Tensor): Tensor => broadcast(P.reshape(y, keptShape(shape, [at])), shape);
    if (order === 2) {
      const total = P.reduceSum(P.multiply(t, t), [at]);
      return P.multiply(t, spread(P.rsqrt(P.maximum(total, constantLike(epsilon, total)))));
    }
    const magnitude = P.abs(t);
    const total =
      order === Infinity
        ? P.reduceMax(magnitude, [at])
        : P.reduceSum(order === 1 ? magnitude : P.power(magnitude, constantLike(order, t)), [at]);
    const size = order === 1 || order === Infinity ? total : P.power(total, constantLike(1 / order, total));
    return P.divide(t, spread(P.maximum(size, constantLike(epsilon, size))));
  },
);
