/** Resampling along axes with a scale and a shift that are data. */
import { isFloat } from "../../dtype/index.ts";
import { ShapeError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, normalizeAxis, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { permute, sliceAxis } from "../numpy/shaping.ts";
import { broadcast, castTo, constantLike, toFloat } from "../promote.ts";
import { requireName } from "./layout.ts";

/** How values between elements are made. */
export type ScaleMethod = "linear" | "bilinear" | "trilinear" | "triangle" | "cubic" | "bicubic" | "tricubic" | "lanczos3" | "lanczos5";

/** Weight of an element at a distance. */
type Kernel = (distance: Tensor) => Tensor;

function triangle(x: Tensor): Tensor {
  return P.maximum(constantLike(0, x), P.subtract(constantLike(1, x), P.abs(x)));
}
/** Keys 1981, a = -0.5. */
function cubic(x: Tensor): Tensor {
  const c = (value: number): Tensor => constantLike(value, x);
  const horner = (...k: number[]): Tensor => k.slice(1).reduce((sum, v) => P.add(P.multiply(sum, x), c(v)), c(k[0]!));
  const far = P.select(P.less(x, c(2)), horner(-0.5, 2.5, -4, 2), c(0));
  return P.select(P.less(x, c(1)), horner(1.5, -2.5, 0, 1), far);
}
function lanczos(radius: number): Kernel {
  return (x) => {
    const c = (value: number): Tensor => constantLike(value, x);
    const isSmall = P.lessEqual(x, c(1e-3));
    const safe = P.select(isSmall, c(1), x);
    const turn = P.multiply(safe, c(Math.PI));
    const y = P.multiply(c(radius), P.multiply(P.sin(turn), P.sin(P.divide(turn, c(radius)))));
    const value = P.select(isSmall, c(1), P.divide(y, P.multiply(turn, turn)));
    return P.select(P.greater(x, c(radius)), c(0), value);
  };
}
const kernels: Readonly<Record<ScaleMethod, Kernel>> = {
  linear: triangle,
  bilinear: triangle,
  trilinear: triangle,
  triangle,
  cubic,
  bicubic: cubic,
  tricubic: cubic,
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
};

/** Share of each input place (row) in each output place (column); outputs outside the input are zero. */
function weights(input: number, output: number, scale: Tensor, shift: Tensor, kernel: Kernel, antialias: boolean): Tensor {
  const shape = [input, output];
  const c = (value: number): Tensor => broadcast(P.constant(value, scale.dtype), shape);
  const spread = (t: Tensor): Tensor => broadcast(P.reshape(t, []), shape);
  const inverse = P.divide(c(1), spread(scale));
  const centre = P.add(P.iota(shape, 1, scale.dtype), c(0.5));
  const at = P.subtract(P.subtract(P.multiply(centre, inverse), P.multiply(spread(shift), inverse)), c(0.5));
  const width = antialias ? P.maximum(inverse, c(1)) : c(1);
  const raw = kernel(P.divide(P.abs(P.subtract(at, P.iota(shape, 0, scale.dtype))), width));
  const total = P.broadcastInDim(P.reduceSum(raw, [0]), shape, [1]);
  const counts = P.greater(P.abs(total), c(1000 * 2 ** -23));
  const shares = P.select(counts, P.divide(raw, P.select(counts, total, c(1))), c(0));
  return P.select(P.and(P.greaterEqual(at, c(-0.5)), P.lessEqual(at, c(input - 0.5))), shares, c(0));
}

/** Options of `scaleAndTranslate`. */
export interface ScaleAndTranslateOptions {
  /** Whether a smaller image averages over what it leaves out. Default true. */
  antialias?: boolean;
}
/**
 * Arrays resampled along `spatialDims`: output place o shows input place `(o + 0.5 - translation) / scale - 0.5`. Integers
 * are rounded. Shapes: scale and translation have one number per axis of `spatialDims`; the result has `outputShape`.
 */
export const scaleAndTranslate: (
  images: TensorLike,
  outputShape: readonly number[],
  scale: TensorLike,
  translation: TensorLike,
  spatialDims: readonly number[],
  method: ScaleMethod,
  antialias?: boolean | ScaleAndTranslateOptions,
) => Tensor = defineOp(
  "image.scaleAndTranslate",
  (
    images: TensorLike,
    outputShape: readonly number[],
    scale: TensorLike,
    translation: TensorLike,
    spatialDims: readonly number[],
    method: ScaleMethod,
    ...rest: [(boolean | ScaleAndTranslateOptions)?]
  ) => {
    const { antialias = true } = options<ScaleAndTranslateOptions>(["antialias"], rest);
    requireName("method", method, Object.keys(kernels));
    const given = asTensor(images);
    const axes = spatialDims.map((axis) => normalizeAxis(currentScope(), axis, given.rank));
    const x = toFloat(given);
    const [factors, shifts] = [scale, translation].map((t) => castTo(toFloat(t), x.dtype)) as [Tensor, Tensor];
    const fits =
      outputShape.length === given.rank &&
      [factors, shifts].every((t) => t.rank === 1 && t.size === axes.length) &&
      outputShape.every((extent, axis) => axes.includes(axis) || extent === given.shape[axis]);
    if (!fits) {
      throw new ShapeError({
        where: currentScope(),
        problem: "shapes do not fit",
        expected: `an output of rank ${given.rank} equal to the images but for ${formatShape(axes)}, and ${axes.length} scales and translations`,
        received: `${formatShape(outputShape)} for ${formatShape(given.shape)}, ${formatShape(factors.shape)} and ${formatShape(shifts.shape)}`,
      });
    }
    const out = axes.reduce((t, axis, i) => {
      const [factor, shift] = [sliceAxis(factors, 0, i, i + 1), sliceAxis(shifts, 0, i, i + 1)];
      const w = weights(concreteShape(t)[axis]!, outputShape[axis]!, factor, shift, kernels[method], antialias);
      const product = P.dotGeneral(t, w, { lhsBatch: [], rhsBatch: [], lhsContract: [axis], rhsContract: [0] });
      const others = Array.from({ length: t.rank - 1 }, (_, a) => a);
      return permute(product, [...others.slice(0, axis), t.rank - 1, ...others.slice(axis)]);
    }, x);
    return isFloat(given.dtype) ? out : castTo(P.round(out), given.dtype);
  },
);
