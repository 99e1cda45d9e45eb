import { describe, expect, it } from "vitest";
import { gradients } from "../../autodiff/index.ts";
import { evaluate, interpret } from "../../backends/reference/index.ts";
import { dataTensor, Subgraph, type Tensor, trace, Variable } from "../../graph/index.ts";
import * as ops from "../index.ts";

const vector = (...values: number[]): Tensor => dataTensor(Float32Array.from(values), [values.length], "float32");
const numbers = (tensor: Tensor): number[] => Array.from(evaluate([tensor])[0]!.data);

describe("scan", () => {
  it("carries a value along a sequence and stacks the outputs", () => {
    const [total, sums] = ops.scan((carry: Tensor, x: Tensor) => [ops.add(carry, x), ops.add(carry, x)] as const, 0, vector(1, 2, 3));
    expect(numbers(total)).toEqual([6]);
    expect(numbers(sums)).toEqual([1, 3, 6]);
  });

  it("uses tensors and variables from outside, and gives them gradients", () => {
    const factor = vector(2, 3);
    const step = (carry: Tensor, x: Tensor): readonly [Tensor, null] => [ops.relu(ops.add(ops.multiply(carry, factor), x)), null];
    const x = dataTensor(Float32Array.of(1, 1, 1, 1), [2, 2], "float32");
    const [last] = ops.scan(step, vector(1, 1), x);
    // c1 = f + 1, c2 = f^2 + f + 1.
    expect(numbers(last)).toEqual([7, 13]);
    const [byFactor, byX] = gradients([last], [factor, x]);
    expect(numbers(byFactor!)).toEqual([5, 7]);
    expect(numbers(byX!)).toEqual([2, 3, 1, 1]);
  });

  it("keeps closed-form gradients of what its body calls", () => {
    const scale = vector(0.5, -0.25);
    const [last] = ops.scan(
      (carry: Tensor, x: Tensor) => [ops.softmax(ops.add(ops.multiply(carry, scale), x)), null] as const,
      vector(0.5, 0.5),
      ops.reshape(vector(0, 1, 2, 0.5, -1, 0.25), [3, 2]),
    );
    const loss = ops.sum(ops.multiply(last, vector(1, 3)));
    const [gradient] = gradients([loss], [scale]);
    const at = (a: number, b: number): number => {
      let carry = [0.5, 0.5];
      for (const x of [
        [0, 1],
        [2, 0.5],
        [-1, 0.25],
      ]) {
        const e = [Math.exp(carry[0]! * a + x[0]!), Math.exp(carry[1]! * b + x[1]!)];
        carry = e.map((v) => v / (e[0]! + e[1]!));
      }
      return carry[0]! + 3 * carry[1]!;
    };
    const h = 1e-5;
    const expected = [(at(0.5 + h, -0.25) - at(0.5 - h, -0.25)) / (2 * h), (at(0.5, -0.25 + h) - at(0.5, -0.25 - h)) / (2 * h)];
    numbers(gradient!).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  });

  it("scans trees, backwards", () => {
    const [carry, ys] = ops.scan(
      (c: { a: Tensor }, { p, q }: { p: Tensor; q: Tensor }) => {
        const a = ops.subtract(ops.multiply(p, q), c.a);
        return [{ a }, { a }] as const;
      },
      { a: 0 },
      { p: vector(1, 2), q: vector(3, 4) },
      null,
      { reverse: true },
    );
    expect(numbers(carry.a)).toEqual([-5]);
    expect(numbers(ys.a)).toEqual([-5, 8]);
  });

  it("reads variables through what its body makes of them", () => {
    const weight = new Variable([2, 3], { name: "weight" });
    const { result, reads } = trace(
      () =>
        ops.scan(
          (carry: Tensor, x: Tensor) => [ops.add(ops.multiply(carry, ops.square(weight)), x), null] as const,
          vector(1, 1),
          ops.ones([2, 2]),
        )[0],
    );
    expect([...reads.keys()]).toEqual([weight]);
    const gradient = gradients([result], [...reads.values()])[0]!;
    const graph = new Subgraph([...reads.values()], [result, gradient]);
    const [total, slope] = interpret(graph, [{ shape: [2], dtype: "float32", data: Float32Array.of(2, 3) }]);
    expect(Array.from(total!.data)).toEqual([21, 91]);
    expect(Array.from(slope!.data)).toEqual([36, 114]);
  });

  it("refuses a carry that changes its type, and assigning a variable in the body", () => {
    expect(() =>
      ops.scan((carry: Tensor, x: Tensor) => [ops.concatenate([carry, x]), null] as const, vector(1), ops.reshape(vector(1, 2), [2, 1])),
    ).toThrow(/must keep/);
    const count = new Variable(0, { name: "count" });
    expect(() =>
      ops.scan(
        (carry: Tensor, x: Tensor) => {
          count.assign(ops.add(count, 1));
          return [ops.add(carry, x), null] as const;
        },
        0,
        vector(1),
      ),
    ).toThrow(/assigns a variable \(count\)/);
  });

  it("reads a variable of a trace", () => {
    const weight = new Variable([2], { name: "weight" });
    const { result, reads } = trace(
      () =>
        ops.scan(
          (carry: Tensor, x: Tensor) => [ops.multiply(ops.add(carry, x), weight), null] as const,
          vector(0),
          ops.reshape(vector(1, 2), [2, 1]),
        )[0],
    );
    expect([...reads.keys()]).toEqual([weight]);
    expect(gradients([result], [...reads.values()])).toHaveLength(1);
  });
});

describe("whileLoop", () => {
  it("runs until the condition fails", () => {
    const [i, x] = ops.whileLoop(
      (n: Tensor, _: Tensor) => ops.less(n, 5),
      (n: Tensor, y: Tensor) => [ops.add(n, 1), ops.multiply(y, 2)],
      [0, vector(1, 3)],
    ) as unknown as [Tensor, Tensor];
    expect(numbers(i)).toEqual([5]);
    expect(numbers(x)).toEqual([32, 96]);
  });

  it("has gradients with maximumIterations", () => {
    const x = vector(3);
    const y = ops.whileLoop(
      (v: Tensor) => ops.less(ops.sum(v), 100),
      (v: Tensor) => ops.multiply(v, x),
      x,
      10,
    );
    // x^5 = 243.
    expect(numbers(y)).toEqual([243]);
    expect(numbers(gradients([y], [x])[0]!)).toEqual([5 * 81]);
  });
});

describe("cond", () => {
  it("runs one branch and differentiates it", () => {
    const x = vector(2, 3);
    for (const flag of [true, false]) {
      const y = ops.cond(
        flag,
        () => ops.square(x),
        () => ops.multiply(x, 10),
      );
      expect(numbers(y)).toEqual(flag ? [4, 9] : [20, 30]);
      expect(numbers(gradients([y], [x])[0]!)).toEqual(flag ? [4, 6] : [10, 10]);
    }
  });
});

describe("foriLoop and stopGradient", () => {
  it("count, and cut gradients", () => {
    const y = ops.foriLoop(1, 4, (i, v: Tensor) => ops.add(v, ops.cast(i, "float32")), vector(0.5));
    expect(numbers(y)).toEqual([6.5]);
    const x = vector(2);
    expect(numbers(gradients([ops.multiply(x, ops.stopGradient(x))], [x])[0]!)).toEqual([2]);
  });
});
