import { describe, expect, it } from "vitest";
import * as activations from "../../activations/index.ts";
import { evaluate } from "../../backends/reference/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { dataTensor, type Tensor } from "../../graph/index.ts";
import * as ops from "../index.ts";

const values = (t: Tensor): number[] => Array.from(evaluate([t])[0]!.data);
const x = dataTensor(Float64Array.of(-2, -0.5, 0, 0.25, 1, 3), [6], "float64");

describe("activations by their definitions", () => {
  it("shrink, cut off and bend", () => {
    expect(values(ops.hardShrink(x))).toEqual([-2, 0, 0, 0, 1, 3]);
    expect(values(ops.softShrink(x))).toEqual([-1.5, 0, 0, 0, 0.5, 2.5]);
    expect(values(ops.tanhShrink(x))[0]).toBeCloseTo(-2 - Math.tanh(-2), 15);
    expect(values(ops.threshold(x, 0, -7))).toEqual([-7, -7, -7, 0.25, 1, 3]);
    expect(values(ops.sparsePlus(x))).toEqual([0, 0.0625, 0.25, 0.390625, 1, 3]);
    expect(values(ops.sparseSigmoid(x))).toEqual([0, 0.25, 0.5, 0.625, 1, 1]);
    expect(values(ops.squareplus(x, { b: 4 }))[2]).toBe(1);
    expect(values(ops.celu(x, 2))[0]).toBeCloseTo(2 * Math.expm1(-1), 15);
    expect(values(ops.glu(x))).toEqual([-2, -0.5, 0].map((a, i) => a / (1 + Math.exp(-[0.25, 1, 3][i]!))));
    expect(() => ops.glu(ops.ones([3]))).toThrow(ShapeError);
  });

  it("project on the simplex", () => {
    expect(values(ops.sparsemax(dataTensor(Float64Array.of(1, 2, 0.5, 5), [2, 2], "float64")))).toEqual([0, 1, 0, 1]);
    const found = values(ops.sparsemax(dataTensor(Float64Array.of(0.5, 0.6, -1), [3], "float64")));
    [0.45, 0.55, 0].forEach((wanted, i) => expect(found[i]).toBeCloseTo(wanted, 15));
  });

  it("are known by name", () => {
    for (const name of ["celu", "glu", "hard_shrink", "soft_shrink", "tanh_shrink", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus"]) {
      activations.registerActivations();
      expect(activations.serialize(activations.get(name))).toBe(name);
    }
  }); // prettier-ignore
});

describe("blocks of images", () => {
  const picture = ops.reshape(ops.arange(32, { dtype: "float32" }), [1, 2, 4, 4]);
  it("are columns, and add up to images again", () => {
    const columns = ops.unfold(picture, 2, { stride: 2 });
    expect(columns.shape).toEqual([1, 8, 4]);
    expect(values(ops.getItem(columns, [0, null, 0]))).toEqual([0, 1, 4, 5, 16, 17, 20, 21]);
    expect(values(ops.fold(columns, 4, 2, { stride: 2 }))).toEqual(values(picture));
    // Overlapping blocks are added: every place as often as blocks cover it.
    const counts = ops.fold(ops.unfold(ops.ones([1, 1, 3, 3]), 2), 3, 2);
    expect(values(counts)).toEqual([1, 2, 1, 2, 4, 2, 1, 2, 1]);
    expect(() => ops.unfold(picture, 5)).toThrow(ShapeError);
    expect(() => ops.fold(columns, 5, 2)).toThrow(ShapeError);
    expect(() => ops.unfold(picture, [2, 2, 2] as never)).toThrow(ValueError);
  });
  it("move between channels and places", () => {
    const last = ops.transpose(picture, [0, 2, 3, 1]);
    const deep = ops.spaceToDepth(last, 2);
    expect(values(ops.getItem(deep, [0, 0, 0]))).toEqual([0, 16, 1, 17, 4, 20, 5, 21]);
    expect(values(ops.depthToSpace(deep, 2))).toEqual(values(last));
    expect(values(ops.depthToSpace(ops.spaceToDepth(picture, 2, "channels_first"), 2, "channels_first"))).toEqual(values(picture));
    expect(() => ops.spaceToDepth(ops.ones([1, 3, 4, 1]), 2)).toThrow(ShapeError);
  });
});

describe("pooling", () => {
  it("takes its arguments by position or all in one object", () => {
    const image = ops.reshape(ops.arange(0, 16, { dtype: "float32" }), [1, 4, 4, 1]);
    expect(values(ops.adaptiveAveragePool(image, { outputSize: 2 }))).toEqual(values(ops.adaptiveAveragePool(image, 2)));
    expect(values(ops.adaptiveMaxPool(image, { outputSize: [1, 2], dataFormat: "channels_last" }))).toEqual([13, 15]);
    expect(values(ops.maxPool(image, { poolSize: 2, strides: 2 }))).toEqual([5, 7, 13, 15]);
    expect(values(ops.averagePool(image, 2, { padding: "valid" }))).toEqual([2.5, 4.5, 10.5, 12.5]);
    expect(() => ops.adaptiveMaxPool(image, { dataFormat: null } as never)).toThrow(/outputSize must be positive integers/);
    expect(() => ops.maxPool(image, { pool: 2 } as never)).toThrow(/poolSize/);
  });
});
