/** Values of an array between its elements. */
import { isFloat } from "../../dtype/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, stridesOf, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { sliceAxis } from "../numpy/shaping.ts";
import { castTo, constantLike, toFloat } from "../promote.ts";
import { requireName } from "./layout.ts";

/**
 * What lies outside an array `a b c d`: a fill value; `a a | a b c d | d d`; `c d | a b c d | a b`; `c b | a b c d | c b`;
 * `b a | a b c d | d c`.
 */
export type FillMode = "constant" | "nearest" | "wrap" | "mirror" | "reflect";
const fillModes: readonly FillMode[] = ["constant", "nearest", "wrap", "mirror", "reflect"];

/** Remainder with the sign of the divisor. */
function modulo(x: Tensor, by: number): Tensor {
  const rest = P.remainder(x, constantLike(by, x));
  return P.select(P.less(rest, constantLike(0, rest)), P.add(rest, constantLike(by, rest)), rest);
}

/** Integer positions moved into [0, size). */
function insideOf(index: Tensor, size: number, mode: FillMode): Tensor {
  const c = (value: number): Tensor => constantLike(value, index);
  const mirrored = (x: Tensor, extent: number): Tensor => {
    const half = extent - 1;
    if (half === 0) return constantLike(0, x);
    return P.abs(P.subtract(modulo(P.add(x, constantLike(half, x)), 2 * half), constantLike(half, x)));
  };
  switch (mode) {
    case "constant":
    case "nearest":
      return P.minimum(P.maximum(index, c(0)), c(size - 1));
    case "wrap":
      return modulo(index, size);
    case "mirror":
      return mirrored(index, size);
    case "reflect": {
      const doubled = mirrored(P.add(P.multiply(index, c(2)), c(1)), 2 * size + 1);
      return P.shiftRightArithmetic(P.subtract(doubled, c(1)), c(1));
    }
  }
}

/** Options of `mapCoordinates`. */
export interface MapCoordinatesOptions {
  /** Default "constant". */
  fillMode?: FillMode;
  /** Default 0. */
  fillValue?: number;
}

/**
 * Values of `inputs` at coordinates, one row per axis: the nearest element (order 0) or the linear interpolation between
 * neighbours (order 1). Shapes: inputs [n..] of rank r, coordinates [r, ..] -> [..].
 */
export const mapCoordinates: (
  inputs: TensorLike,
  coordinates: TensorLike,
  order: number,
  fillMode?: FillMode | MapCoordinatesOptions,
  fillValue?: number,
) => Tensor = defineOp(
  "image.mapCoordinates",
  (
    inputs: TensorLike,
    coordinates: TensorLike,
    order: number | { order: number },
    ...rest: [(FillMode | MapCoordinatesOptions)?, number?]
  ) => {
    const given = options<MapCoordinatesOptions & { order: number }>(["order", "fillMode", "fillValue"], [order, ...rest]);
    const { fillMode = "constant", fillValue = 0 } = given;
    requireName("fill mode", fillMode, fillModes);
    const x = asTensor(inputs);
    const at = toFloat(Array.isArray(coordinates) ? stackedRows(coordinates as readonly TensorLike[]) : coordinates);
    if (at.rank < 1 || at.shape[0] !== x.rank || x.rank === 0) {
      throw new ShapeError({
        where: currentScope(),
        problem: "coordinates need one row per axis of the array",
        expected: `[${x.rank}, ..]`,
        received: formatShape(at.shape),
      });
    }
    if (given.order !== 0 && given.order !== 1) {
      throw new ValueError({ where: currentScope(), problem: "there is no such order", expected: "0 or 1", received: String(given.order) });
    }
    return interpolated(x, at, given.order, fillMode, fillValue);
  },
);

/** Rows given as a list of tensors, or data. */
function stackedRows(rows: readonly TensorLike[]): TensorLike {
  if (rows.every((row) => typeof row === "number" || Array.isArray(row))) return rows as TensorLike;
  const tensors = rows.map((row) => toFloat(row));
  return P.concatenate(tensors.map((t) => P.reshape(t, [1, ...concreteShape(t)])), 0); // prettier-ignore
}

function interpolated(x: Tensor, at: Tensor, order: 0 | 1, mode: FillMode, fill: number): Tensor {
  const shape = concreteShape(x);
  const strides = stridesOf(shape);
  const space = concreteShape(at).slice(1);
  const flat = P.reshape(x, [x.size]);
  // Per axis: integer neighbours with their weights.
  const neighbours = shape.map((_, axis) => {
    const row = P.reshape(sliceAxis(at, 0, axis, axis + 1), space);
    if (order === 0) return [{ index: P.convert(P.round(row), "int32"), weight: constantLike(1, row) }];
    const lower = P.floor(row);
    const share = P.subtract(row, lower);
    const index = P.convert(lower, "int32");
    return [
      { index, weight: P.subtract(constantLike(1, share), share) },
      { index: P.add(index, constantLike(1, index)), weight: share },
    ];
  });
  let total: Tensor | null = null;
  const visit = (axis: number, place: Tensor | null, weight: Tensor | null, valid: Tensor | null): void => {
    if (axis === shape.length) {
      const found = castTo(P.take(flat, place!, 0, "clamp"), at.dtype);
      const value = valid === null ? found : P.select(valid, found, constantLike(fill, found));
      const part = P.multiply(value, weight!);
      total = total === null ? part : P.add(total, part);
      return;
    }
    for (const node of neighbours[axis]!) {
      const inside = insideOf(node.index, shape[axis]!, mode);
      const step = P.multiply(inside, constantLike(strides[axis]!, inside));
      let holds = valid;
      if (mode === "constant") {
        const fits = P.equal(inside, node.index);
        holds = holds === null ? fits : P.and(holds, fits);
      }
      visit(axis + 1, place === null ? step : P.add(place, step), weight === null ? node.weight : P.multiply(weight, node.weight), holds);
    }
  };
  visit(0, null, null, null);
  const result = total!;
  return castTo(isFloat(x.dtype) ? result : P.round(result), x.dtype);
}
