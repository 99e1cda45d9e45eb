/** Normalization of each sample by its own statistics. */
import { ShapeError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, normalizeAxis, sizeOf, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { keptShape, meanOver, varianceOver } from "../numpy/reduce.ts";
import { broadcast, castTo, constantLike, toFloat } from "../promote.ts";

/** Options of `layerNormalization`. */
export interface LayerNormalizationOptions {
  gamma?: TensorLike | null;
  beta?: TensorLike | null;
  /** Default -1. */
  axis?: number | readonly number[];
  /** Added to the variance. Default 1e-7. */
  epsilon?: number | null;
  /** Divide by the deviation without subtracting the mean, and take no beta. Default false. */
  rmsScaling?: boolean;
}

/**
 * `gamma (x - mean) / sqrt(variance + epsilon) + beta`, mean and variance over `axis`. Ba et al. 2016, arXiv:1607.06450.
 * Shapes: gamma and beta have the extents of `axis`, in its order, or x's rank.
 * Throws ShapeError where gamma or beta do not fit.
 */
export const layerNormalization: (
  x: TensorLike,
  gamma?: TensorLike | null | LayerNormalizationOptions,
  beta?: TensorLike | null,
  axis?: number | readonly number[],
  epsilon?: number | null,
) => Tensor = defineOp(
  "layerNormalization",
  (
    x: TensorLike,
    ...rest: [(TensorLike | null | LayerNormalizationOptions)?, (TensorLike | null)?, (number | readonly number[])?, (number | null)?]
  ) => {
    const given = options<LayerNormalizationOptions>(["gamma", "beta", "axis", "epsilon", "rmsScaling"], rest);
    const t = toFloat(x);
    const shape = concreteShape(t);
    const axes = axesOf(given.axis ?? -1, t.rank);
    const spread = (y: Tensor): Tensor => broadcast(P.reshape(y, keptShape(shape, axes)), shape);
    const variance = varianceOver(t, axes);
    const factor = spread(P.rsqrt(P.add(variance, constantLike(given.epsilon ?? 1e-7, variance))));
    const scale = (y: Tensor): Tensor => (isNone(given.gamma) ? y : P.multiply(y, parameter(given.gamma, t, axes, "gamma")));
    if (given.rmsScaling === true) return scale(P.multiply(t, factor));
    const y = scale(P.multiply(P.subtract(t, spread(meanOver(t, axes))), factor));
    return isNone(given.beta) ? y : P.add(y, parameter(given.beta, t, axes, "beta"));
  },
);

/** Options of `rmsNormalization`. */
export interface RmsNormalizationOptions {
  scale?: TensorLike | null;
  /** Default -1. */
  axis?: number | readonly number[];
  /** Added to the mean of the squares. Default 1e-7. */
  epsilon?: number | null;
}

/**
 * `scale x / sqrt(mean(x^2) + epsilon)`, the mean over `axis`. Zhang, Sennrich 2019, arXiv:1910.07467.
 * Shapes: scale broadcasts against x. Throws ShapeError where it does not.
 */
export const rmsNormalization: (
  x: TensorLike,
  scale?: TensorLike | null | RmsNormalizationOptions,
  axis?: number | readonly number[],
  epsilon?: number | null,
) => Tensor = defineOp(
  "rmsNormalization",
  (x: TensorLike, ...rest: [(TensorLike | null | RmsNormalizationOptions)?, (number | readonly number[])?, (number | null)?]) => {
    const given = options<RmsNormalizationOptions>(["scale", "axis", "epsilon"], rest);
    const t = toFloat(x);
    const shape = concreteShape(t);
    const axes = axesOf(given.axis ?? -1, t.rank);
    const square = meanOver(P.multiply(t, t), axes);
    const factor = P.rsqrt(P.add(square, constantLike(given.epsilon ?? 1e-7, square)));
    const y = P.multiply(t, broadcast(P.reshape(factor, keptShape(shape, axes)), shape));
    if (isNone(given.scale)) return y;
    const scale = castTo(toFloat(given.scale), t.dtype);
    const fits = concreteShape(scale).every((extent, i) => extent === 1 || extent === shape[i + t.rank - scale.rank]);
    if (scale.rank > t.rank || !fits) throw misfit("scale", scale, "a shape that broadcasts against", shape);
    return P.multiply(y, broadcast(scale, shape));
  },
);

function isNone(value: TensorLike | null | undefined): value is null | undefined {
  return value === null || value === undefined;
}

function axesOf(axis: number | readonly number[], rank: number): number[] {
  return (typeof axis === "number" ? [axis] : axis).map((a) => normalizeAxis(currentScope(), a, rank));
}

/** One value per position along `axes`, spread over x. As Keras, elements are taken row by row whatever the order of the axes. */
function parameter(value: TensorLike, x: Tensor, axes: readonly number[], name: string): Tensor {
  const shape = concreteShape(x);
  const v = castTo(toFloat(value), x.dtype);
  const wanted = shape.map((extent, axis) => (axes.includes(axis) ? extent : 1));
  if (v.size !== sizeOf(wanted)) {
    throw misfit(name, v, "one value per position of the normalized axes of", shape);
  }
  return broadcast(P.reshape(v, wanted), shape);
}

function misfit(name: string, value: Tensor, problem: string, shape: readonly number[]): ShapeError {
  return new ShapeError({
    where: currentScope(),
    problem: `${name} does not fit the input`,
    expected: `${problem} ${formatShape(shape)}`,
    received: formatShape(value.shape),
  });
}
