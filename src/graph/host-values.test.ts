import { describe, expect, it } from "vitest";
import { hostValues } from "./host-values.ts";

const of = (data: Parameters<typeof hostValues>[1], options?: Parameters<typeof hostValues>[2]): unknown[] => {
  const { values, shape, dtype } = hostValues("tensor", data, options);
  return [dtype, shape, values];
};

describe("data", () => {
  it("of numbers is float32, of booleans bool, and typed arrays keep their type", () => {
    expect(of(3)).toEqual(["float32", [], Float32Array.of(3)]);
    expect(
      of([
        [1, 2],
        [3, 4],
      ]),
    ).toEqual(["float32", [2, 2], Float32Array.of(1, 2, 3, 4)]);
    expect(of([true, false])).toEqual(["bool", [2], Uint8Array.of(1, 0)]);
    expect(of([true, 2])).toEqual(["float32", [2], Float32Array.of(1, 2)]);
    expect(of(Float64Array.of(0.1))).toEqual(["float64", [1], Float64Array.of(0.1)]);
    expect(of([Int32Array.of(1, 2), Int32Array.of(3, 4)])).toEqual(["int32", [2, 2], Int32Array.of(1, 2, 3, 4)]);
    expect(of(Uint8Array.of(255))).toEqual(["uint8", [1], Uint8Array.of(255)]);
    expect(of(Int8Array.of(-1))).toEqual(["int8", [1], Int8Array.of(-1)]);
    expect(of(BigInt64Array.of(7n))).toEqual(["int32", [1], Int32Array.of(7)]);
  });

  it("is copied", () => {
    const data = Float32Array.of(1);
    const { values } = hostValues("tensor", data);
    data[0] = 2;
    expect(values[0]).toBe(1);
  });

  it("may be empty", () => {
    expect(of([])).toEqual(["float32", [0], new Float32Array(0)]);
    expect(of([[], []])).toEqual(["float32", [2, 0], new Float32Array(0)]);
  });

  it("is converted to a dtype: fractions are cut off, bool is whether it is not 0", () => {
    expect(of([1.9, -1.9], { dtype: "int32" })).toEqual(["int32", [2], Int32Array.of(1, -1)]);
    expect(of([0, 0.5, -2], { dtype: "bool" })).toEqual(["bool", [3], Uint8Array.of(0, 1, 1)]);
    expect(of(Uint8Array.of(3), { dtype: "float32" })).toEqual(["float32", [1], Float32Array.of(3)]);
    expect(of(Uint8Array.of(3), { dtype: "bool" })).toEqual(["bool", [1], Uint8Array.of(1)]);
    expect(of(BigInt64Array.of(7n), { dtype: "float32" })).toEqual(["float32", [1], Float32Array.of(7)]);
  });

  it("takes another shape, with one extent left open", () => {
    expect(of([1, 2, 3, 4, 5, 6], { shape: [2, -1] })).toEqual(["float32", [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)]);
    expect(() => of([1, 2, 3], { shape: [2, 2] })).toThrow("3 elements");
    expect(() => of([1, 2, 3], { shape: [-1, -1] })).toThrow("E_SHAPE");
  });

  it("must be rectangular, of numbers, and in range", () => {
    expect(() => of([[1, 2], [3]])).toThrow("rectangular");
    expect(() => of([1, [2]])).toThrow("rectangular");
    expect(() => of([[1], 2])).toThrow("rectangular");
    expect(() => of([1, "2"] as never)).toThrow('"2"');
    expect(() => of([null, 1] as never)).toThrow("no number");
    expect(() => of(256, { dtype: "uint8" })).toThrow("256");
    expect(() => of([NaN], { dtype: "int32" })).toThrow("NaN");
    expect(() => of(BigInt64Array.of(2n ** 40n))).toThrow("int32");
    expect(() => of(1, { dtype: "float24" as "float32" })).toThrow("E_DTYPE");
  });
});
