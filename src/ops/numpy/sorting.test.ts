import { describe, expect, it } from "vitest";
import { evaluate } from "../../backends/reference/index.ts";
import { gradients } from "../../autodiff/index.ts";
import { createWasmBackend } from "../../backends/cpu/wasm/index.ts";
import { DTypeError, ShapeError, StateError, ValueError } from "../../errors.ts";
import { dataTensor, parameterTensor, Subgraph, type Tensor } from "../../graph/index.ts";
import { runnerOf } from "../../testing/compare.ts";
import { randomNumbers } from "../../testing/finite-differences.ts";
import * as ops from "../index.ts";

const values = (t: Tensor): number[] => Array.from(evaluate([t])[0]!.data);
const list = (t: Tensor | Tensor[]): number[][] => [t].flat().map(values);
const floats = (...data: number[]): Tensor => dataTensor(Float32Array.from(data), [data.length], "float32");
const ints = (...data: number[]): Tensor => dataTensor(Int32Array.from(data), [data.length], "int32");

describe("sorting", () => {
  it("puts NaN last and keeps the order of equal elements", () => {
    const x = floats(2, NaN, -1, 2, Infinity, -0, 0);
    expect(values(ops.sort(x))).toEqual([-1, -0, 0, 2, 2, Infinity, NaN]);
    expect(values(ops.argsort(x))).toEqual([2, 5, 6, 0, 3, 4, 1]);
    expect(list(ops.topK(x, 3))).toEqual([
      [NaN, Infinity, 2],
      [1, 4, 0],
    ]);
    expect(values(ops.sort(dataTensor(Uint8Array.of(1, 0, 1), [3], "bool")))).toEqual([0, 1, 1]);
    expect(values(ops.sort(ops.reshape(x, [7, 1]), null)).length).toBe(7);
  });

  it("sorts long rows of every dtype on generated code as the reference does", async () => {
    const run = runnerOf(createWasmBackend({ threads: 1 }));
    for (const [dtype, array] of [
      ["float32", Float32Array],
      ["float64", Float64Array],
      ["int32", Int32Array],
      ["uint8", Uint8Array],
    ] as const) {
      // prettier-ignore
      const data = new array(randomNumbers(3 * 257, 5).map((value) => Math.trunc(value * 100)));
      const x = dataTensor(data, [3, 257], dtype);
      for (const axis of [0, 1]) {
        const wanted = [ops.sort(x, axis), ops.argsort(x, axis)];
        const found = await run(new Subgraph([], wanted), []);
        expect(found.map((array_) => Array.from(array_))).toEqual(list(wanted));
      }
    }
  });

  it("takes the middle and what lies at a share", () => {
    const x = floats(3, 1, 2, 10);
    expect(values(ops.median(x))).toEqual([2.5]);
    expect(values(ops.quantile(x, [0, 0.5, 1]))).toEqual([1, 2.5, 10]);
    expect(values(ops.quantile(x, 0.5, { method: "lower" }))).toEqual([2]);
    expect(values(ops.quantile(x, 0.5, { method: "higher" }))).toEqual([3]);
    expect(values(ops.percentile(x, 100 / 3))[0]).toBeCloseTo(2, 6);
    const holes = floats(NaN, 3, 1, NaN, 2);
    expect(values(ops.median(holes))).toEqual([NaN]);
    expect(values(ops.nanmedian(holes))).toEqual([2]);
    expect(values(ops.nanpercentile(holes, 50, { keepdims: true }))).toEqual([2]);
    expect(values(ops.quantile(floats(1, Infinity), 0.5))).toEqual([Infinity]);
    expect(() => ops.quantile(x, 0.5, { method: "cubic" as never })).toThrow(/linear, lower/);
  });

  it("the gradient of logsumexp sums to 1 also far from 0", () => {
    const x = floats(-1e9, -1e9, -1e9, -1e9);
    expect(values(gradients([ops.logsumexp(x)], [x])[0]!)).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  it("shares of a linear quantile have the slope between elements, as in Keras", () => {
    const x = floats(3, 1, 2, 10, 20);
    const q = floats(0, 0.3, 0.5, 1);
    const slope = (of: (q: Tensor) => Tensor): number[] => values(gradients([of(q)], [q])[0]!);
    // 4 steps between 5 elements: 1 2 3 10 20.
    expect(slope((share) => ops.quantile(x, share))).toEqual([4, 4, 4, 40]);
    expect(slope((share) => ops.quantile(floats(1, 2, Infinity), share))).toEqual([2, 2, 2, 0]);
    expect(slope((share) => ops.quantile(x, share, { method: "lower" }))).toEqual([0, 0, 0, 0]);
  });

  it("finds places in sorted vectors", () => {
    const edges = floats(1, 2, 2, 5);
    const x = floats(0, 1, 2, 3, 9, NaN);
    expect(values(ops.searchsorted(edges, x))).toEqual([0, 0, 1, 3, 4, 4]);
    expect(values(ops.searchsorted(edges, x, "right"))).toEqual([0, 1, 3, 3, 4, 4]);
    expect(values(ops.digitize(x, edges))).toEqual([0, 1, 3, 3, 4, 4]);
    expect(() => ops.searchsorted(ops.ones([2, 2]), x)).toThrow(ShapeError);
    expect(values(ops.inTopK([1, 0, 7], ops.array([[1, 2, 3], [3, 3, 1], [1, 2, 3]]), 2))).toEqual([1, 1, 0]); // prettier-ignore
  });

  it("refuses k beyond the axis", () => {
    expect(() => ops.topK(floats(1, 2), 3)).toThrow(ShapeError);
    expect(() => ops.argpartition(floats(1, 2), 2)).toThrow(ValueError);
  });
});

describe("leaving NaN out", () => {
  const x = dataTensor(Float32Array.of(1, NaN, 4, NaN, NaN, NaN), [2, 3], "float32");
  it("reduces what is left; of nothing there is no extremum and no mean", () => {
    expect(values(ops.nansum(x, 1))).toEqual([5, 0]);
    expect(values(ops.nanprod(x, 1))).toEqual([4, 1]);
    expect(values(ops.nanmean(x, 1))).toEqual([2.5, NaN]);
    expect(values(ops.nanvar(x, 1))).toEqual([2.25, NaN]);
    expect(values(ops.nanstd(x, 1))).toEqual([1.5, NaN]);
    expect(values(ops.nanmax(x, 1))).toEqual([4, NaN]);
    expect(values(ops.nanmin(x, { axis: 1, keepdims: true }))).toEqual([1, NaN]);
    expect(values(ops.nanargmax(x, 1))).toEqual([2, -1]);
    expect(values(ops.nanargmin(x, 1))).toEqual([0, -1]);
    expect(values(ops.nancumsum(x, 1))).toEqual([1, 1, 5, 0, 0, 0]);
    expect(values(ops.nancumprod(x, 1))).toEqual([1, 1, 4, 1, 1, 1]);
  });
});

describe("counting", () => {
  it("counts integers, and says what to do where their values are not known", () => {
    expect(values(ops.bincount(ints(1, 1, 3)))).toEqual([0, 2, 0, 1]);
    expect(values(ops.bincount(ints(1, 1, 3), { weights: floats(1, 2, 0.5), minlength: 5 }))).toEqual([0, 3, 0, 0.5, 0]);
    expect(values(ops.bincount(dataTensor(Int32Array.of(0, 1, 1, 1), [2, 2], "int32")))).toEqual([1, 1, 0, 2]);
    expect(() => ops.bincount(ops.add(ints(1), 1))).toThrow(StateError);
    expect(() => ops.bincount(parameterTensor([2], "int32"))).toThrow(/segmentSum/);
    expect(() => ops.bincount(floats(1))).toThrow(ShapeError);
    expect(() => ops.bincount(ints(-1))).toThrow(ValueError);
  });

  it("makes histograms whose bins hold their lower edge, the last one both", () => {
    const x = floats(0, 1, 1, 2, 3, 4, 9);
    expect(list(ops.histogram(x, { bins: 4, range: [0, 4] }))).toEqual([
      [1, 2, 1, 2],
      [0, 1, 2, 3, 4],
    ]);
    expect(list(ops.histogram(floats(5, 5), 2))).toEqual([
      [0, 2],
      [4.5, 5, 5.5],
    ]);
  });

  it("finds distinct elements and rows", () => {
    const x = ints(3, 1, 2, 1, 3);
    expect(list(ops.unique(x, { returnIndex: true, returnInverse: true, returnCounts: true }))).toEqual([
      [1, 2, 3],
      [1, 2, 0],
      [2, 0, 1, 0, 2],
      [2, 1, 2],
    ]);
    expect(list(ops.unique(ops.add(x, 0), { size: 5, fillValue: -1, returnCounts: true }))).toEqual([
      [1, 2, 3, -1, -1],
      [2, 1, 2, 0, 0],
    ]);
    expect(list(ops.unique(ops.add(x, 0), { size: 2 }))).toEqual([[1, 2]]);
    const rows = dataTensor(Int32Array.of(1, 2, 0, 5, 1, 2), [3, 2], "int32");
    expect(list(ops.unique(rows, { axis: 0 }))).toEqual([[0, 5, 1, 2]]);
    expect(() => ops.unique(ops.add(x, 0))).toThrow(/size/);
  });

  it("finds places, members and positions", () => {
    expect(list(ops.nonzero(dataTensor(Int32Array.of(0, 1, 2, 0), [2, 2], "int32")))).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(values(ops.isin(ints(1, 2, 3), ints(3, 1)))).toEqual([1, 0, 1]);
    expect(values(ops.isin(ints(1, 2, 3), ints(3, 1), { invert: true }))).toEqual([0, 1, 0]);
    expect(list(ops.unravelIndex(ints(5, -1), [2, 4]))).toEqual([
      [1, 1],
      [1, 3],
    ]);
  });
});

describe("integers and bits", () => {
  it("work as in NumPy", () => {
    expect(values(ops.bitwiseAnd(ints(6, -1), 3))).toEqual([2, 3]);
    expect(values(ops.bitwiseOr(ints(6), 3))).toEqual([7]);
    expect(values(ops.bitwiseXor(ints(6), 3))).toEqual([5]);
    expect(values(ops.bitwiseNot(ints(0, 5)))).toEqual([-1, -6]);
    expect(values(ops.bitwiseInvert(dataTensor(Uint8Array.of(1, 200), [2], "uint8")))).toEqual([254, 55]);
    expect(values(ops.leftShift(dataTensor(Uint8Array.of(200), [1], "uint8"), 1))).toEqual([144]);
    expect(values(ops.rightShift(ints(-5, 5), 1))).toEqual([-3, 2]);
    expect(values(ops.gcd(ints(12, -18, 0, 7), ints(18, 12, 5, 0)))).toEqual([6, 6, 5, 7]);
    expect(values(ops.lcm(ints(4, 0, -3), ints(6, 3, 5)))).toEqual([12, 0, 15]);
    expect(() => ops.bitwiseAnd(floats(1), 1)).toThrow(DTypeError);
  });

  it("reach the ends of the floats", () => {
    const x = floats(0, 1, -1, 3.4028234663852886e38);
    expect(values(ops.nextafter(x, 1e39))).toEqual([2 ** -149, 1 + 2 ** -23, -1 + 2 ** -24, Infinity]);
    expect(values(ops.ldexp(floats(1, 3, 1, 1), ints(3, -1, -126, 127)))).toEqual([8, 1.5, 2 ** -126, 2 ** 127]);
    expect(values(ops.signbit(floats(-0, 0, -2, NaN)))).toEqual([1, 0, 1, 0]);
    expect(values(ops.fmax(floats(NaN, 1, NaN), floats(2, NaN, NaN)))).toEqual([2, 1, NaN]);
    expect(values(ops.heaviside(floats(-1, 0, 2), 0.5))).toEqual([0, 0.5, 1]);
    expect(values(ops.hypot(floats(3e30, 0), floats(4e30, 0)))[0]! / 5e30).toBeCloseTo(1, 6);
    expect(values(ops.trunc(floats(-1.5, 1.5)))).toEqual([-1, 1]);
    expect(values(ops.cbrt(floats(-27, 0, 8)))).toEqual([-3, 0, 2]);
  });

  it("fill with whole numbers, without the fraction of the number given", () => {
    expect(values(ops.full([3], -1.5, "int32"))).toEqual([-1, -1, -1]);
    expect(values(ops.fullLike(ops.zeros([2], "uint8"), 2.9))).toEqual([2, 2]);
    expect(() => ops.full([1], 300.5, "uint8")).toThrow(ValueError);
  });

  it("agree with tables of the special functions", () => {
    const x = dataTensor(Float64Array.of(0.5, 2, 5), [3], "float64");
    // Abramowitz and Stegun, tables 7.1 and 9.8; erfc(5) from its continued fraction.
    [0.4795001221869535, 0.004677734981047266, 1.5374597944280349e-12].forEach((wanted, i) => {
      expect(values(ops.erfc(x))[i]! / wanted).toBeCloseTo(1, 12);
      expect(values(ops.erfc(ops.cast(x, "float32")))[i]! / wanted).toBeCloseTo(1, 6);
    });
    const bessel = dataTensor(Float64Array.of(0, 1, -5, 30), [4], "float64");
    [1, 1.2660658777520082, 27.239871823604442, 781672297823.9775].forEach((wanted, i) => {
      expect(values(ops.i0(bessel))[i]! / wanted).toBeCloseTo(1, 10);
    });
    // Near the end of float32, where e^x has left it, and beyond.
    const far = values(ops.i0(floats(90, 91.5, 93, 3e38, -Infinity, NaN)));
    expect(far[0]! / 5.139238e37).toBeCloseTo(1, 5);
    expect(far[1]! / 2.284237e38).toBeCloseTo(1, 5);
    expect(far.slice(2)).toEqual([Infinity, Infinity, Infinity, NaN]);
    expect(values(ops.kaiser(3, 5))[0]).toBeCloseTo(1 / 27.239871823604442, 6);
    expect(values(ops.hanning(5))).toEqual([0, 0.5, 1, 0.5, 0]);
    expect(values(ops.bartlett(4))[1]).toBeCloseTo(2 / 3, 6);
    for (const length of [Infinity, 3e9, -1, 1.5]) expect(() => ops.bartlett(length)).toThrow("the length of the window is no count");
    expect(values(ops.blackman(1))).toEqual([1]);
    expect(() => ops.hamming(-1)).toThrow(ValueError);
  });
});
