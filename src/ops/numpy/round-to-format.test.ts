import { describe, expect, it } from "vitest";
import { gradients } from "../../autodiff/index.ts";
import { evaluate } from "../../backends/reference/index.ts";
import { dataTensor, type Tensor } from "../../graph/index.ts";
import { roundToFormat, type ShortFormat } from "./round-to-format.ts";

const tensor = (values: readonly number[]): Tensor => dataTensor(Float32Array.from(values), [values.length], "float32");
const rounded = (values: readonly number[], format: ShortFormat): number[] =>
  Array.from(evaluate([roundToFormat(tensor(values), format)])[0]!.data, (value) => value + 0);

/** The nearest value of a format, ties to even, by division. */
function nearest(x: number, fraction: number, least: number, largest: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), least);
  const step = 2 ** (exponent - fraction);
  const quotient = Math.abs(x) / step;
  const floor = Math.floor(quotient);
  const rest = quotient - floor;
  const units = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  const value = units * step;
  return Math.fround(Math.sign(x) * (value > largest ? Infinity : value)) + 0;
}

/** Numbers of every size, ties among them. */
const samples = Array.from({ length: 4000 }, (_, i) => {
  const magnitude = 2 ** (((i * 7) % 46) - 27);
  return Math.fround((i % 2 === 0 ? 1 : -1) * magnitude * (1 + ((i * 2654435761) % 8192) / 8192));
});

describe("rounding to a short format", () => {
  it("float16 gives the nearest of its values, ties to even, everywhere", () => {
    const got = rounded(samples, "float16");
    samples.forEach((x, i) => expect(got[i], `${x}`).toBe(nearest(x, 10, -14, 65504)));
    expect(rounded([65504, 65519.9, 65520, -1e6, Infinity, NaN, 2 ** -24, 2 ** -25, 1.5 * 2 ** -25, 0], "float16")).toEqual([
      65504,
      65504,
      Infinity,
      -Infinity,
      Infinity,
      NaN,
      2 ** -24,
      0,
      2 ** -24,
      0,
    ]);
  });

  it("bfloat16 gives the nearest of its values, ties to even, and keeps float32's range", () => {
    const got = rounded(samples, "bfloat16");
    samples.forEach((x, i) => expect(got[i], `${x}`).toBe(nearest(x, 7, -126, Infinity)));
    expect(rounded([1e38, -3.4e38, 3.4028235e38, Infinity, NaN, 1 + 2 ** -8, 1 + 3 * 2 ** -8], "bfloat16")).toEqual([
      nearest(Math.fround(1e38), 7, -126, Infinity),
      nearest(Math.fround(-3.4e38), 7, -126, Infinity),
      Infinity,
      Infinity,
      NaN,
      1,
      1 + 2 ** -6,
    ]);
  });

  it("rounds cotangents too, and refuses other dtypes", () => {
    const x = tensor([0.1, 0.2]);
    const [gradient] = gradients([roundToFormat(x, "float16")], [x], { cotangents: [tensor([1e-9, 1 + 2 ** -12])] });
    expect(Array.from(evaluate([gradient!])[0]!.data)).toEqual([0, 1]);
    expect(() => roundToFormat(dataTensor(Int32Array.of(1), [1], "int32"), "float16")).toThrow(/float32/);
  });
});
