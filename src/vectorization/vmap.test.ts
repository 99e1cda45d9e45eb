import { describe, expect, it } from "vitest";
import { gradients } from "../autodiff/index.ts";
import { evaluate } from "../backends/reference/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { apply, dataTensor, type NdArray, sizeOf, type Tensor } from "../graph/index.ts";
import { add, allPrimitives, concatenate, constant, less, multiply, reduceSum, reshape, sin, withGradient } from "../primitives/index.ts"; // prettier-ignore
import * as ops from "../ops/index.ts";
import { batchRuleOf, vmap } from "./index.ts";

const leaves = new Set(["leaf", "constant", "iota"]);
const tensorOf = ({ data, shape, dtype }: NdArray): Tensor => dataTensor(data.slice(), shape, dtype);

/** The same sample with its floats changed, so that examples differ; integers (positions) go backwards. */
function varied(input: NdArray, example: number): NdArray {
  if (example === 0) return input;
  if (input.dtype === "float32") return { ...input, data: Float32Array.from(input.data, (value) => value * (1 + example / 4)) };
  return { ...input, data: example === 1 ? input.data.slice().reverse() : input.data.slice() };
}

function stacked(parts: readonly NdArray[]): Tensor {
  const tensors = parts.map((part) => reshape(tensorOf(part), [1, ...part.shape]));
  return concatenate(tensors, 0);
}

function expectSame(found: readonly NdArray[], wanted: readonly NdArray[]): void {
  found.forEach((array, i) => {
    const want = wanted[i]!;
    expect(array.shape).toEqual(want.shape);
    array.data.forEach((value: number, at: number) => {
      const expected = want.data[at]!;
      if (Object.is(value, expected) || value === expected || (Number.isNaN(value) && Number.isNaN(expected))) return;
      if (!(Math.abs(value - expected) <= 2e-6 * Math.max(1, Math.abs(expected))))
        expect.fail(`element ${at} is ${value}, not ${expected}`);
    });
  });
}

describe("a vectorized primitive gives what the examples give one by one:", () => {
  for (const primitive of allPrimitives.filter(({ lowering }) => !leaves.has(lowering.kind))) {
    it(primitive.name, () => {
      expect(batchRuleOf(primitive)).toBeDefined();
      for (const { inputs, attributes = {} } of primitive.samples()) {
        // Data-dependent positions must stay valid in every example.
        const free = inputs.map((input) => input.dtype === "float32" || !["gather", "scatter"].includes(primitive.lowering.kind));
        const examples = [0, 1, 2].map((example) => inputs.map((input, i) => (free[i]! || example === 2 ? varied(input, example) : input)));
        const one = (...xs: Tensor[]): Tensor[] => apply(primitive, xs, attributes);
        const wanted = examples.map((example) => evaluate(one(...example.map(tensorOf))));
        // All operands mapped, then each of them shared by all examples.
        for (let shared = -1; shared < inputs.length; shared++) {
          if (inputs.length === 1 && shared === 0) continue;
          const args = inputs.map((input, i) => (i === shared ? tensorOf(input) : stacked(examples.map((example) => example[i]!))));
          const found = evaluate(vmap(one, { inAxes: inputs.map((_, i) => (i === shared ? null : 0)) })(...args));
          const expected =
            shared < 0
              ? wanted
              : examples.map((example) => evaluate(one(...example.map((input, i) => tensorOf(i === shared ? inputs[i]! : input)))));
          expectSame(
            found,
            found.map((array, output) => {
              const parts = expected.map((outputs) => outputs[output]!);
              const data = array.data.slice();
              parts.forEach((part, example) => data.set(part.data, example * part.data.length));
              return { shape: [3, ...parts[0]!.shape], dtype: array.dtype, data };
            }),
          );
          expect(sizeOf(found[0]!.shape) % 3).toBe(0);
        }
      }
    });
  }
});

