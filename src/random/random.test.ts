import { afterEach, describe, expect, it } from "vitest";
import { createReferenceBackend, evaluate } from "../backends/reference/index.ts";
import type { Tensor } from "../graph/index.ts";
import { registerBackend, setBackend } from "../runtime/index.ts";
import * as random from "./index.ts";

registerBackend("reference", createReferenceBackend);
await setBackend("reference");

const numbers = (tensor: Tensor): number[] => Array.from(evaluate([tensor])[0]!.data);
const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
const deviation = (x: readonly number[]): number => Math.sqrt(mean(x.map((v) => (v - mean(x)) ** 2)));

afterEach(() => random.setRandomSeed(0));

describe("random tensors", () => {
  it("repeat with the same seed and differ with another", () => {
    expect(numbers(random.normal([10], { seed: 3 }))).toEqual(numbers(random.normal([10], { seed: 3 })));
    expect(numbers(random.normal([10], { seed: 3 }))).not.toEqual(numbers(random.normal([10], { seed: 4 })));
  });

  it("follow setRandomSeed when no seed is given", async () => {
    const draw = async (): Promise<number[]> => {
      random.setRandomSeed(7);
      return [...(await random.uniform([4]).data()), ...(await random.uniform([4]).data()), random.makeDefaultSeed()];
    };
    const first = await draw();
    expect(await draw()).toEqual(first);
    expect(first.slice(0, 4)).not.toEqual(first.slice(4, 8));
  });

  it("come anew from a generator", async () => {
    const seed = random.SeedGenerator({ seed: 1 });
    expect(await random.uniform([4], { seed }).data()).not.toEqual(await random.uniform([4], { seed }).data());
    expect(await seed.state.array()).toEqual([1, 2]);
    expect(random.SeedGenerator.fromConfig(seed.getConfig()).seed).toBe(1);
  });

  it("have the mean and deviation that were asked for", () => {
    const n = 10_000;
    const within = (x: number[], m: number, s: number): void => {
      expect(Math.abs(mean(x) - m)).toBeLessThan((4.5 * s) / Math.sqrt(n));
      expect(Math.abs(deviation(x) / s - 1)).toBeLessThan(0.04);
    };
    within(numbers(random.normal([n], { mean: 2, stddev: 3, seed: 1 })), 2, 3);
    within(numbers(random.uniform([n], { minval: -1, maxval: 3, seed: 1 })), 1, 4 / Math.sqrt(12));
    const cut = numbers(random.truncatedNormal([n], { mean: 1, stddev: 2, seed: 1 }));
    within(cut, 1, 2 * 0.87962566103423978);
    expect(Math.max(...cut.map((x) => Math.abs(x - 1)))).toBeLessThanOrEqual(4);
  });

  it("draw integers of the range and classes of their probabilities", () => {
    const dice = numbers(random.randint([6000], 1, 7, { seed: 5 }));
    for (let side = 1; side <= 6; side++) expect(Math.abs(dice.filter((v) => v === side).length - 1000)).toBeLessThan(130);
    expect(dice.every((v) => v >= 1 && v <= 6)).toBe(true);
    const classes = numbers(random.categorical([[Math.log(1), Math.log(3)]], 4000, { seed: 2 }));
    expect(Math.abs(mean(classes) - 0.75)).toBeLessThan(0.03);
    expect(() => random.randint([1], 3, 3)).toThrow(/empty/);
  });

  it("have the moments of gamma and beta distributions, also of tiny shapes", () => {
    const n = 8000;
    for (const alpha of [0.3, 1, 4.5]) {
      const x = numbers(random.gamma([n], alpha, { seed: 2 }));
      expect(Math.abs(mean(x) - alpha)).toBeLessThan(5 * Math.sqrt(alpha / n));
      expect(Math.abs(deviation(x) / Math.sqrt(alpha) - 1)).toBeLessThan(0.08);
    }
    for (const [a, b] of [
      [0.2, 0.2],
      [2, 5],
    ] as const) {
      const x = numbers(random.beta([n], a, b, { seed: 3 }));
      const variance = (a * b) / ((a + b) ** 2 * (a + b + 1));
      expect(Math.abs(mean(x) - a / (a + b))).toBeLessThan(5 * Math.sqrt(variance / n));
      expect(Math.abs(deviation(x) / Math.sqrt(variance) - 1)).toBeLessThan(0.05);
    }
    const extreme = numbers(random.beta([200], 1e-6, 1e-6, { seed: 4 }));
    expect(extreme.every((x) => x === 0 || x === 1)).toBe(true);
    expect(Math.abs(mean(extreme) - 0.5)).toBeLessThan(0.2);
    expect(() => random.gamma([1], 0)).toThrow(/positive/);
  });

  it("count successes of trials", () => {
    const x = numbers(random.binomial([4000], 10, 0.3, { seed: 6 }));
    expect(Math.abs(mean(x) - 3)).toBeLessThan(0.1);
    expect(Math.abs(deviation(x) - Math.sqrt(2.1))).toBeLessThan(0.06);
    expect(numbers(random.binomial([3], [0, 5, 2], [0.5, 1, 0], { seed: 6 }))).toEqual([0, 5, 0]);
  });

  it("put parts into a random order, each order equally likely", () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 300; seed++) {
      const order = numbers(random.shuffle([0, 1, 2], { seed })).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(["012", "021", "102", "120", "201", "210"]);
    expect([...counts.values()].every((count) => Math.abs(count - 50) < 32)).toBe(true);
    const columns = numbers(random.shuffle([[1, 2, 3], [4, 5, 6]], { axis: 1, seed: 1 })); // prettier-ignore
    expect(columns.slice(0, 3).map((v) => v + 3)).toEqual(columns.slice(3));
  });

  it("drop a share of the elements and scale the others", () => {
    const x = new Float32Array(4000).fill(2);
    const y = numbers(random.dropout(x, 0.25, { seed: 9 }));
    const kept = y.filter((v) => v !== 0);
    expect(new Set(kept.map((v) => Math.round(v * 1e5)))).toEqual(new Set([Math.round((2 / 0.75) * 1e5)]));
    expect(Math.abs(kept.length / 4000 - 0.75)).toBeLessThan(0.03);
    expect(numbers(random.dropout(x, 0, { seed: 9 }))).toEqual(Array.from(x));
    expect(
      numbers(
        random.dropout(
          [
            [1, 2],
            [3, 4],
          ],
          0.5,
          { noiseShape: [null, 1], seed: 4 },
        ),
      ).filter((v) => v === 0).length % 2,
    ).toBe(0);
    expect(() => random.dropout(x, 1.5)).toThrow(/probability/);
  });
});
