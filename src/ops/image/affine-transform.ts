/** Projective transforms of images: affine ones, and those that move four points. */
import { ShapeError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { inverseBatch, solveBatch } from "../linalg/lu.ts";
import type { DataFormat } from "../nn/window-arguments.ts";
import { sliceAxis } from "../numpy/shaping.ts";
import { broadcast, castTo, constantLike, toFloat, widenedFloat } from "../promote.ts";
import { imagesOf, requireName } from "./layout.ts";

/** How values between pixels are made. */
export type TransformInterpolation = "nearest" | "bilinear";
/** What lies outside an image `a b c d`: a fill value; `a | a b c d | d`; `c d | a b c d | a b`; `b a | a b c d | d c`. */
export type TransformFillMode = "constant" | "nearest" | "wrap" | "reflect";
const fillModes: readonly TransformFillMode[] = ["constant", "nearest", "wrap", "reflect"];

/** Options of `affineTransform`. */
export interface AffineTransformOptions {
  /** Default "bilinear". */
  interpolation?: TransformInterpolation;
  /** Default "constant". */
  fillMode?: TransformFillMode;
  /** Default 0. */
  fillValue?: number;
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  dataFormat?: DataFormat | null;
}

interface Sampling {
  readonly interpolation: TransformInterpolation;
  readonly fillMode: TransformFillMode;
  readonly fillValue: number;
}

/** Real coordinates along an axis of extent `size`, moved inside as TensorFlow's image projective transform does. */
function moved(at: Tensor, size: number, mode: TransformFillMode): Tensor {
  const c = (value: number): Tensor => constantLike(value, at);
  if (mode === "constant") return at;
  let inside = at;
  if (size > 1 && mode === "wrap") inside = P.subtract(at, P.multiply(c(size), wrapCount(at, size)));
  if (size > 1 && mode === "reflect") {
    // Period 2 size: the second half runs backwards.
    const phase = P.subtract(at, P.multiply(c(2 * size), P.floor(P.divide(at, c(2 * size)))));
    const back = P.subtract(c(2 * size - 1), phase);
    const isBelow = P.less(at, c(0));
    const below = P.select(P.less(at, c(-size)), reflectedBelow(at, size), P.subtract(P.negate(at), c(1)));
    inside = P.select(isBelow, below, P.select(P.greaterEqual(phase, c(size)), back, phase));
  }
  return P.minimum(P.maximum(inside, c(0)), c(size - 1));
}

/** How many extents are taken off: below 0 from `size` on, above from `size - 1` on. */
function wrapCount(at: Tensor, size: number): Tensor {
  const c = (value: number): Tensor => constantLike(value, at);
  const span = c(size - 1);
  const below = P.negate(P.add(P.floor(P.divide(P.negate(at), span)), c(1)));
  const above = P.floor(P.divide(at, span));
  return P.select(P.less(at, c(0)), below, P.select(P.greater(at, span), above, c(0)));
}

/** Coordinates below -size: brought into [-2 size, 0) first. */
function reflectedBelow(at: Tensor, size: number): Tensor {
  const c = (value: number): Tensor => constantLike(value, at);
  const period = c(2 * size);
  const near = P.add(at, P.multiply(period, P.floor(P.divide(P.negate(at), period))));
  return P.select(P.less(near, c(-size)), P.add(near, period), P.subtract(P.negate(near), c(1)));
}

/** Half away from zero. Not floor(|x| + 0.5), which rounds up the number before a half. */
function roundedAway(x: Tensor): Tensor {
  const c = (value: number): Tensor => constantLike(value, x);
  const size = P.abs(x);
  const whole = P.floor(size);
  const rounded = P.select(P.less(P.subtract(size, whole), c(0.5)), whole, P.add(whole, c(1)));
  return P.select(P.less(x, c(0)), P.negate(rounded), rounded);
}

/** Images [b, h, w, c] read at coordinates y and x, [b, h', w'] each. */
export function sampled(images: Tensor, y: Tensor, x: Tensor, { interpolation, fillMode, fillValue }: Sampling): Tensor {
  const [batch, height, width, channels] = concreteShape(images) as [number, number, number, number];
  const space = concreteShape(y);
  const out = [...space, channels];
  const rows = P.reshape(images, [batch * height * width, channels]);
  const [top, left] = [moved(y, height, fillMode), moved(x, width, fillMode)];
  const origin = P.multiply(P.iota(space, 0, "int32"), broadcast(P.constant(height * width, "int32"), space));
  const read = (row: Tensor, column: Tensor): Tensor => {
    const [i, j] = [P.convert(row, "int32"), P.convert(column, "int32")];
    const n = (value: number): Tensor => constantLike(value, i);
    const within = (k: Tensor, size: number): Tensor => P.and(P.greaterEqual(k, n(0)), P.less(k, n(size)));
    const clamped = (k: Tensor, size: number): Tensor => P.minimum(P.maximum(k, n(0)), n(size - 1));
    const place = P.add(origin, P.add(P.multiply(clamped(i, height), n(width)), clamped(j, width)));
    const found = P.take(rows, place, 0, "clamp");
    const inside = P.broadcastInDim(P.and(within(i, height), within(j, width)), out, space.map((_, axis) => axis)); // prettier-ignore
    return P.select(inside, found, constantLike(fillValue, found));
  };
  if (interpolation === "nearest") return read(roundedAway(top), roundedAway(left));
  const [row, column] = [P.floor(top), P.floor(left)];
  const one = constantLike(1, row);
  const spread = (weight: Tensor): Tensor => P.broadcastInDim(castTo(weight, images.dtype), out, space.map((_, axis) => axis)); // prettier-ignore
  const mix = (share: Tensor, a: Tensor, b: Tensor): Tensor =>
    P.add(P.multiply(spread(P.subtract(one, share)), a), P.multiply(spread(share), b));
  const [down, right] = [P.subtract(top, row), P.subtract(left, column)];
  const [nextRow, nextColumn] = [P.add(row, one), P.add(column, one)];
  return mix(down, mix(right, read(row, column), read(row, nextColumn)), mix(right, read(nextRow, column), read(nextRow, nextColumn)));
}

/** The eight parameters of each transform: [b, 8] -> eight of [b, h, w]. */
function parametersOf(transform: Tensor, space: readonly number[]): Tensor[] {
  return Array.from({ length: 8 }, (_, i) =>
    P.broadcastInDim(P.reshape(sliceAxis(transform, 1, i, i + 1), [transform.dim(0)]), space, [0]),
  );
}

/** Output pixel (x, y) reads input `((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`, `k = c0 x + c1 y + 1`. */
function projected(images: Tensor, transform: Tensor, sampling: Sampling): Tensor {
  const shape = concreteShape(images);
  const space = shape.slice(0, 3);
  const dtype = transform.dtype;
  const all = broadcast(transform, [space[0]!, 8]);
  const [a0, a1, a2, b0, b1, b2, c0, c1] = parametersOf(all, space) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const [x, y] = [P.iota(space, 2, dtype), P.iota(space, 1, dtype)];
  const plane = (u: Tensor, v: Tensor, w: Tensor): Tensor => P.add(P.add(P.multiply(u, x), P.multiply(v, y)), w);
  const k = plane(c0, c1, constantLike(1, a0));
  const isFlat = P.equal(k, constantLike(0, k));
  const safe = P.select(isFlat, constantLike(1, k), k);
  const found = sampled(images, P.divide(plane(b0, b1, b2), safe), P.divide(plane(a0, a1, a2), safe), sampling);
  const nowhere = P.broadcastInDim(isFlat, shape, [0, 1, 2]);
  return P.select(nowhere, constantLike(sampling.fillValue, found), found);
}

/** The transform that goes back: the inverse of its 3 x 3 matrix, scaled so that its last element is 1. [b, 8] -> [b, 8]. */
function inverse(transform: Tensor): Tensor {
  const batch = transform.dim(0);
  const one = constantLike(1, sliceAxis(transform, 1, 0, 1));
  const matrix = P.reshape(P.concatenate([transform, one], 1), [batch, 3, 3]);
  const flat = P.reshape(inverseBatch(matrix), [batch, 9]);
  const last = P.reshape(sliceAxis(flat, 1, 8, 9), [batch]);
  return P.divide(sliceAxis(flat, 1, 0, 8), P.broadcastInDim(last, [batch, 8], [0]));
}

/**
 * Images under a projective transform. The gradient is Keras's on TensorFlow: the cotangent under the inverse transform (not
 * the transpose of the interpolation), and none for the transform.
 */
function transformed(images: Tensor, transform: Tensor, sampling: Sampling): Tensor {
  const x = widenedFloat(images);
  const value = P.withGradient(projected(x, transform, sampling), [x], (cotangent) => [
    projected(cotangent, inverse(P.stopGradient(transform)), { ...sampling, fillValue: 0 }),
  ]);
  return castTo(value, images.dtype);
}

/**
 * Images under an affine transform of eight numbers [a0, a1, a2, b0, b1, b2, c0, c1]: output pixel (x, y) is input pixel
 * `((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`, `k = c0 x + c1 y + 1`. Outside, `fillMode`.
 * Shapes: images [height, width, channels] or with a batch, transform [8] or [batch, 8].
 */
export const affineTransform: (
  images: TensorLike,
  transform: TensorLike,
  interpolation?: TransformInterpolation | AffineTransformOptions,
  fillMode?: TransformFillMode,
  fillValue?: number,
  dataFormat?: DataFormat | null,
) => Tensor = defineOp(
  "image.affineTransform",
  (
    images: TensorLike,
    transform: TensorLike,
    ...rest: [(TransformInterpolation | AffineTransformOptions)?, TransformFillMode?, number?, (DataFormat | null)?]
  ) => {
    const given = options<AffineTransformOptions>(["interpolation", "fillMode", "fillValue", "dataFormat"], rest);
    const { interpolation = "bilinear", fillMode = "constant", fillValue = 0 } = given;
    requireName("interpolation", interpolation, ["nearest", "bilinear"]);
    requireName("fill mode", fillMode, fillModes);
    const { batch, restore } = imagesOf(images, given.dataFormat);
    const t = widenedFloat(transform);
    const count = batch.dim(0);
    if (t.shape.at(-1) !== 8 || t.rank > 2 || (t.rank === 2 && t.shape[0] !== count && t.shape[0] !== 1)) {
      throw new ShapeError({
        where: currentScope(),
        problem: "a transform has eight numbers",
        expected: `[8] or [${count}, 8]`,
        received: formatShape(t.shape),
      });
    }
    const rows = broadcast(t.rank === 1 ? P.reshape(t, [1, 8]) : t, [count, 8]);
    return restore(transformed(batch, rows, { interpolation, fillMode, fillValue }));
  },
);

/** Options of `perspectiveTransform`. */
export interface PerspectiveTransformOptions {
  /** Default "bilinear". */
  interpolation?: TransformInterpolation;
  /** What lies outside. Default 0. */
  fillValue?: number;
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  dataFormat?: DataFormat | null;
}

/**
 * Images moved so that four points of each come to lie at four others, (x, y) each.
 * Shapes: images [height, width, channels] or with a batch, points [4, 2] or [batch, 4, 2].
 */
export const perspectiveTransform: (
  images: TensorLike,
  startPoints: TensorLike,
  endPoints: TensorLike,
  interpolation?: TransformInterpolation | PerspectiveTransformOptions,
  fillValue?: number,
  dataFormat?: DataFormat | null,
) => Tensor = defineOp(
  "image.perspectiveTransform",
  (
    images: TensorLike,
    startPoints: TensorLike,
    endPoints: TensorLike,
    ...rest: [(TransformInterpolation | PerspectiveTransformOptions)?, number?, (DataFormat | null)?]
  ) => {
    const given = options<PerspectiveTransformOptions>(["interpolation", "fillValue", "dataFormat"], rest);
    const { interpolation = "bilinear", fillValue = 0 } = given;
    requireName("interpolation", interpolation, ["nearest", "bilinear"]);
    const { batch, restore } = imagesOf(images, given.dataFormat);
    const points = [startPoints, endPoints].map((p) => castTo(toFloat(asTensor(p)), "float32"));
    const count = batch.dim(0);
    for (const p of points) {
      const fits =
        (p.rank === 2 || (p.rank === 3 && (p.shape[0] === count || p.shape[0] === 1))) && p.shape.at(-2) === 4 && p.shape.at(-1) === 2;
      if (fits) continue;
      throw new ShapeError({
        where: currentScope(),
        problem: "a perspective is given by four points",
        expected: `[4, 2] or [${count}, 4, 2]`,
        received: formatShape(p.shape),
      });
    }
    const [start, end] = points.map((p) => broadcast(p, [count, 4, 2])) as [Tensor, Tensor];
    return restore(transformed(batch, homography(start, end), { interpolation, fillMode: "constant", fillValue }));
  },
);

/** The transform whose value at each end point is the start point: two equations per point, [b, 4, 2] each -> [b, 8]. */
function homography(start: Tensor, end: Tensor): Tensor {
  const batch = start.dim(0);
  const coordinate = (points: Tensor, i: number): Tensor => sliceAxis(points, 2, i, i + 1);
  const [x, y, u, v] = [coordinate(end, 0), coordinate(end, 1), coordinate(start, 0), coordinate(start, 1)];
  const [one, zero] = [constantLike(1, x), constantLike(0, x)];
  const row = (parts: readonly Tensor[]): Tensor => P.concatenate(parts, 2);
  const against = (target: Tensor): Tensor[] => [P.negate(P.multiply(target, x)), P.negate(P.multiply(target, y))];
  const first = row([x, y, one, zero, zero, zero, ...against(u)]);
  const second = row([zero, zero, zero, x, y, one, ...against(v)]);
  const matrix = P.concatenate([first, second], 1);
  return P.reshape(solveBatch(matrix, P.concatenate([u, v], 1)), [batch, 8]);
}
