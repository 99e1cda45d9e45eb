import { describe, expect, it } from "vitest";
import { evaluate } from "../backends/reference/interpreter.ts";
import { dataTensor, parameterTensor, Subgraph, type Tensor } from "../graph/index.ts";
import { expectGradients, randomTensor, valuesOf } from "../testing/finite-differences.ts";
import { add } from "./add.ts";
import { cond } from "./cond.ts";
import { greater } from "./greater.ts";
import { gatherNd } from "./gather-nd.ts";
import { multiply } from "./multiply.ts";
import { reduceSum } from "./reduce-sum.ts";
import { constant } from "./constant.ts";
import { sin } from "./sin.ts";

const parameter = (...shape: number[]): Tensor => parameterTensor(shape, "float64");
const predicate = (value: boolean): Tensor => dataTensor(Uint8Array.of(value ? 1 : 0), [], "bool");

/** `(x y, x)` and `(sin x, y)`. */
function branches(): [Subgraph, Subgraph] {
  const [x, y, a, b] = [parameter(3), parameter(3), parameter(3), parameter(3)];
  return [new Subgraph([x, y], [multiply(x, y), x]), new Subgraph([a, b], [sin(a), b])];
}

describe("cond", () => {
  const [yes, no] = branches();
  const operands = [randomTensor([3], 1), randomTensor([3], 2)];

  it("gives the results of one branch", () => {
    const [x, y] = operands.map(valuesOf);
    const [product, first] = cond(predicate(true), yes, no, operands);
    expect(Array.from(valuesOf(product!))).toEqual(Array.from(x!, (value, i) => value * y![i]!));
    expect(Array.from(valuesOf(first!))).toEqual(Array.from(x!));
    const [sine, second] = cond(predicate(false), yes, no, operands);
    expect(Array.from(valuesOf(sine!))).toEqual(Array.from(x!, Math.sin));
    expect(Array.from(valuesOf(second!))).toEqual(Array.from(y!));
  });

  it("runs only the branch that is chosen", () => {
    const [x, i, z, j] = [parameter(3), parameterTensor([1, 1], "int32"), parameter(3), parameterTensor([1, 1], "int32")];
    const wild = new Subgraph([x, i], [gatherNd(x, i)]);
    const tame = new Subgraph([z, j], [reduceSum(gatherNd(z, j, "clamp"), [])]);
    const index = dataTensor(Int32Array.of(7), [1, 1], "int32");
    expect(evaluate(cond(predicate(false), wild, tame, [operands[0]!, index]))[0]!.data.length).toBe(1);
    expect(() => evaluate(cond(predicate(true), wild, tame, [operands[0]!, index]))).toThrow(/E_INDEX/);
  });

  it("has first and second derivatives in both branches, also where the predicate is computed", () => {
    for (const value of [true, false]) {
      expectGradients((x, y) => cond(predicate(value), yes, no, [x, y]), operands);
      expectGradients((x, y) => cond(predicate(value), yes, no, [x, y])[0]!, operands);
    }
    expectGradients((x, y) => cond(greater(reduceSum(x, [0]), constant(0, "float64")), yes, no, [x, y]), operands);
  });

  it("refuses branches that do not fit", () => {
    const [x, y] = [parameter(3), parameter(3)];
    expect(() => cond(predicate(true), yes, new Subgraph([x, y], [add(x, y)]), operands)).toThrow(/results of the second branch/);
    expect(() => cond(predicate(true), yes, new Subgraph([x], [x, x]), operands)).toThrow(/operands of the second branch/);
    expect(() => cond(operands[0]!, yes, no, operands)).toThrow(/E_DTYPE/);
    expect(() => cond(dataTensor(Uint8Array.of(1, 0), [2], "bool"), yes, no, operands)).toThrow(/no scalar/);
    const [a, b] = [parameter(2), parameter(3)];
    expect(() => cond(predicate(true), yes, new Subgraph([a, b], [b, b]), operands)).toThrow(/E_SHAPE/);
  });
});
