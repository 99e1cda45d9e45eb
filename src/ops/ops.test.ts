import { describe, expect, it } from "vitest";
import "./tensor-methods.ts";
import { gradients } from "../autodiff/index.ts";
import { evaluate } from "../backends/reference/index.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import * as ops from "./index.ts";

const tensor = (values: number[], shape = [values.length]): Tensor => dataTensor(Float32Array.from(values), shape, "float32");
const integers = (values: number[], shape = [values.length]): Tensor => dataTensor(Int32Array.from(values), shape, "int32");
const numbers = (x: Tensor): number[] => Array.from(evaluate([x])[0]!.data);

describe("dtypes", () => {
  it("promote tensors, and numbers follow the tensors beside them", () => {
    const i = integers([1, 2]);
    const b = ops.less(i, 2);
    expect(ops.add(i, 1).dtype).toBe("int32");
    expect(ops.add(i, 0.5).dtype).toBe("float32");
    expect(ops.add(b, 1).dtype).toBe("int32");
    expect(ops.add(b, i).dtype).toBe("int32");
    expect(ops.multiply(i, tensor([1, 2])).dtype).toBe("float32");
    expect(ops.add(1, 2).dtype).toBe("float32");
    expect(ops.divide(i, 2).dtype).toBe("float32");
    expect(ops.sum(b).dtype).toBe("int32");
    expect(ops.mean(i).dtype).toBe("float32");
    expect(ops.exp(i).dtype).toBe("float32");
    expect(ops.add(ops.cast(i, "float64"), tensor([1, 2])).dtype).toBe("float64");
  });
});

describe("what random cases of Keras found", () => {
  const truths = dataTensor(Uint8Array.of(0, 1), [2], "bool");

  it("abs, sign and nanToNum leave booleans booleans", () => {
    for (const f of [ops.abs, ops.absolute, ops.sign, ops.nanToNum])
      expect([f(truths).dtype, numbers(f(truths))]).toEqual(["bool", [0, 1]]);
  });

  it("relu, relu6 and what is made of it keep NaN, and relu6 keeps integers", () => {
    for (const f of [ops.relu, ops.relu6, ops.hardSigmoid, ops.hardSilu]) expect(numbers(f(tensor([NaN])))).toEqual([NaN]);
    expect([ops.relu6(integers([-2, 3, 9])).dtype, numbers(ops.relu6(integers([-2, 3, 9])))]).toEqual(["int32", [0, 3, 6]]);
  });

  it("full of booleans takes any number", () => {
    expect(numbers(ops.full([2], 2, "bool"))).toEqual([1, 1]);
    expect(numbers(ops.full([2], 0, "bool"))).toEqual([0, 0]);
  });

  it("multiHot joins the classes along axis 1", () => {
    const classes = integers([0, 1, 2, 2], [1, 2, 2]);
    expect([ops.multiHot(classes, 3).shape, numbers(ops.multiHot(classes, 3))]).toEqual([
      [1, 2, 3],
      [1, 0, 1, 0, 1, 1],
    ]);
    expect(numbers(ops.multiHot(integers([0, 2]), 3, { dtype: "int32" }))).toEqual([1, 0, 1]);
  });

  it("eye and tri take the number of columns by Keras's name", () => {
    expect(ops.eye(2, { M: 3, k: 1 }).shape).toEqual([2, 3]);
    expect(numbers(ops.tri(1, { M: 2 }))).toEqual([1, 0]);
  });

  it("image.resize keeps integers and cuts the fraction off", () => {
    const pixels = integers([0, -1], [1, 2, 1]);
    const y = ops.image.resize(pixels, [1, 1]);
    expect([y.dtype, numbers(y)]).toEqual(["int32", [0]]);
  });
});

