import { describe, expect, it } from "vitest";
import { evaluate } from "../../backends/reference/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { dataTensor, type Tensor } from "../../graph/index.ts";
import * as ops from "../index.ts";

const values = (t: Tensor): number[] => Array.from(evaluate([t])[0]!.data);
const floats = (...data: number[]): Tensor => dataTensor(Float32Array.from(data), [data.length], "float32");

describe("map and vectorizedMap", () => {
  it("give the same of trees, one by one and at once", () => {
    const xs = { a: ops.reshape(ops.arange(6, { dtype: "float32" }), [3, 2]), b: floats(1, 2, 3) };
    const f = ({ a, b }: { a: Tensor; b: Tensor }): Tensor[] => [ops.multiply(a, b), ops.sum(a)];
    const [looped, mapped] = [ops.map(f, xs), ops.vectorizedMap(f, xs)];
    for (const [product, sum] of [looped, mapped] as [Tensor, Tensor][]) {
      expect(values(product)).toEqual([0, 1, 4, 6, 12, 15]);
      expect(values(sum)).toEqual([1, 5, 9]);
    }
  });
});

describe("switch", () => {
  it("runs the branch of the index, the nearest where there is none", () => {
    const branches = [(x: Tensor) => x, (x: Tensor) => ops.negative(x), (x: Tensor) => ops.multiply(x, 10)];
    for (const [index, wanted] of [
      [0, 2],
      [1, -2],
      [2, 20],
      [9, 20],
      [-1, 2],
    ] as const) {
      // prettier-ignore
      expect(values(ops.switch(dataTensor(Int32Array.of(index), [], "int32"), branches, floats(2)))).toEqual([wanted]);
    }
    expect(() => ops.switch(0, [])).toThrow(ValueError);
    expect(() => ops.switch([0, 1], branches, floats(1))).toThrow(ShapeError);
  });
});

describe("associativeScan", () => {
  it.each([1, 2, 3, 7, 8])("gives all prefixes of %i elements, in either direction", (n) => {
    const x = ops.reshape(ops.arange(1, n + 1, 1, "float32"), [1, n]);
    const product = (a: Tensor, b: Tensor): Tensor => ops.multiply(a, b);
    expect(values(ops.associativeScan(product, x, { axis: 1 }))).toEqual(values(ops.cumprod(x, 1)));
    expect(values(ops.associativeScan(product, x, true, -1))).toEqual(values(ops.flip(ops.cumprod(ops.flip(x, 1), 1), 1)));
  });

  it("combines trees in order: affine maps, which do not commute", () => {
    type Affine = readonly [Tensor, Tensor];
    const after = (f: Affine, g: Affine): Affine => [ops.multiply(f[0], g[0]), ops.add(ops.multiply(g[0], f[1]), g[1])];
    const [slope, shift] = ops.associativeScan(after, [floats(2, 3, 4), floats(1, 1, 1)] as Affine);
    expect(values(slope)).toEqual([2, 6, 24]);
    expect(values(shift)).toEqual([1, 4, 17]);
    expect(() => ops.associativeScan(after, [floats(1, 2), floats(1)] as Affine)).toThrow(ShapeError);
  });
});

describe("vectorize", () => {
  it("applies a function of scalars to arrays that broadcast", () => {
    const f = ops.vectorize((a: Tensor, b: Tensor) => ops.where(ops.less(a, b), a, ops.multiply(b, 10)));
    expect(values(f(ops.reshape(floats(1, 5), [2, 1]), floats(3, 9)))).toEqual([1, 1, 30, 5]);
  });

  it("takes and gives the axes of its signature, and passes excluded arguments", () => {
    const f = ops.vectorize((m: Tensor, v: Tensor) => ops.matmul(m, v), { signature: "(m,n),(n)->(m)" });
    const matrices = ops.reshape(ops.arange(8, { dtype: "float32" }), [2, 2, 2]);
    expect(values(f(matrices, floats(1, 10)))).toEqual([10, 32, 54, 76]);
    const shifted = ops.vectorize((a: Tensor, all: Tensor) => ops.add(a, ops.sum(all)), { excluded: [1] });
    expect(values(shifted(floats(1, 2), floats(10, 20)))).toEqual([31, 32]);
    expect(() => ops.vectorize((x: Tensor) => x, { signature: "m->m" })(floats(1))).toThrow(/malformed/);
  });
});

describe("rearrange", () => {
  it("splits, permutes and joins axes by name", () => {
    const x = ops.reshape(ops.arange(12), [2, 6]);
    expect(values(ops.rearrange(x, "a (b c) -> c (a b)", { c: 2 }))).toEqual([0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]);
    expect(() => ops.rearrange(x, "a b -> a c")).toThrow(ValueError);
    expect(() => ops.rearrange(x, "a (b c) -> a b c")).toThrow(ShapeError);
    expect(() => ops.rearrange(x, "a (b c) -> a b c", { b: 4 })).toThrow(/does not fit/);
  });
});

describe("jvp", () => {
  it("gives the value, the slope in a direction, and what else the function returns", () => {
    const f = (x: Tensor, y: Tensor): [Tensor, string] => [ops.multiply(ops.sin(x), y), "aux"];
    const [value, slope, aux] = ops.jvp(f, [floats(0.5), floats(2)], [floats(1), floats(3)], { hasAux: true });
    expect(values(value)[0]).toBeCloseTo(2 * Math.sin(0.5), 6);
    expect(values(slope)[0]).toBeCloseTo(2 * Math.cos(0.5) + 3 * Math.sin(0.5), 6);
    expect(aux).toBe("aux");
    expect(() => ops.jvp((x: Tensor) => x, [floats(1)], [floats(1, 2)])).toThrow(ShapeError);
  });
});

describe("types", () => {
  it("saturate and tell", async () => {
    expect(values(ops.saturateCast(floats(-1, 256, NaN, 3.7), "uint8"))).toEqual([0, 255, 0, 3]);
    expect(values(ops.saturateCast(dataTensor(Float64Array.of(1e300, -1e300), [2], "float64"), "float32"))).toEqual([
      3.4028234663852886e38, -3.4028234663852886e38,
    ]);
    expect(values(ops.saturateCast(dataTensor(Int32Array.of(300, -5), [2], "int32"), "uint8"))).toEqual([255, 0]);
    expect(ops.dtype([1, 2])).toBe("float32");
    expect(ops.isTensor(floats(1))).toBe(true);
    expect(ops.isTensor([1])).toBe(false);
    expect(values(ops.saturateCast(floats(1e6, -1e6, 0.1), "float16"))).toEqual([65504, -65504, 0.0999755859375]);
    expect(() => ops.saturateCast(floats(1), "float24" as never)).toThrow(ValueError);
  });
});
