import { expect, it } from "vitest";
import { gradients } from "../../autodiff/index.ts";
import { dataTensor } from "../../graph/index.ts";
import { valuesOf } from "../../testing/finite-differences.ts";
import { gammainc } from "../index.ts";

it("gammainc agrees with its closed forms, at the ends too", () => {
  const x = dataTensor(Float64Array.of(0, 0.1, 1, 3, 10, 50, Infinity), [7], "float64");
  const values = Array.from(valuesOf(x));
  // P(1, x) = 1 - e^-x, P(2, x) = 1 - (1 + x) e^-x; P(1/2, 1) = erf(1).
  valuesOf(gammainc(1, x)).forEach((value, i) => expect(value).toBeCloseTo(1 - Math.exp(-values[i]!), 13));
  valuesOf(gammainc(2, x))
    .slice(0, 6)
    .forEach((value, i) => expect(value).toBeCloseTo(1 - (1 + values[i]!) * Math.exp(-values[i]!), 13));
  const half = dataTensor(Float64Array.of(0.5), [], "float64");
  expect(valuesOf(gammainc(half, 1))[0]).toBeCloseTo(0.8427007929497149, 13);
  expect(valuesOf(gammainc(dataTensor(Float64Array.of(1000), [], "float64"), 1000))[0]).toBeCloseTo(0.5042052, 7);
  expect(Array.from(valuesOf(gammainc([-1, 1], [1, -1])))).toEqual([NaN, NaN]);
  const at = dataTensor(Float64Array.of(0.3, 2.5), [2], "float64");
  const [slope] = gradients([gammainc(2, at)], [at]);
  valuesOf(slope!).forEach((value, i) => expect(value).toBeCloseTo(valuesOf(at)[i]! * Math.exp(-valuesOf(at)[i]!), 13));
});
