import { describe, expect, it } from "vitest";
import { dataTensor, type NdArray, parameterTensor, Subgraph, type Tensor } from "../graph/index.ts";
import { exp, fullLike, multiply, sin, stopGradient, withGradient } from "../primitives/index.ts";
import { nd } from "../primitives/define.ts";
import { checkGradients } from "./gradient-check.ts";
import { inFloat64, widen } from "./in-float64.ts";

const at: readonly NdArray[] = [nd([0.5, -1.25, 2], [3], "float64")];

function check(f: (x: Tensor) => Tensor, order: 1 | 2 = 2): string[] {
  const x = parameterTensor([3], "float64");
  return checkGradients(new Subgraph([x], [f(x)]), at, order);
}

describe("checkGradients", () => {
  it("accepts right gradients", () => {
    expect(check((x) => multiply(sin(x), exp(x)))).toEqual([]);
  });

  it("finds a first derivative that is wrong by one part in 10^7", () => {
    const wrong = (x: Tensor): Tensor => withGradient(exp(x), [x], (c) => [multiply(c, multiply(exp(x), fullLike(x, 1 + 1e-7)))]);
    expect(check(wrong, 1)).toHaveLength(3);
  });

  it("finds a second derivative that is missing", () => {
    const flat = (x: Tensor): Tensor => withGradient(exp(x), [x], (c) => [multiply(c, stopGradient(exp(x)))]);
    expect(check(flat, 1)).toEqual([]);
    expect(check(flat, 2)).toHaveLength(3);
  });
});

describe("inFloat64", () => {
  it("copies a graph with its constants and given data", () => {
    const x = parameterTensor([2], "float32");
    const data = dataTensor(Float32Array.of(0.1, 3), [2], "float32");
    const wide = inFloat64(new Subgraph([x], [multiply(multiply(x, data), fullLike(x, 0.5)), x]));
    expect(wide.parameters[0]!.dtype).toBe("float64");
    expect(wide.results.map((result) => result.dtype)).toEqual(["float64", "float64"]);
    expect(widen(nd([0.1])).data[0]).toBe(Math.fround(0.1));
  });
});
