import { describe, expect, it } from "vitest";
import { ShapeError, ValueError } from "../../errors.ts";
import { dataTensor, type Tensor } from "../../graph/index.ts";
import { randomNumbers, valuesOf } from "../../testing/finite-differences.ts";
import * as ops from "../index.ts";

const signal = (n: number, seed: number): Tensor => dataTensor(randomNumbers(n, seed), [n], "float64");

/** The transform by its definition. */
function direct(re: Float64Array, im: Float64Array): [number[], number[]] {
  const n = re.length;
  const out: [number[], number[]] = [[], []];
  for (let k = 0; k < n; k++) {
    let [a, b] = [0, 0];
    for (let j = 0; j < n; j++) {
      const angle = (-2 * Math.PI * ((j * k) % n)) / n;
      a += re[j]! * Math.cos(angle) - im[j]! * Math.sin(angle);
      b += re[j]! * Math.sin(angle) + im[j]! * Math.cos(angle);
    }
    out[0].push(a);
    out[1].push(b);
  }
  return out;
}

describe("Fourier transforms", () => {
  // One product, products of factors, a prime of many digits (Bluestein), a factor that is one.
  it.each([1, 2, 7, 32, 60, 97, 128, 134, 210])("of length %i agree with the definition", (n) => {
    const [a, b] = [signal(n, 1), signal(n, 2)];
    const [re, im] = ops.fft([a, b]);
    const wanted = direct(valuesOf(a), valuesOf(b));
    [re, im].forEach((part, i) => valuesOf(part).forEach((value, k) => expect(value).toBeCloseTo(wanted[i]![k]!, 11)));
    const [real] = [ops.rfft(a)];
    const half = direct(valuesOf(a), new Float64Array(n));
    real.forEach((part, i) => valuesOf(part).forEach((value, k) => expect(value).toBeCloseTo(half[i]![k]!, 11)));
    valuesOf(ops.irfft(real, n)).forEach((value, j) => expect(value).toBeCloseTo(valuesOf(a)[j]!, 12));
  });

  it("in the plane are undone by their inverse", () => {
    const [a, b] = [3, 4].map((seed) => dataTensor(randomNumbers(2 * 6 * 35, seed), [2, 6, 35], "float64")) as [Tensor, Tensor];
    const [re, im] = ops.ifft2(ops.fft2([a, b]));
    valuesOf(re).forEach((value, i) => expect(value).toBeCloseTo(valuesOf(a)[i]!, 12));
    valuesOf(im).forEach((value, i) => expect(value).toBeCloseTo(valuesOf(b)[i]!, 12));
  });

  it("of frames are undone by overlapping them", () => {
    const x = signal(64, 5);
    for (const options of [{}, { window: "hamming" }, { center: false }] as const) {
      const back = ops.istft(ops.stft(x, 12, 4, 16, options), 12, 4, 16, { ...options, length: 48 });
      // The first places are seen by fewer frames than the window makes up for.
      const [from, to] = "center" in options ? [16, 44] : [4, 48];
      for (let i = from; i < to; i++) expect(valuesOf(back)[i]).toBeCloseTo(valuesOf(x)[i]!, 12);
    }
  });

  it("refuse what is no pair, windows of another length, frames that do not fit", () => {
    expect(() => ops.fft(ops.ones([4]) as never)).toThrow(/pair/);
    expect(() => ops.fft2([ops.ones([4]), ops.ones([4])])).toThrow(ShapeError);
    expect(() => ops.rfft(ops.ones([4]), 0)).toThrow(ValueError);
    expect(() => ops.stft(ops.ones([20]), 8, 2, 4)).toThrow(/fftLength/);
    for (const length of [3e9, Infinity, 0, 1.5]) {
      expect(() => ops.stft(ops.ones([20]), 8, 2, length)).toThrow("fftLength is no count");
      expect(() => ops.rfft(ops.ones([20]), length)).toThrow("fftLength is no count");
    }
    expect(() => ops.stft(ops.ones([20]), 8, 2, 8, ops.ones([7]))).toThrow(ShapeError);
    expect(() => ops.stft(ops.ones([20]), 8, 2, 8, "kaiser" as never)).toThrow(/no such window/);
    expect(() => ops.extractSequences(ops.ones([4]), 5, 1)).toThrow(ShapeError);
  });
});
