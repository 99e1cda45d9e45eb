import { describe, expect, it } from "vitest";
import { evaluate } from "../backends/reference/interpreter.ts";
import { type ConcreteShape, dataTensor, type Tensor } from "../graph/index.ts";
import { expectGradients, randomTensor, valuesOf } from "../testing/finite-differences.ts";
import { gatherOrScatter } from "../testing/gather.ts";
import { dynamicSlice } from "./dynamic-slice.ts";
import { dynamicUpdateSlice } from "./dynamic-update-slice.ts";

const ints = (...values: number[]): Tensor => dataTensor(Int32Array.from(values), [values.length], "int32");
const array = (x: Tensor): number[] => Array.from(evaluate([x])[0]!.data);

/** The elements (row, column) of a matrix with 5 columns. */
const block = (x: ArrayLike<number>, row: number, column: number, [rows, columns]: ConcreteShape): number[] =>
  Array.from({ length: rows! * columns! }, (_, i) => x[(row + Math.floor(i / columns!)) * 5 + column + (i % columns!)]!);

describe("dynamicSlice and dynamicUpdateSlice", () => {
  const x = randomTensor([4, 5], 1);
  const update = randomTensor([2, 3], 2);
  const starts: [Tensor, number, number][] = [
    [ints(1, 2), 1, 2],
    [ints(0, 0), 0, 0],
    [ints(9, -4), 2, 0],
    [ints(-1, 3), 0, 2],
  ];

  it("read the block at the start, moved so that it lies inside", () => {
    for (const [start, row, column] of starts) {
      const out = dynamicSlice(x, start, [2, 3]);
      expect(array(out)).toEqual(block(valuesOf(x), row, column, [2, 3]));
      expect(gatherOrScatter(out)).toEqual(array(out));
    }
  });

  it("write the block at the start, and leave the rest", () => {
    for (const [start, row, column] of starts) {
      const out = dynamicUpdateSlice(x, update, start);
      expect(block(array(out), row, column, [2, 3])).toEqual(Array.from(valuesOf(update)));
      expect(array(out).filter((value, i) => value === valuesOf(x)[i]).length).toBe(14);
      expect(gatherOrScatter(out)).toEqual(array(out));
    }
  });

  it("have first and second derivatives", () => {
    for (const [start] of starts) {
      expectGradients((y) => dynamicSlice(y, start, [2, 3]), [x]);
      expectGradients((y, u) => dynamicUpdateSlice(y, u, start), [x, update]);
    }
  });

  it("refuse blocks that are larger than the array, and starts of another rank or dtype", () => {
    expect(() => dynamicSlice(x, ints(0, 0), [5, 1])).toThrow(/the block is larger than the array/);
    expect(() => dynamicSlice(x, ints(0), [1, 1])).toThrow(/E_SHAPE/);
    expect(() => dynamicSlice(x, randomTensor([2], 3), [1, 1])).toThrow(/E_DTYPE/);
    expect(() => dynamicUpdateSlice(x, randomTensor([2, 6], 3), ints(0, 0))).toThrow(/E_SHAPE/);
  });
});
