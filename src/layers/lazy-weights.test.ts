import { describe, expect, it } from "vitest";
import { layers, setBackend, setRandomSeed, tensor } from "../index.ts";
import { unstoredStates } from "../graph/variable.ts";

await setBackend("reference");

describe("weights of a new layer", () => {
  it("are computed when they are first read, not with the next thing that runs", async () => {
    const dense = layers.Dense({ units: 3 });
    dense.build([null, 2]);
    expect(unstoredStates().filter((state) => state.label.includes(dense.name))).toEqual([]);
    await tensor([1]).add(1).data();
    expect(dense.kernel.state.initialize).toBeDefined();
    const values = await dense.kernel.data();
    expect(new Set(values).size).toBe(6);
    expect(await dense.kernel.data()).toEqual(values);
  });

  it("repeat with a seed, in whatever order they are read", async () => {
    const make = (): layers.Dense => {
      const dense = layers.Dense({ units: 4, kernelInitializer: "glorot_uniform", biasInitializer: "random_normal" });
      dense.build([null, 3]);
      return dense;
    };
    setRandomSeed(5);
    const [a, b] = [make(), make()];
    const first = [await a.kernel.data(), await a.bias!.data(), await b.kernel.data()];
    setRandomSeed(5);
    const [c, d] = [make(), make()];
    const later = await d.kernel.data();
    expect([await c.kernel.data(), await c.bias!.data(), later]).toEqual(first);
  });

  it("say at once when an initializer gives the wrong shape", () => {
    const wrong = (() => tensor([1]).add(1)) as never;
    expect(() => layers.Dense({ units: 3, kernelInitializer: wrong }).build([null, 2])).toThrow(/another shape|initializer/);
  });
});