describe("vmap", () => {
  const x = dataTensor(
    Float64Array.from({ length: 12 }, (_, i) => Math.sin(i + 1)),
    [3, 4],
    "float64",
  );
  const values = (t: Tensor): number[] => Array.from(evaluate([t])[0]!.data);

  it("shares what is not mapped, and maps any axis", () => {
    const w = dataTensor(
      Float64Array.from({ length: 3 }, (_, i) => i + 1),
      [3],
      "float64",
    );
    const dot = (row: Tensor, by: Tensor): Tensor => reduceSum(multiply(row, by), [0]);
    const columns = vmap(dot, { inAxes: [1, null] })(x, w);
    const direct = ops.matmul(w, x);
    expect(columns.shape).toEqual([4]);
    values(columns).forEach((value, i) => expect(value).toBeCloseTo(values(direct)[i]!, 14));
    expect(vmap((row: Tensor) => add(row, row), { outAxes: 1 })(x).shape).toEqual([4, 3]);
  });

  it("nests, and stands inside gradients", () => {
    const pairs = vmap((a: Tensor) => vmap((b: Tensor) => reduceSum(multiply(a, b), [0]))(x))(x);
    expect(pairs.shape).toEqual([3, 3]);
    values(pairs).forEach((value, i) => expect(value).toBeCloseTo(values(ops.matmul(x, ops.transpose(x)))[i]!, 14));
    const [g] = gradients([vmap((row: Tensor) => reduceSum(sin(row), [0]))(x)], [x]);
    values(g!).forEach((value, i) => expect(value).toBeCloseTo(Math.cos(values(x)[i]!), 14));
  });

  it("takes gradients per example", () => {
    const g = vmap((row: Tensor) => gradients([reduceSum(multiply(row, multiply(row, row)), [0])], [row])[0]!)(x);
    values(g).forEach((value, i) => expect(value).toBeCloseTo(3 * values(x)[i]! ** 2, 14));
  });

  it("keeps custom gradients", () => {
    const f = (row: Tensor): Tensor => withGradient(sin(row), [row], (cotangent) => [multiply(cotangent, multiply(row, row))]);
    const [g] = gradients([vmap(f)(x)], [x]);
    values(g!).forEach((value, i) => expect(value).toBeCloseTo(values(x)[i]! ** 2, 14));
  });

  it("lets every example of a loop stop when it is done", () => {
    const start = dataTensor(Float64Array.of(1, 10, 100), [3], "float64");
    const doubled = vmap(
      (one: Tensor) =>
      ops.whileLoop((y: Tensor) => ops.less(y, 90), (y: Tensor) => ops.multiply(y, 2), one), // prettier-ignore
    )(start);
    expect(values(doubled)).toEqual([128, 160, 100]);
    const grown = vmap((one: Tensor) => ops.scan((carry: Tensor, step: Tensor) => [ops.add(carry, step), carry], one, ops.arange(1, 4, 1, "float64")))(start); // prettier-ignore
    expect(values(grown[0])).toEqual([7, 16, 106]);
    expect(values(grown[1])).toEqual([1, 2, 4, 10, 11, 13, 100, 101, 103]);
    const [g] = gradients([vmap((one: Tensor) => ops.scan((carry: Tensor, step: Tensor) => [ops.multiply(carry, ops.add(carry, step)), null], one, ops.arange(1, 3, 1, "float64"))[0])(start)], [start]); // prettier-ignore
    // y = (c (c + 1)) (c (c + 1) + 2)
    values(g!).forEach((value, i) => {
      const c = values(start)[i]!;
      expect(value).toBeCloseTo((2 * c + 1) * (2 * c * (c + 1) + 2), 6);
    });
  });

  it("takes both branches where the examples differ", () => {
    const f = (one: Tensor): Tensor =>
      ops.cond(less(one, constant(5, "float64")), () => multiply(one, one), () => sin(one)); // prettier-ignore
    const start = dataTensor(Float64Array.of(1, 10, 3), [3], "float64");
    expect(values(vmap(f)(start))).toEqual([1, Math.sin(10), 9]);
  });

  it("refuses arguments whose numbers of examples differ, or that have none", () => {
    const sum = (a: Tensor, b: Tensor): Tensor => add(a, b);
    expect(() => vmap(sum)(x, ops.transpose(x))).toThrow(ShapeError);
    expect(() => vmap(sum, { inAxes: null })(x, x)).toThrow(ValueError);
    expect(() => vmap(sum, { inAxes: 2 })(x, x)).toThrow(/axis 2 does not exist/);
  });
});
