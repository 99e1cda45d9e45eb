import { expect, it } from "vitest";
import { errors, gradients, layers, ops, RematScope, Sequential, setRandomSeed, tensor, type Tensor } from "../index.ts";
import { computedAgain } from "../testing/computed-again.ts";

const x = tensor(
  Float32Array.from({ length: 8 * 6 }, (_, i) => Math.sin(i)),
  { shape: [8, 6] },
);
const y = tensor(
  Float32Array.from({ length: 16 }, (_, i) => Math.cos(i)),
  { shape: [8, 2] },
);

function model(scope: () => RematScope | null): Sequential {
  setRandomSeed(2);
  const opened = scope();
  const made = new Sequential([
    layers.Dense({ units: 16, activation: "gelu", inputDim: 6, name: "first" }),
    layers.BatchNormalization(),
    layers.Dropout({ rate: 0.3, seed: 4 }),
    layers.Dense({ units: 2 }),
  ]);
  opened?.close();
  made.compile({ optimizer: "adam", loss: "mse" });
  return made;
}

it("training is the same with layers that are computed again, but for rounding", async () => {
  const trained = async (made: Sequential): Promise<number[]> => {
    const { history } = await made.fit(x, y, { epochs: 2, batchSize: 4, shuffle: false, verbose: 0 });
    const weights = await Promise.all((await made.getWeights()).map(async (weight) => [...(await weight.data())]));
    return [...history.loss!, ...weights.flat()];
  };
  const plain = await trained(model(() => null));
  for (const mode of ["full", "activations", "list_of_layers"] as const) {
    const saving = await trained(model(() => new RematScope({ mode, layerNames: ["first"] })));
    expect(saving.length).toBe(plain.length);
    saving.forEach((value, i) => {
      expect(value).toBeCloseTo(plain[i]!, 5);
    });
  }
});

it("what is computed again is what the mode says, for layers made while the scope is open", () => {
  const count = (layer: (x: Tensor) => Tensor): number => {
    const h = tensor(
      Float32Array.from({ length: 12 }, (_, i) => i),
      { shape: [2, 6] },
    );
    return computedAgain(gradients(ops.sum(layer(h)), [h])[0]!);
  };
  const dense = (name: string): ((x: Tensor) => Tensor) => layers.Dense({ units: 3, activation: "sigmoid", name });
  const within = (scope: RematScope, name = "a"): number => {
    const layer = dense(name);
    scope.close();
    return count(layer);
  };
  expect(count(dense("a"))).toBe(0);
  expect(within(new RematScope())).toBe(1);
  expect(within(new RematScope({ mode: "activations" }))).toBe(1);
  expect(within(new RematScope({ mode: "larger_than", outputSizeThreshold: 6 }))).toBe(0);
  expect(within(new RematScope({ mode: "larger_than", outputSizeThreshold: 5 }))).toBe(1);
  expect(within(new RematScope({ mode: "list_of_layers", layerNames: ["b"] }))).toBe(0);
  expect(within(new RematScope({ mode: "list_of_layers", layerNames: ["b"] }), "b")).toBe(1);
  {
    using _outer = new RematScope();
    expect(within(new RematScope({ mode: null }))).toBe(0);
    expect(count(dense("c"))).toBe(1);
  }
  expect(count(dense("d"))).toBe(0);
  expect(() => new RematScope({ mode: "some" as never })).toThrow(errors.ValueError);
});
