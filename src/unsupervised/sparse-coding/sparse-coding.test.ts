import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../data/random-numbers.ts";
import { tensor } from "../../index.ts";
import { DictionaryLearning, samplePatches, sparseEncode, sparseObjective } from "../index.ts";

const random = randomNumbers(5);
const atoms = Array.from({ length: 20 }, () => {
  const row = Array.from({ length: 12 }, () => random.normal());
  const length = Math.hypot(...row);
  return row.map((value) => value / length);
});
/** Signals of two atoms each, and a little noise. */
const signals = Array.from({ length: 60 }, () => {
  const [a, b] = [random.index(20), random.index(20)];
  const [u, v] = [1 + random.uniform(), -1 - random.uniform()];
  return atoms[a]!.map((value, j) => u * value + v * atoms[b]![j]! + 0.02 * random.normal());
});

describe("sparseEncode", () => {
  it("reaches the same objective by ISTA, FISTA and coordinate descent, FISTA in fewer steps than ISTA", async () => {
    const value = async (algorithm: "ista" | "fista" | "coordinateDescent", maxIter: number): Promise<number> =>
      sparseObjective(signals, await sparseEncode(signals, atoms, { alpha: 0.1, algorithm, maxIter, tol: 1e-7 }), atoms, 0.1);
    const best = await value("coordinateDescent", 5000);
    expect((await value("fista", 3000)) / best).toBeCloseTo(1, 5);
    expect((await value("ista", 6000)) / best).toBeCloseTo(1, 4);
    expect(await value("fista", 40)).toBeLessThan(await value("ista", 40));
  });

  it("meets the conditions of the minimum: slopes of alpha where a code is not zero, less elsewhere", async () => {
    const codes = (await (
      await sparseEncode(signals, atoms, { alpha: 0.1, algorithm: "coordinateDescent", tol: 1e-9 })
    ).array()) as number[][];
    codes.forEach((z, row) => {
      const rest = signals[row]!.map((value, j) => value - z.reduce((sum, code, k) => sum + code * atoms[k]![j]!, 0));
      z.forEach((code, k) => {
        const slope = rest.reduce((sum, value, j) => sum + value * atoms[k]![j]!, 0);
        if (code !== 0) expect(slope).toBeCloseTo(0.1 * Math.sign(code), 4);
        else expect(Math.abs(slope)).toBeLessThan(0.1 + 1e-4);
      });
    });
    const zeros = codes.flat().filter((code) => code === 0).length;
    expect(zeros).toBeGreaterThan(600);
  });

  it("keeps codes positive where asked to, by each algorithm", async () => {
    for (const algorithm of ["fista", "coordinateDescent"] as const) {
      const codes = await (await sparseEncode(signals, atoms, { alpha: 0.1, algorithm, positive: true })).data();
      expect(Math.min(...codes)).toBe(0);
      expect(Math.max(...codes)).toBeGreaterThan(0.5);
    }
  });

  it("says what is wrong", async () => {
    await expect(sparseEncode([[1, 2]], atoms)).rejects.toThrow(/\[n, 12\]/);
    await expect(sparseEncode(signals, atoms, { alpha: 0 })).rejects.toThrow(/alpha/);
    await expect(sparseEncode(signals, atoms, { algorithm: "lars" as "ista" })).rejects.toThrow(/"fista"/);
    await expect(sparseEncode([[...signals[0]!.slice(1), NaN]], atoms)).rejects.toThrow(/column 11/);
  });
});

describe("DictionaryLearning", () => {
  it("finds atoms that serve as well as those that signals were made of, in batches and all at once", async () => {
    const objective = async (dictionary: number[][]): Promise<number> =>
      sparseObjective(signals, await sparseEncode(signals, dictionary, { alpha: 0.1 }), dictionary, 0.1);
    const truth = await objective(atoms);
    for (const options of [
      { batchSize: 20, epochs: 30 },
      { batchSize: null, epochs: 40 },
    ]) {
      const learning = await new DictionaryLearning({ nComponents: 20, alpha: 0.1, seed: 1, transformMaxIter: 150, ...options }).fit(
        signals,
      );
      const dictionary = (await learning.components.array()) as number[][];
      for (const atom of dictionary) expect(Math.hypot(...atom)).toBeLessThan(1 + 1e-5);
      expect(learning.history.at(-1)!).toBeLessThan(learning.history[0]!);
      expect(await objective(dictionary)).toBeLessThan(truth * 1.1);
      expect((await learning.transform(signals)).shape).toEqual([60, 20]);
    }
  });

  it("says what is wrong", async () => {
    await expect(new DictionaryLearning({ nComponents: 100 }).fit(signals)).rejects.toThrow(/at least 100/);
    expect(() => new DictionaryLearning({ nComponents: 0 })).toThrow(/nComponents/);
    expect(() => new DictionaryLearning({ nComponents: 2 }).components).toThrow(/fit/);
  });
});

describe("samplePatches", () => {
  it("cuts squares with mean zero out of images", async () => {
    const image = tensor(
      Float32Array.from({ length: 60 }, (_, i) => i),
      { shape: [1, 6, 10] },
    );
    const patches = (await (await samplePatches(image, { size: 3, count: 5 })).array()) as number[][];
    for (const patch of patches) expect(patch).toEqual([-11, -10, -9, -1, 0, 1, 9, 10, 11]);
    const raw = (await (await samplePatches(image, { size: 3, count: 5, centered: false, seed: 3 })).array()) as number[][];
    expect(new Set(raw.map(([first]) => first)).size).toBeGreaterThan(1);
    await expect(samplePatches(image, { size: 7, count: 1 })).rejects.toThrow(/7 x 7/);
  });
});
