import { describe, expect, it } from "vitest";
import { evaluate } from "../../backends/reference/index.ts";
import { DTypeError, ShapeError, StateError, ValueError } from "../../errors.ts";
import { dataTensor, type Tensor } from "../../graph/index.ts";
import * as ops from "../index.ts";

const values = (t: Tensor): number[] => Array.from(evaluate([t])[0]!.data);
const floats = (...data: number[]): Tensor => dataTensor(Float64Array.from(data), [data.length], "float64");
const matrix = ops.reshape(ops.arange(6, { dtype: "float64" }), [2, 3]);

describe("products", () => {
  it("of vectors in space and in the plane", () => {
    expect(values(ops.cross(floats(1, 2, 3), floats(4, 5, 6)))).toEqual([-3, 6, -3]);
    expect(values(ops.cross(floats(1, 2), floats(3, 4)))).toEqual([-2]);
    expect(values(ops.cross(floats(1, 2), floats(0, 0, 1)))).toEqual([2, -1, 0]);
    expect(() => ops.cross(floats(1, 2, 3, 4), floats(1, 2, 3))).toThrow(ShapeError);
  });
  it("of every element with every other", () => {
    expect(values(ops.kron(floats(1, 10), floats(1, 2, 3)))).toEqual([1, 2, 3, 10, 20, 30]);
    expect(ops.kron(matrix, floats(1, 2)).shape).toEqual([2, 6]);
    expect(values(ops.inner(matrix, floats(1, 0, 2)))).toEqual([4, 13]);
    expect(values(ops.vander(floats(2, 3), 3))).toEqual([4, 2, 1, 9, 3, 1]);
    expect(values(ops.vander(floats(2, 3), { increasing: true }))).toEqual([1, 2, 1, 3]);
    for (const n of [Infinity, 1e30, -1, 1.5]) expect(() => ops.vander(floats(2, 3), n)).toThrow("the number of columns is no count");
  });
  it("of shifted vectors, whichever is longer", () => {
    const [a, v] = [floats(1, 2, 3), floats(0, 1, 0.5)];
    // Examples of numpy.correlate.
    expect(values(ops.correlate(a, v))).toEqual([3.5]);
    expect(values(ops.correlate(a, v, "same"))).toEqual([2, 3.5, 3]);
    expect(values(ops.correlate(a, v, "full"))).toEqual([0.5, 2, 3.5, 3, 0]);
    expect(values(ops.correlate(floats(1, 2), floats(1, 2, 3, 4), "valid"))).toEqual([11, 8, 5]);
    expect(values(ops.correlate(floats(1, 2), floats(1, 2, 3, 4), "same"))).toEqual([11, 8, 5, 2]);
    expect(() => ops.correlate(matrix, v)).toThrow(ShapeError);
    expect(() => ops.correlate(a, v, "circular" as never)).toThrow(ValueError);
  });
  it("of deviations, and areas", () => {
    const c = values(ops.corrcoef(dataTensor(Float64Array.of(1, 2, 3, 3, 2, 1), [2, 3], "float64")));
    [1, -1, -1, 1].forEach((wanted, i) => expect(c[i]).toBeCloseTo(wanted, 14));
    expect(values(ops.trapezoid(floats(1, 2, 3)))).toEqual([4]);
    expect(values(ops.trapezoid(floats(1, 2, 3), floats(4, 6, 8)))).toEqual([8]);
    expect(values(ops.trapezoid(matrix, { dx: 2, axis: 0 }))).toEqual([3, 5, 7]);
  });
});

describe("diagonals", () => {
  it("of any pair of axes, above and below the main one", () => {
    expect(values(ops.diagonal(matrix, 1))).toEqual([1, 5]);
    expect(values(ops.diagonal(matrix, -1))).toEqual([3]);
    expect(ops.diagonal(matrix, 5).shape).toEqual([0]);
    const cube = ops.reshape(ops.arange(12), [2, 3, 2]);
    expect(values(ops.diagonal(cube, 0, 0, 2))).toEqual([0, 7, 2, 9, 4, 11]);
    expect(values(ops.trace(cube, { axis1: 0, axis2: 2 }))).toEqual([7, 11, 15]);
    expect(values(ops.diag(floats(1, 2), -1))).toEqual([0, 0, 0, 1, 0, 0, 0, 2, 0]);
    expect(values(ops.diagflat(floats(1, 2)))).toEqual([1, 0, 0, 2]);
    expect(() => ops.diagonal(floats(1))).toThrow(ShapeError);
    expect(() => ops.diagonal(matrix, 0, 1, 1)).toThrow(/same/);
  });
});

