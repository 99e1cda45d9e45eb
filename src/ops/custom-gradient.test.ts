import { beforeAll, expect, it } from "vitest";
import { gradients, valueAndGrad } from "../autodiff/index.ts";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { dataTensor, symbolicTensor, type Tensor } from "../graph/index.ts";
import { jit, registerBackend, setBackend } from "../runtime/index.ts";
import { customGradient } from "./custom-gradient.ts";
import * as ops from "./index.ts";

const vector = (...values: number[]): Tensor => dataTensor(Float32Array.from(values), [values.length], "float32");

beforeAll(async () => {
  registerBackend("reference", createReferenceBackend);
  await setBackend("reference");
});

it("a custom gradient takes the place of the composed one", async () => {
  const log1pExp = customGradient((x) => {
    const e = ops.exp(x);
    return [ops.log(ops.add(1, e)), (upstream) => ops.multiply(upstream, ops.subtract(1, ops.divide(1, ops.add(1, e))))];
  });
  const x = vector(100, 0);
  const [slope] = gradients([ops.sum(log1pExp(x))], [x]);
  expect(await slope!.array()).toEqual([1, 0.5]);
});

it("several values share one custom gradient", async () => {
  const f = customGradient((x, y) => [[ops.multiply(x, y), ops.add(x, y)], (a, b) => [ops.multiply(a, 10), ops.multiply(b, 100)]]);
  const [x, y] = [vector(2), vector(3)];
  const [product, total] = f(x, y) as readonly Tensor[];
  expect(await product!.item()).toBe(6);
  const [byX, byY] = gradients([ops.sum(ops.add(product!, total!))], [x, y]);
  expect(await byX!.item()).toBe(10);
  expect(await byY!.item()).toBe(100);
});

it("a function with a custom gradient takes symbolic tensors", () => {
  const f = customGradient((x) => [ops.exp(x), (upstream) => upstream]);
  expect(f(symbolicTensor([null, 3], "float32", undefined)).shape).toEqual([null, 3]);
});

it("says what the function should return", () => {
  // @ts-expect-error A function without a gradient.
  const f = customGradient((x) => [ops.exp(x)]);
  expect(() => f(vector(1))).toThrow("[tensor or list of tensors");
});

it("a gradient goes through a jitted function", async () => {
  const square = jit((x: Tensor) => ops.square(x));
  const [value, slope] = valueAndGrad((x: Tensor) => ops.sum(square(x)))(vector(1, 3));
  expect(await value.item()).toBe(10);
  expect(await slope.array()).toEqual([2, 6]);
});
