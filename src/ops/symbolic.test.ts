import { describe, expect, it } from "vitest";
import { dataTensor, isSymbolic, symbolicTensor, type Tensor, Variable } from "../graph/index.ts";
import { defineOp } from "./define-op.ts";
import * as ops from "./index.ts";
import { callAgain, inferSymbolic, originOf, symbolicCall } from "./symbolic.ts";

const input = (...shape: (number | null)[]): Tensor => symbolicTensor(shape, "float32", undefined);

describe("operations on symbolic tensors", () => {
  it("infer shapes with an unknown batch", () => {
    expect(ops.relu(input(null, 3)).shape).toEqual([null, 3]);
    expect(ops.matmul(input(null, 8, 3), input(null, 3, 5)).shape).toEqual([null, 8, 5]);
    expect(ops.sum(input(null, 4), 0).shape).toEqual([4]);
    expect(ops.add(input(null, 3), dataTensor(new Float32Array(3), [3], "float32")).shape).toEqual([null, 3]);
  });

  it("infer shapes with unknown batch and time", () => {
    const x = input(null, null, 8);
    expect(ops.transpose(x, [1, 0, 2]).shape).toEqual([null, null, 8]);
    expect(ops.concatenate([x, x], { axis: 2 }).shape).toEqual([null, null, 16]);
    expect(ops.matmul(x, ops.transpose(x, [0, 2, 1])).shape).toEqual([null, null, null]);
    expect(ops.mean(x, 1).shape).toEqual([null, 8]);
  });

  it("infer a reshape that needs an extent which divides well", () => {
    const inGroups = defineOp("inGroups", (x: Tensor) => ops.reshape(x, [x.dim(0) / 4, 12]));
    expect(inGroups(input(null, 3)).shape).toEqual([null, 12]);
  });

  it("keep dtypes and trees", () => {
    const both = defineOp("both", (x: Tensor) => ({ first: ops.cast(x, "int32"), rest: [x, null] as const }));
    const out = both(input(null, 2));
    expect(out.first.dtype).toBe("int32");
    expect(out.rest[0].shape).toEqual([null, 2]);
    expect(out.rest[1]).toBeNull();
  });

  it("record the call, so that it can be made again", () => {
    const x = input(null, 3);
    const y = ops.add(x, 1);
    const origin = originOf(y)!;
    expect(origin.args).toEqual([x, 1]);
    expect(origin.outputs).toEqual([y]);
    expect(origin.result).toBe(y);
    const concrete = callAgain(origin.callable, [dataTensor(new Float32Array(6), [2, 3], "float32"), 1]) as Tensor;
    expect(isSymbolic(concrete)).toBe(false);
    expect(concrete.shape).toEqual([2, 3]);
    expect(originOf(x)).toBeUndefined();
  });

  it("record one call for several outputs", () => {
    const [a, b] = ops.split(input(null, 4), 2, 1) as [Tensor, Tensor];
    expect(originOf(a)!.outputs).toBe(originOf(b)!.outputs);
    expect([originOf(a)!.outputIndex, originOf(b)!.outputIndex]).toEqual([0, 1]);
  });

  it("find symbolic tensors inside lists and options", () => {
    const x = input(null, 2);
    expect(isSymbolic(ops.stack([x, x]))).toBe(true);
    const scaled = defineOp("scaled", (y: Tensor, options: { by: Tensor }) => ops.multiply(y, options.by));
    expect(isSymbolic(scaled(dataTensor(new Float32Array(2), [2], "float32"), { by: x }))).toBe(true);
  });

  it("name the operation and say which extent is made up where shapes do not fit", () => {
    expect(() => ops.matmul(input(null, 3), input(null, 5))).toThrow("matmul");
    expect(() => ops.matmul(input(null, 3), input(null, 5))).toThrow("not known yet");
  });
});

it("shape inference assigns nothing", () => {
  const v = new Variable([0]);
  const version = v.read();
  const out = inferSymbolic([input(null, 3)], ([x]) => {
    v.assign(ops.add(v, 1));
    return ops.exp(x as Tensor);
  });
  expect(out.shape).toEqual([null, 3]);
  expect(v.read()).toBe(version);
});

it("a symbolic call belongs to its callable", () => {
  const layer = (x: Tensor): Tensor => ops.exp(x);
  const x = input(2);
  const y = symbolicCall(layer, [x], ([concrete]) => layer(concrete as Tensor));
  expect(y.shape).toEqual([2]);
  expect(originOf(y)!.callable).toBe(layer);
});
