import { beforeAll, expect, it } from "vitest";
import { gradients, layers, ops, setBackend, tensor } from "../index.ts";

beforeAll(() => setBackend("reference"));

const kernel = [
  [0.9, -0.1],
  [-0.8, 0.6],
];

it("multiplies by signs of large weights, scaled by their mean size", async () => {
  const layer = layers.TernaryDense({ units: 2, biasInitializer: "ones" });
  layer.build([null, 2]);
  await layer.setWeights([kernel, [1, 1]]);
  // The mean size is 0.6: weights of at most 0.3 count as 0.
  const y = await layer(tensor([[1, 2]])).array();
  expect(y).toEqual([[Math.fround(1 - 0.6), Math.fround(1 + 1.2)].map((value) => expect.closeTo(value, 6))]);
});

it("a threshold of its own leaves the scale at 1; 0 makes no weight 0", async () => {
  const layer = layers.TernaryDense({ units: 2, threshold: 0, useBias: false });
  layer.build([null, 2]);
  await layer.setWeights([kernel]);
  expect(await layer(tensor([[1, 2]])).array()).toEqual([[-1, 1]]);
  layer.threshold = 1e9;
  expect(await layer(tensor([[1, 2]])).array()).toEqual([[0, 0]]);
});

it("passes gradients to the kernel as a Dense layer would", async () => {
  const layer = layers.TernaryDense({ units: 2, threshold: 0.3, useBias: false });
  layer.build([null, 2]);
  const [gradient] = gradients([ops.sum(layer(tensor([[1, 2]])))], [layer.kernel]);
  expect(await gradient!.array()).toEqual([
    [1, 1],
    [2, 2],
  ]);
});
