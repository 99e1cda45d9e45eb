/** Walks of index spaces, for the reference meaning of primitives. */
import type { ConcreteShape } from "../graph/index.ts";
import { sizeOf } from "../graph/index.ts";

/**
 * Calls `visit(index, position)` for every index of `shape` in row-major order. The index array is reused between calls.
 */
export function eachIndex(shape: ConcreteShape, visit: (index: readonly number[], position: number) => void): void {
  const size = sizeOf(shape);
  const index = new Array<number>(shape.length).fill(0);
  for (let position = 0; position < size; position++) {
    visit(index, position);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** Row-major position of `index` in an array with `strides`. */
export function positionOf(index: readonly number[], strides: readonly number[]): number {
  let position = 0;
  for (let axis = 0; axis < index.length; axis++) position += index[axis]! * strides[axis]!;
  return position;
}
