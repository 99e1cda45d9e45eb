import { describe, expect, it } from "vitest";
import { differentiate } from "../autodiff/differentiate.ts";
import { evaluate } from "../backends/reference/interpreter.ts";
import { dataTensor, parameterTensor, Subgraph, type Tensor } from "../graph/index.ts";
import { expectGradients, randomTensor } from "../testing/finite-differences.ts";
import { add } from "./add.ts";
import { constant } from "./constant.ts";
import { full } from "./full.ts";
import { greater } from "./greater.ts";
import { less } from "./less.ts";
import { log } from "./log.ts";
import { multiply } from "./multiply.ts";
import { reduceSum } from "./reduce-sum.ts";
import { sin } from "./sin.ts";
import { subtract } from "./subtract.ts";
import { whileLoop } from "./while.ts";

const scalar = (value: number): Tensor => dataTensor(Float64Array.of(value), [], "float64");
const parameter = (...shape: number[]): Tensor => parameterTensor(shape, "float64");
const array = (x: Tensor): number[] => Array.from(evaluate([x])[0]!.data);

/** While x < 100: x = factor x + 1. */
function growth(): { condition: Subgraph; body: Subgraph } {
  const [x, factor, y, other] = [parameter(), parameter(), parameter(), parameter()];
  return {
    condition: new Subgraph([x, factor], [less(x, constant(100, "float64"))]),
    body: new Subgraph([y, other], [add(multiply(y, other), constant(1, "float64"))]),
  };
}

describe("whileLoop", () => {
  const { condition, body } = growth();

  it("repeats its body while the condition holds, at most maximumIterations times", () => {
    expect(array(whileLoop(condition, body, [scalar(1)], [scalar(2)])[0]!)).toEqual([127]);
    expect(array(whileLoop(condition, body, [scalar(1)], [scalar(2)], 3)[0]!)).toEqual([15]);
    expect(array(whileLoop(condition, body, [scalar(1)], [scalar(2)], 0)[0]!)).toEqual([1]);
    expect(array(whileLoop(condition, body, [scalar(200)], [scalar(2)])[0]!)).toEqual([200]);
  });

  it("has first and second derivatives with maximumIterations", () => {
    for (const maximum of [0, 3, 10]) expectGradients((x, k) => whileLoop(condition, body, [x], [k], maximum), [scalar(1.1), scalar(2.05)]);
    const sum = (x: Tensor): Tensor => reduceSum(x, [0]);
    const [x, k, y, l] = [parameter(3), parameter(3), parameter(3), parameter(3)];
    const test = new Subgraph([x, k], [greater(sum(multiply(x, x)), constant(0.01, "float64"))]);
    const step = new Subgraph([y, l], [multiply(sin(y), l)]);
    expectGradients((a, b) => whileLoop(test, step, [a], [b], 6), [randomTensor([3], 1), randomTensor([3], 2)]);
  });

  it("gives finite gradients where the body is undefined beyond the last step", () => {
    // x = log(x) while x > 1: at the end log of a negative number would follow.
    const [x, y] = [parameter(), parameter()];
    const test = new Subgraph([x], [greater(x, constant(0, "float64"))]);
    const step = new Subgraph([y], [log(y)]);
    expectGradients((a) => whileLoop(test, step, [a], [], 8), [scalar(20)]);
  });

  it("counts a tensor that is both first value and constant, or depends on another input, once for each", () => {
    const x = scalar(1.5);
    const [dx] = differentiate(whileLoop(condition, body, [multiply(x, x)], [x], 2), [x], [scalar(1)]);
    // ((x^2 x + 1) x + 1)' = 4 x^3 + 1.
    expect(array(dx!)).toEqual([expect.closeTo(4 * 1.5 ** 3 + 1, 12)]);
    const [same] = differentiate(whileLoop(condition, body, [x], [x], 1), [x], [scalar(1)]);
    expect(array(same!)).toEqual([3]);
  });

  it("says that a loop without a limit has no gradient", () => {
    const x = scalar(1);
    expect(() => differentiate(whileLoop(condition, body, [x], [scalar(2)]), [x], [scalar(1)])).toThrow(
      /E_VALUE {2}gradient of while\/while: a loop of unknown length has no gradient/,
    );
  });

  it("refuses conditions and bodies that do not fit", () => {
    const number = new Subgraph(condition.parameters, [condition.parameters[0]!]);
    expect(() => whileLoop(number, body, [scalar(1)], [scalar(2)])).toThrow(/the condition's result/);
    expect(() => whileLoop(condition, body, [scalar(1)])).toThrow(/parameters of the condition/);
    const vector = new Subgraph(body.parameters, [full([2], 1, "float64")]);
    expect(() => whileLoop(condition, vector, [scalar(1)], [scalar(2)])).toThrow(/carry 0 has the wrong shape/);
    expect(() => whileLoop(condition, body, [scalar(1)], [scalar(2)], -1)).toThrow(/no count/);
    expect(() =>
      whileLoop(
        condition,
        new Subgraph(body.parameters, [subtract(body.parameters[0]!, body.parameters[1]!), body.parameters[0]!]),
        [scalar(1)],
        [scalar(2)],
      ),
    ).toThrow(/carries that the body returns/);
  });
});
