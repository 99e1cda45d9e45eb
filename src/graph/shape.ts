/** Shapes: lists of extents, row-major. */
import { ShapeError } from "../errors.ts";

/** Extent of each axis. `null` is an extent that is not known yet (an unknown batch); only symbolic tensors have it. */
export type Shape = readonly (number | null)[];

/** A shape whose every extent is known: what primitives see. */
export type ConcreteShape = readonly number[];

/** Number of elements. */
export function sizeOf(shape: ConcreteShape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Row-major strides in elements. */
export function stridesOf(shape: ConcreteShape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** Whether two shapes are equal, axis by axis. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** Whether arrays of these shapes can hold the same samples: the same rank, and the same extents behind the first, where both are known. */
export function sameSamples(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => axis === 0 || extent === null || b[axis] === null || extent === b[axis]);
}

/** `[2, null, 3]`, as errors and summaries print it. */
export function formatShape(shape: Shape): string {
  return `[${shape.map((extent) => extent ?? "null").join(", ")}]`;
}

/** Axis counted from the front: -1 is the last. Throws ShapeError outside [-rank, rank). */
export function normalizeAxis(where: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError({
      where,
      problem: "the axis does not exist",
      expected: rank === 0 ? "no axis: the tensor is a scalar" : `an integer from ${-rank} to ${rank - 1}`,
      received: String(axis),
    });
  }
  return axis < 0 ? axis + rank : axis;
}

/** NumPy's broadcast of several shapes. Throws ShapeError where two extents differ and neither is 1. */
export function broadcastShapes(where: string, ...shapes: ConcreteShape[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const lead = rank - shape.length;
    for (let axis = 0; axis < shape.length; axis++) {
      const extent = shape[axis]!;
      const known = out[lead + axis]!;
      if (extent === known || extent === 1) continue;
      if (known !== 1) {
        throw new ShapeError({
          where,
          problem: "the shapes do not broadcast",
          expected: "extents that are equal or 1, aligned at the last axis",
          received: shapes.map(formatShape).join(" and "),
        });
      }
      out[lead + axis] = extent;
    }
  }
  return out;
}
