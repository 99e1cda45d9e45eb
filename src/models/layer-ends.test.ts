import { beforeAll, expect, it } from "vitest";
import { StateError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import type { Layer } from "../layers/index.ts";
import { Input } from "../layers/index.ts";
import * as layers from "../layers/index.ts";
import * as ops from "../ops/index.ts";
import { tensor } from "../ops/tensor.ts";
import { setBackend } from "../runtime/index.ts";
import "../register.ts";
import { Model, Sequential, modelFromJSON } from "./index.ts";

beforeAll(async () => {
  await setBackend("reference");
});

const x = tensor([[1, -2, 3]]);

it("a network goes on from the output of another, and shares its weights", async () => {
  const base = new Sequential(
    [Input({ shape: [3] }), layers.Dense({ units: 4, activation: "relu", name: "hidden" }), layers.Dense({ units: 2 })],
    {
      name: "base",
    },
  );
  expect(base.name).toBe("base");
  const head = new Model({ inputs: base.input, outputs: layers.Dense({ units: 1 })(base.output) });
  expect([base.inputShape, base.outputShape, head.outputShape]).toEqual([[null, 3], [null, 2], [null, 1]]); // prettier-ignore
  const both = new Model({ inputs: base.input, outputs: { a: base.output, b: head.output } });
  expect(both.outputShape).toEqual({ a: [null, 2], b: [null, 1] });
  const hidden = base.getLayer("hidden");
  const part = new Model({ inputs: base.input, outputs: hidden.output as Tensor });
  const [kernel, bias] = hidden.weights;
  const expected = ops.relu(ops.add(ops.matmul(x, kernel!), bias!));
  expect(await (await part.predict(x)).array()).toEqual(await expected.array());
  expect(head.weights.slice(0, 2)).toEqual(hidden.weights);
});

it("models read from JSON have the ends of their layers", async () => {
  const inputs = Input({ shape: [3], name: "in" });
  const model = new Model({
    inputs,
    outputs: layers.Dense({ units: 2, name: "last" })(layers.Dropout({ rate: 0.5, name: "between" })(inputs)),
  });
  const again = modelFromJSON(JSON.stringify(model));
  const dropped = again.getLayer("between");
  expect(dropped.input).toBe(again.input);
  expect(again.getLayer("in").output).toBe(again.input);
  expect(again.getLayer("last").input).toBe(dropped.output);
  expect(again.getLayer("last").output).toBe(again.output);
  await Promise.resolve();
});

it("a shared layer has the ends of its first call, a layer of several inputs a list", () => {
  const [a, b] = [Input({ shape: [3] }), Input({ shape: [3] })];
  const shared = layers.Dense({ units: 2 });
  const first = shared(a);
  shared(b);
  expect(shared.input).toBe(a);
  expect(shared.output).toBe(first);
  const sum = layers.Add();
  const total = sum([a, b]);
  expect(sum.input).toEqual([a, b]);
  expect(sum.output).toBe(total);
  const attention = layers.MultiHeadAttention({ numHeads: 1, keyDim: 2 });
  const [query, value] = [Input({ shape: [2, 3] }), Input({ shape: [4, 3] })];
  attention(query, value);
  expect(attention.input).toEqual([query, value]);
});

it("a class of one's own has them once it was called on symbolic tensors, and says so before", () => {
  class Twice extends Model {
    static override readonly className = "Twice";
    override call(inputs: Tensor): Tensor {
      return ops.multiply(inputs, 2);
    }
  }
  const twice = new Twice();
  expect(() => twice.output).toThrow(StateError);
  expect(() => twice.input).toThrow(/has not been called on symbolic tensors[^]*Input\(\{ shape \}\)/);
  twice(x);
  expect(() => twice.output).toThrow(StateError);
  const inputs = Input({ shape: [3] });
  const outputs = twice(inputs);
  expect([twice.input, twice.output]).toEqual([inputs, outputs]);
  const layer: Layer = layers.Dense({ units: 1 });
  expect(() => layer.output).toThrow(/Dense "dense/);
});

it("layers do without an activation that was taken away, as programs that look at logits do", async () => {
  for (const [last, input] of [
    [layers.Dense({ units: 2, activation: "softmax" }), x],
    [layers.EinsumDense({ equation: "ab,bc->ac", outputShape: 2, activation: "relu" }), x],
    [layers.Conv1D({ filters: 2, kernelSize: 2, activation: "relu" }), ops.reshape(x, [1, 3, 1])],
    [layers.Conv1DTranspose({ filters: 2, kernelSize: 2, activation: "relu" }), ops.reshape(x, [1, 3, 1])],
    [layers.DepthwiseConv1D({ kernelSize: 2, activation: "relu" }), ops.reshape(x, [1, 3, 1])],
    [layers.SeparableConv1D({ filters: 2, kernelSize: 2, activation: "relu" }), ops.reshape(x, [1, 3, 1])],
  ] as const) {
    const activated = last.activation!;
    const before = last(input);
    last.activation = null;
    expect(await before.array()).toEqual(await activated(last(input)).array());
    expect(layers.deserialize(last.toJSON()).getConfig().activation).toBe("linear");
  }
});
