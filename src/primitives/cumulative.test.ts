import { describe, expect, it } from "vitest";
import { evaluate } from "../backends/reference/interpreter.ts";
import { concreteShape, dataTensor, stridesOf, type Tensor } from "../graph/index.ts";
import { expectGradients, randomTensor, valuesOf } from "../testing/finite-differences.ts";
import { cumulativeMax } from "./cumulative-max.ts";
import { cumulativeMin } from "./cumulative-min.ts";
import { cumulativeProd } from "./cumulative-prod.ts";
import { cumulativeSum } from "./cumulative-sum.ts";
import { differentiate } from "../autodiff/differentiate.ts";
import { eachIndex } from "./indices.ts";

const families = [
  ["cumulativeSum", cumulativeSum, (values: number[]) => values.reduce((a, b) => a + b)],
  ["cumulativeProd", cumulativeProd, (values: number[]) => values.reduce((a, b) => a * b)],
  ["cumulativeMax", cumulativeMax, (values: number[]) => Math.max(...values)],
  ["cumulativeMin", cumulativeMin, (values: number[]) => Math.min(...values)],
] as const;

const array = (x: Tensor): number[] => Array.from(evaluate([x])[0]!.data);
const vector = (...values: number[]): Tensor => dataTensor(Float64Array.from(values), [values.length], "float64");

for (const [name, build, combine] of families) {
  describe(name, () => {
    for (const reverse of [false, true]) {
      it(`combines all elements ${reverse ? "from here to the end" : "up to here"}, along any axis`, () => {
        for (const [shape, axis] of [
          [[5], 0],
          [[3, 4], 0],
          [[3, 4], 1],
          [[2, 3, 2], 1],
          [[2, 0], 1],
        ] as const) {
          const x = randomTensor(shape, 3);
          const values = valuesOf(x);
          const stride = stridesOf(shape)[axis]!;
          const expected: number[] = [];
          eachIndex(concreteShape(x), (index, position) => {
            const line = Array.from({ length: shape[axis]! }, (_, i) => values[position + (i - index[axis]!) * stride]!);
            expected.push(combine(reverse ? line.slice(index[axis]) : line.slice(0, index[axis]! + 1)));
          });
          expect(array(build(x, axis, reverse))).toEqual(expected.map((value) => expect.closeTo(value, 13)));
        }
      });

      it(`has first and second derivatives${reverse ? ", reversed" : ""}`, () => {
        expectGradients((x) => build(x, 0, reverse), [randomTensor([7], 4)]);
        expectGradients((x) => build(x, 1, reverse), [randomTensor([2, 4, 2], 5)]);
      });
    }
  });
}

describe("cumulativeProd", () => {
  it("has derivatives at zeros too", () => {
    expectGradients((x) => cumulativeProd(x, 0), [vector(2, 0, -1.5, 3, 0, 0.5)]);
    expectGradients((x) => cumulativeProd(x, 0, true), [vector(0, 0, -1.5, 3)]);
  });

  it("wraps integers", () => {
    expect(array(cumulativeProd(dataTensor(Int32Array.of(65536, 65536, 3), [3], "int32"), 0))).toEqual([65536, 0, 0]);
  });
});

describe("cumulativeMax", () => {
  it("stays NaN after a NaN, and gives the gradient of a tie to the first", () => {
    expect(array(cumulativeMax(vector(1, NaN, 3), 0))).toEqual([1, NaN, NaN]);
    const x = vector(1, 3, 2, 3, 5);
    const [dx] = differentiate([cumulativeMax(x, 0)], [x], [vector(1, 10, 100, 1000, 10000)]);
    expect(array(dx!)).toEqual([1, 1110, 0, 0, 10000]);
  });
});