describe("complex numbers as pairs", () => {
  it("have parts, conjugates and angles", () => {
    const z = [floats(3, -1), floats(4, 0)] as const;
    expect(values(ops.real(z))).toEqual([3, -1]);
    expect(values(ops.imag(z))).toEqual([4, 0]);
    expect(ops.conj(z).map(values)).toEqual([
      [3, -1],
      [-4, -0],
    ]);
    expect(values(ops.angle(z))).toEqual([Math.atan2(4, 3), Math.PI]);
    expect(values(ops.angle(floats(-2, 2)))).toEqual([Math.PI, 0]);
    expect(values(ops.isreal(z))).toEqual([0, 1]);
    expect(values(ops.viewAsReal(ops.viewAsComplex(matrix.shape[1] === 3 ? ops.reshape(matrix, [3, 2]) : matrix)))).toEqual(values(matrix));
    const [re, im] = ops.polar(floats(2), floats(Math.PI / 2));
    expect(values(re)[0]).toBeCloseTo(0, 15);
    expect(values(im)[0]).toBeCloseTo(2, 15);
  });
});

describe("segments", () => {
  const ids = dataTensor(Int32Array.of(2, 0, 2, 5, -1), [5], "int32");
  const rows = floats(1, 2, 3, 4, 5);
  it("leave rows of other numbers out, and empty segments neutral", () => {
    expect(values(ops.segmentSum(rows, ids, 4))).toEqual([2, 0, 4, 0]);
    expect(values(ops.segmentMax(rows, ids, { numSegments: 3 }))).toEqual([2, -Number.MAX_VALUE, 3]);
    expect(values(ops.segmentMin(rows, ids, 3))).toEqual([2, Number.MAX_VALUE, 1]);
    expect(values(ops.segmentProd(rows, ids, 3))).toEqual([2, 1, 3]);
    expect(ops.segmentSum(rows, ids).shape).toEqual([6]);
    expect(() => ops.segmentSum(rows, ops.add(ids, 1))).toThrow(StateError);
    expect(() => ops.segmentSum(rows, dataTensor(Int32Array.of(0), [1], "int32"), 2)).toThrow(ShapeError);
  });
});

describe("splitting, stacking and turning", () => {
  it("repeats each element by its count, or all by one", () => {
    const x = ops.array([5, 6, 7], "int32");
    const values = (t: Tensor): number[] => Array.from(evaluate([t])[0]!.data);
    expect(values(ops.repeat(x, [2, 0, 1]))).toEqual([5, 5, 7]);
    expect(values(ops.repeat(x, [2]))).toEqual([5, 5, 6, 6, 7, 7]);
    expect(ops.repeat(x, [0, 0, 0]).shape).toEqual([0]);
    expect(() => ops.repeat(x, [1, 2])).toThrow(/3 counts, or one/);
  });

  it("keep NumPy's rules", () => {
    expect(ops.arraySplit(floats(1, 2, 3, 4, 5), 3).map(values)).toEqual([[1, 2], [3, 4], [5]]);
    expect(ops.hsplit(matrix, 3).map(values)).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(ops.vsplit(matrix, 2).map(values)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(ops.dstack([floats(1, 2), floats(3, 4)]).shape).toEqual([1, 2, 2]);
    expect(values(ops.columnStack([floats(1, 2), floats(3, 4)]))).toEqual([1, 3, 2, 4]);
    expect(values(ops.rot90(matrix))).toEqual([2, 5, 1, 4, 0, 3]);
    expect(values(ops.rot90(matrix, -1))).toEqual([3, 0, 4, 1, 5, 2]);
    expect(values(ops.rot90(matrix, { k: 2 }))).toEqual([5, 4, 3, 2, 1, 0]);
    expect(values(ops.fliplr(matrix))).toEqual([2, 1, 0, 5, 4, 3]);
    expect(values(ops.flipud(matrix))).toEqual([3, 4, 5, 0, 1, 2]);
    expect(values(ops.view(dataTensor(Float32Array.of(1), [1], "float32"), "int32"))).toEqual([0x3f800000]);
    expect(() => ops.view(floats(1), "float32")).toThrow(DTypeError);
    expect(() => ops.rot90(matrix, { axes: [0, 0] })).toThrow(ShapeError);
    expect(() => ops.select([[true]], [])).toThrow(ValueError);
    expect(values(ops.logspace(0, 2, 3))).toEqual([1, 10, 100]);
    expect(values(ops.geomspace(floats(1), floats(100), 3)).map(Math.round)).toEqual([1, 10, 100]);
    expect(values(ops.geomspace(-1, -8, { num: 4 })).map(Math.round)).toEqual([-1, -2, -4, -8]);
    expect(() => ops.geomspace(-1, 8)).toThrow(ValueError);
  });
});