describe("arguments", () => {
  it("are taken by position and in an options object", () => {
    const x = tensor([1, 2, 3, 4], [2, 2]);
    expect(numbers(ops.sum(x, 0))).toEqual([4, 6]);
    expect(numbers(ops.sum(x, { axis: -1 }))).toEqual([3, 7]);
    expect(ops.sum(x, 1, true).shape).toEqual([2, 1]);
    expect(ops.sum(x, { axis: 1, keepdims: true }).shape).toEqual([2, 1]);
    expect(() => ops.sum(x, { axes: 1 } as object)).toThrow(/"axis"/);
  });

  it("that do not fit are refused when the graph is built, with the operation's name", () => {
    expect(() => ops.add(tensor([1, 2]), tensor([1, 2, 3]))).toThrow(/add.*[\s\S]*\[2\] and \[3\]/);
    expect(() => ops.matmul(tensor([1, 2], [1, 2]), tensor([1, 2, 3], [3, 1]))).toThrow(/matmul/);
    expect(() => ops.sum(tensor([1]), 3)).toThrow(/sum.*axis/);
    expect(() => ops.einsum("ij,jk->ik", tensor([1, 2], [1, 2]), tensor([1, 2, 3], [3, 1]))).toThrow(/einsum/);
    expect(() => ops.reshape(tensor([1, 2, 3]), [2, 2])).toThrow(/reshape/);
    expect(() => ops.split(tensor([1, 2, 3]), 2)).toThrow(/equal parts/);
    expect(() => ops.maxPool(tensor([1, 2], [1, 2, 1]), 3)).toThrow(/does not fit/);
    expect(() => ops.conv(tensor([1, 2], [1, 1, 2]), tensor([1, 1, 1], [1, 3, 1]))).toThrow(/channels/);
    expect(() => ops.broadcastTo(tensor([1, 2]), [3])).toThrow(/broadcast/);
    expect(() => ops.sparseCategoricalCrossentropy(integers([1, 2, 3]), tensor([1, 2], [1, 2]))).toThrow(/labels/);
  });

  it("that are indices outside the axis name the operation when they run", () => {
    expect(numbers(ops.take(tensor([1, 2, 3]), integers([-1, 0])))).toEqual([3, 1]);
    expect(() => numbers(ops.take(tensor([1, 2, 3]), integers([3])))).toThrow(/take/);
  });
});

describe("numerics", () => {
  it("activations stay finite at large arguments, with their gradients", () => {
    const x = tensor([-1000, -80, 0, 80, 1000]);
    for (const f of [
      ops.softplus,
      ops.sigmoid,
      ops.silu,
      ops.elu,
      ops.selu,
      ops.gelu,
      ops.logSigmoid,
      ops.softmax,
      ops.logSoftmax,
      ops.hardSigmoid,
      ops.softsign,
    ]) {
      const y = f(x);
      const [gradient] = gradients([y], [x]);
      expect(numbers(y).every(Number.isFinite)).toBe(true);
      expect(numbers(gradient!).every(Number.isFinite)).toBe(true);
    }
    expect(numbers(ops.logsumexp(x))[0]).toBe(1000);
    expect(numbers(ops.logaddexp(tensor([-Infinity, 1000]), tensor([0, 1000])))[0]).toBe(0);
  });

  it("second derivatives of closed forms agree with differences of first ones", () => {
    const f = (x: Tensor): Tensor => ops.sum(ops.multiply(ops.softmax(x), tensor([1, -2, 3])));
    const at = [0.3, -0.2, 0.7];
    const first = (values: number[]): number => {
      const x = tensor(values);
      return numbers(gradients([f(x)], [x])[0]!)[0]!;
    };
    const x = tensor(at);
    const [g] = gradients([f(x)], [x]);
    const [second] = gradients([g!.getItem(0)], [x]);
    const h = 1e-2;
    at.forEach((_, i) => {
      const moved = (by: number): number[] => at.map((v, j) => (i === j ? v + by : v));
      expect(numbers(second!)[i]).toBeCloseTo((first(moved(h)) - first(moved(-h))) / (2 * h), 3);
    });
  });

  it("the cross-entropy of a softmax has the gradient p - t", () => {
    const logits = tensor([1, 2, 0.5, -1], [2, 2]);
    const target = tensor([0, 1, 1, 0], [2, 2]);
    const p = ops.softmax(logits);
    const [gradient] = gradients([ops.categoricalCrossentropy(target, p)], [logits]);
    const expected = numbers(ops.subtract(p, target));
    numbers(gradient!).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  });
});

describe("tensor methods", () => {
  it("are the operations", () => {
    const x = tensor([1, 2, 3, 4], [2, 2]);
    expect(numbers(x.add(1).mul(2).sub(x).div(1))).toEqual([3, 4, 5, 6]);
    expect(numbers(x.matmul(x).sum(0))).toEqual([22, 32]);
    expect(numbers(x.transpose().reshape([-1]))).toEqual([1, 3, 2, 4]);
    expect(numbers(x.neg().relu().mean())).toEqual([0]);
    expect(numbers(x.getItem(["...", -1]))).toEqual([2, 4]);
    expect(numbers(x.getItem([{ step: -1 }, { start: 1 }]))).toEqual([4, 2]);
  });
});
