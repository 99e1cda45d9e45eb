import { describe, expect, it } from "vitest";
import { evaluate } from "../backends/reference/index.ts";
import { DTypeError, ShapeError, StateError, ValueError } from "../errors.ts";
import { dataTensor, type Tensor, Variable, withScope } from "../graph/index.ts";
import {
  add,
  concatenate,
  constant,
  convert,
  cos,
  divide,
  exp,
  fullLike,
  multiply,
  negate,
  reduceSum,
  sin,
  slice,
  stopGradient,
  tanh,
  withGradient,
} from "../primitives/index.ts";
import { gradients } from "./gradients.ts";
import { grad, valueAndGrad } from "./grad.ts";

const vector = (...values: number[]): Tensor => dataTensor(Float64Array.from(values), [values.length], "float64");
const scalar = (value: number): Tensor => dataTensor(Float64Array.of(value), [], "float64");
/** A variable whose present version has a value: no runtime stands behind it here. */
function variable(...values: number[]): Variable {
  const w = new Variable(() => vector(...values), { shape: [values.length], dtype: "float64" });
  w.read().node.values[0] = Float64Array.from(values);
  return w;
}
const numbersOf = (tensor: Tensor): number[] => Array.from(evaluate([tensor])[0]!.data);

describe("gradients", () => {
  it("differentiates the sum of the ys, or what the cotangents weight", () => {
    const x = vector(1, 2, 3);
    const y = multiply(x, x);
    expect(numbersOf(gradients(y, [x])[0]!)).toEqual([2, 4, 6]);
    expect(numbersOf(gradients([y, x], [x])[0]!)).toEqual([3, 5, 7]);
    expect(numbersOf(gradients([y], [x], { cotangents: [vector(1, 0, -1)] })[0]!)).toEqual([2, 0, -6]);
  });

  it("adds what flows back along several paths", () => {
    const x = scalar(0.3);
    const y = multiply(sin(x), exp(add(x, x)));
    const expected = Math.cos(0.3) * Math.exp(0.6) + 2 * Math.sin(0.3) * Math.exp(0.6);
    expect(numbersOf(gradients(y, [x])[0]!)[0]).toBeCloseTo(expected, 14);
  });

  it("gives zeros where nothing is reached", () => {
    const [x, other] = [vector(1, 2), vector(3, 4)];
    expect(numbersOf(gradients(multiply(x, x), [other])[0]!)).toEqual([0, 0]);
    expect(numbersOf(gradients(stopGradient(multiply(x, x)), [x])[0]!)).toEqual([0, 0]);
    expect(numbersOf(gradients(convert(convert(x, "int32"), "float64"), [x])[0]!)).toEqual([0, 0]);
  });

  it("gives an inner tensor, and what it was made of, their total derivatives", () => {
    const x = scalar(2);
    const inner = multiply(x, x);
    const y = multiply(inner, inner);
    expect(gradients(y, [inner, x]).map((gradient) => numbersOf(gradient)[0])).toEqual([8, 32]);
  });

  it("gives the cotangent itself where y is x", () => {
    const x = vector(1, 2);
    expect(numbersOf(gradients(x, [x])[0]!)).toEqual([1, 1]);
  });

  it("takes gradients of gradients", () => {
    const x = scalar(0.7);
    let y = sin(x);
    const expected = [Math.cos(0.7), -Math.sin(0.7), -Math.cos(0.7), Math.sin(0.7)];
    for (const value of expected) {
      y = gradients(y, [x])[0]!;
      expect(numbersOf(y)[0]).toBeCloseTo(value, 14);
    }
  });

  it("takes a Variable for its present version", () => {
    const w = variable(1, 2);
    const loss = multiply(w.read(), w.read());
    expect(numbersOf(gradients(loss, [w])[0]!)).toEqual([2, 4]);
    const cotangent = variable(10, 100);
    expect(numbersOf(gradients(loss, [w], { cotangents: [cotangent] })[0]!)).toEqual([20, 400]);
    expect(numbersOf(gradients(w, [w])[0]!)).toEqual([1, 1]);
  });

  it("follows chains of 50,000 operations without recursion", () => {
    const x = scalar(1);
    let y = x;
    for (let i = 0; i < 50_000; i++) y = add(y, x);
    expect(numbersOf(gradients(y, [x])[0]!)).toEqual([50_001]);
  });

  it("does not build the gradients of branches that lead to no x", () => {
    const [x, data] = [vector(1, 2), vector(3, 4)];
    const gradient = gradients(multiply(x, tanh(data)), [x])[0]!;
    const seen = new Set<string>();
    const walk = (tensor: Tensor): void => {
      seen.add(tensor.node.primitive.name);
      tensor.node.inputs.forEach(walk);
    };
    walk(gradient);
    expect(seen).not.toContain("subtract");
  });

  it("passes through tensors that were read, and says where a chain was cut", () => {
    const x = vector(1, 2);
    const read = multiply(x, x);
    read.node.values[0] = Float64Array.of(1, 4);
    const y = multiply(read, read);
    expect(numbersOf(gradients(y, [x])[0]!)).toEqual([4, 32]);
    const state = withScope('rnn/Dense "head"', () => add(read, x));
    state.node.inputs = [];
    state.node.cut = true;
    state.node.values[0] = Float64Array.of(2, 6);
    expect(() => gradients(multiply(state, y), [x])).toThrow(StateError);
    expect(() => gradients(multiply(state, y), [x])).toThrow('rnn/Dense "head"');
    // What is younger than the cut, and what stops before it, is not concerned.
    const z = multiply(state, vector(1, 1));
    expect(numbersOf(gradients(multiply(z, z), [z])[0]!)).toEqual([4, 12]);
    expect(numbersOf(gradients(multiply(stopGradient(state), x), [x])[0]!)).toEqual([2, 6]);
  });

  it("refuses what has no derivative or does not fit", () => {
    const x = vector(1, 2);
    const integers = dataTensor(Int32Array.of(1), [1], "int32");
    expect(() => gradients(x, [integers])).toThrow(DTypeError);
    expect(() => gradients(integers, [x])).toThrow(DTypeError);
    expect(() => gradients(x, [x], { cotangents: [] })).toThrow(ValueError);
    expect(() => gradients(x, [x], { cotangents: [scalar(1)] })).toThrow(ShapeError);
    expect(() => gradients(x, [x], { cotangents: [convert(x, "float32")] })).toThrow(DTypeError);
  });

  it("names the operation in nodes of its gradient", () => {
    const x = vector(1, 2);
    const y = withScope('net/Dense "a"', () => multiply(x, x));
    expect(gradients(y, [x])[0]!.node.scope).toBe('gradient of net/Dense "a"');
  });
});

describe("withGradient", () => {
  it("sends the cotangent through the rule and not into the value", () => {
    const x = vector(1, 2);
    const y = withGradient(multiply(x, x), [x], (cotangent) => [multiply(cotangent, fullLike(cotangent, 10))]);
    expect(numbersOf(y)).toEqual([1, 4]);
    expect(numbersOf(gradients(y, [x])[0]!)).toEqual([10, 10]);
  });

  it("can be differentiated again, through what the rule built", () => {
    const x = scalar(3);
    const cube = withGradient(multiply(x, multiply(x, x)), [x], (c) => [multiply(c, multiply(constant(3, "float64"), multiply(x, x)))]);
    const first = gradients(cube, [x])[0]!;
    expect(numbersOf(first)).toEqual([27]);
    expect(numbersOf(gradients(first, [x])[0]!)).toEqual([18]);
  });

  it("says where a rule gives something that does not fit", () => {
    const x = vector(1, 2);
    const short = withGradient(negate(x), [x], () => []);
    const narrow = withGradient(negate(x), [x], () => [scalar(1)]);
    expect(() => gradients(short, [x])).toThrow(ValueError);
    expect(() => gradients(narrow, [x])).toThrow(ShapeError);
  });
});

describe("grad", () => {
  const square = (x: Tensor): Tensor => reduceSum(multiply(x, x), [0]);

  it("differentiates a function of a tensor, a Variable or data", () => {
    expect(numbersOf(grad(square)(vector(1, 2)))).toEqual([2, 4]);
    expect(numbersOf(grad((x: Tensor | number[]) => square(x as Tensor))([1, 2]))).toEqual([2, 4]);
    expect(numbersOf(grad((w: Variable) => square(w.read()))(variable(1, 2)))).toEqual([2, 4]);
  });

  it("gives the structure of a tree", () => {
    const f = (p: { w: Tensor; rest: Tensor[] }): Tensor => square(concatenate([p.w, ...p.rest], 0));
    const gradient = grad(f)({ w: vector(1), rest: [vector(2, 3), vector(4)] });
    expect(numbersOf(gradient.w)).toEqual([2]);
    expect(gradient.rest.map(numbersOf)).toEqual([[4, 6], [8]]);
  });

  it("gives the value too, by any argument", () => {
    const ratio = (x: Tensor, y: Tensor): Tensor => divide(x, y);
    const [value, slope] = valueAndGrad(ratio, { argnum: 1 })(scalar(3), scalar(2));
    expect([numbersOf(value), numbersOf(slope)]).toEqual([[1.5], [-0.75]]);
  });

  it("nests", () => {
    const second = grad((x: Tensor) => grad(cos)(x));
    expect(numbersOf(second(scalar(0.4)))[0]).toBeCloseTo(-Math.cos(0.4), 14);
  });

  it("refuses functions whose result is no float scalar", () => {
    expect(() => grad((x: Tensor) => slice(x, [0], [1]))(vector(1, 2))).toThrow(ShapeError);
    expect(() => grad((x: Tensor) => convert(x, "int32"))(scalar(1))).toThrow(ShapeError);
  });
});
