import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { errors } from "../../index.ts";
import { platform } from "../../platform/index.ts";
import { splitTable } from "../../testing/tables.ts";
import { RandomForestClassifier, RandomForestRegressor } from "../index.ts";
import { binned } from "./bins.ts";
import { type Growth, growTree } from "./grow.ts";
import { growForest } from "./workers.ts";

interface Recorded {
  readonly forestClassifier: { readonly score: number; readonly oob: number; readonly importances: number[] };
  readonly forestRegressor: { readonly score: number; readonly scoreSpread: number; readonly oob: number; readonly importances: number[] };
}
const recorded = JSON.parse(readFileSync("test/fixtures/classical.json", "utf8")) as Recorded;
const isFourth = (row: number): boolean => row % 4 === 0;
const seed = [1, 2, 3, 4];

/** What trees are grown from, for classes. */
function growthOf(x: readonly number[][], y: readonly number[], options: Partial<Growth> = {}): Growth {
  const matrix = { rows: x.length, columns: x[0]!.length, values: Float64Array.from(x.flat()) };
  return {
    rows: matrix.rows,
    features: matrix.columns,
    ...binned(matrix, 256),
    labels: Int32Array.from(y),
    classes: Math.max(...y) + 1,
    targets: new Float64Array(0),
    weights: new Float64Array(matrix.rows).fill(1),
    criterion: "gini",
    maxDepth: 100,
    minSamplesSplit: 2,
    minSamplesLeaf: 1,
    minImpurityDecrease: 0,
    maxFeatures: matrix.columns,
    drawn: 0,
    ...options,
  };
}

afterEach(() => vi.restoreAllMocks());

describe("growTree", () => {
  it("splits where the impurity falls most, in the middle between values", () => {
    // Feature 0 separates after two mistakes; feature 1 separates at once, between 2 and 5.
    const tree = growTree(
      growthOf(
        [
          [1, 1],
          [9, 2],
          [2, 5],
          [8, 6],
          [3, 2],
          [7, 9],
        ],
        [0, 0, 1, 1, 0, 1],
      ),
      seed,
    );
    expect([...tree.feature]).toEqual([1, -1, -1]);
    expect(tree.threshold[0]).toBe(3.5);
    expect([...tree.values]).toEqual([0.5, 0.5, 1, 0, 0, 1]);
    expect([...tree.importance]).toEqual([0, 0.5]);
  });

  it("finds the split that trying every one of them finds, by Gini's measure, entropy and squared error", () => {
    const x = Array.from({ length: 40 }, (_, i) => [(i * 17) % 23, (i * 7) % 11, (i * i) % 13]);
    const y = x.map(([a, b, c]) => (a! + b! > 16 ? 2 : c! > 6 ? 1 : 0));
    const impurity: Record<Growth["criterion"], (labels: readonly number[]) => number> = {
      gini: (labels) => 1 - [0, 1, 2].reduce((sum, k) => sum + (labels.filter((l) => l === k).length / labels.length) ** 2, 0),
      entropy: (labels) =>
        -[0, 1, 2].reduce((sum, k) => {
          const p = labels.filter((l) => l === k).length / labels.length;
          return p === 0 ? sum : sum + p * Math.log2(p);
        }, 0),
      squared_error: (labels) => {
        const mean = labels.reduce((a, b) => a + b, 0) / labels.length;
        return labels.reduce((sum, l) => sum + (l - mean) ** 2, 0) / labels.length;
      },
    };
    for (const criterion of ["gini", "entropy", "squared_error"] as const) {
      const measure = impurity[criterion];
      let best = Infinity;
      for (const feature of [0, 1, 2]) {
        for (const cut of new Set(x.map((row) => row[feature]!))) {
          const left = y.filter((_, i) => x[i]![feature]! <= cut);
          const right = y.filter((_, i) => x[i]![feature]! > cut);
          if (right.length > 0) best = Math.min(best, (left.length * measure(left) + right.length * measure(right)) / 40);
        }
      }
      const tree = growTree(growthOf(x, y, { criterion, maxDepth: 1, targets: Float64Array.from(y) }), seed);
      expect(tree.feature.length).toBe(3);
      expect(tree.importance.reduce((sum, value) => sum + value, 0)).toBeCloseTo(measure(y) - best, 10);
    }
  });

  it("keeps to depth, leaf size and least decrease", () => {
    const x = Array.from({ length: 64 }, (_, i) => [i]);
    const y = x.map(([i]) => i! % 2);
    expect(growTree(growthOf(x, y, { maxDepth: 3 }), seed).feature.length).toBeLessThanOrEqual(15);
    expect(growTree(growthOf(x, y, { minImpurityDecrease: 0.1 }), seed).feature.length).toBe(1);
    const tree = growTree(growthOf(x, y, { minSamplesLeaf: 20 }), seed);
    expect(tree.feature.length).toBeLessThanOrEqual(5);
    expect(growTree(growthOf(x, y), seed).feature.length).toBe(127);
  });
});

describe("bins", () => {
  it("are one per value where there are few, and of about equal size where there are many, never parting equal values", () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => (i < 300 ? 5 : i));
    const few = binned({ rows: 4, columns: 1, values: Float64Array.of(3, 1, 3, 2) }, 256);
    expect([...few.codes]).toEqual([2, 0, 2, 1]);
    const many = binned({ rows: 1000, columns: 1, values }, 16);
    expect(many.counts[0]).toBeLessThanOrEqual(16);
    expect(new Set(many.codes.subarray(0, 300)).size).toBe(1);
    for (let bin = 1; bin < many.counts[0]!; bin++) expect(many.lowest[bin]!).toBeGreaterThan(many.highest[bin - 1]!);
  });
});

describe("RandomForestClassifier", () => {
  it("scores as scikit-learn's does on wines, out of bag too, and finds the same features important", async () => {
    const { train, test } = await splitTable("wine", isFourth);
    const forest = await new RandomForestClassifier({ nEstimators: 50, oobScore: true }).fit(train.x, train.y);
    expect(Math.abs((await forest.score(test.x, test.y)) - recorded.forestClassifier.score)).toBeLessThan(0.03);
    expect(Math.abs(forest.oobScore - recorded.forestClassifier.oob)).toBeLessThan(0.03);
    const importances = await forest.featureImportances.data();
    recorded.forestClassifier.importances.forEach((value, i) => expect(Math.abs(importances[i]! - value)).toBeLessThan(0.06));
    const shares = (await (await forest.predictProba(test.x)).array()) as number[][];
    for (const row of shares) expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    expect(forest.oobDecisionFunction.shape).toEqual([train.x.length, 3]);
  });

  it("is the same for the same seed, with entropy, weights and few bins too", async () => {
    const { train, test } = await splitTable("iris", isFourth);
    const options = {
      nEstimators: 20,
      criterion: "entropy",
      classWeight: "balanced",
      maxBins: 8,
      maxSamples: 0.5,
      maxFeatures: 2,
    } as const;
    const proba = async (seed: number): Promise<unknown> =>
      (await (await new RandomForestClassifier({ ...options, seed }).fit(train.x, train.y)).predictProba(test.x)).array();
    expect(await proba(3)).toEqual(await proba(3));
    expect(await proba(3)).not.toEqual(await proba(4));
    const forest = await new RandomForestClassifier(options).fit(
      train.x,
      train.y.map((label) => 10 - label),
    );
    expect(forest.classes).toEqual([8, 9, 10]);
    expect(
      await forest.score(
        test.x,
        test.y.map((label) => 10 - label),
      ),
    ).toBeGreaterThan(0.9);
  });

  it("grows the same trees on several threads, on one, and where threads fail", async () => {
    const x = Array.from({ length: 3000 }, (_, i) => Array.from({ length: 16 }, (_, j) => (i * (2 * j + 3)) % 101));
    const y = x.map((row) => (row[0]! + row[1]! > 100 ? 1 : 0) + (row[2]! > 50 ? 1 : 0));
    const growth = growthOf(x, y, { maxFeatures: 16, drawn: 3000 });
    const alone = await growForest(growth, 10, 5, 1);
    const start = vi.spyOn(platform, "startWorker");
    expect(await growForest(growth, 10, 5, 3)).toEqual(alone);
    expect(start).toHaveBeenCalledTimes(2);
    start.mockImplementation(() => {
      throw new Error("no threads");
    });
    expect(await growForest(growth, 10, 5, 3)).toEqual(alone);
  });

  it("says what is wrong", async () => {
    await expect(new RandomForestClassifier().fit([[1], [NaN]], [0, 1])).rejects.toThrow(/row 1/);
    await expect(new RandomForestClassifier().predict([[1]])).rejects.toThrow(errors.StateError);
    expect(() => new RandomForestClassifier({ nEstimators: 0 })).toThrow(/nEstimators/);
    expect(() => new RandomForestClassifier({ oobScore: true, bootstrap: false })).toThrow(/bootstrap/);
    expect(() => new RandomForestClassifier({ trees: 3 } as object)).toThrow(/there is no option/);
    const forest = await new RandomForestClassifier({ nEstimators: 2 }).fit([[1], [2]], [0, 1]);
    expect(() => forest.oobScore).toThrow(/oobScore: true/);
  });
});

describe("RandomForestRegressor", () => {
  it("predicts as well as scikit-learn's does on diabetes, out of bag too", async () => {
    const { train, test } = await splitTable("diabetes", isFourth);
    const forest = await new RandomForestRegressor({ nEstimators: 50, oobScore: true }).fit(train.x, train.y);
    const { score, scoreSpread, oob, importances } = recorded.forestRegressor;
    expect(Math.abs((await forest.score(test.x, test.y)) - score)).toBeLessThan(4 * scoreSpread);
    expect(Math.abs(forest.oobScore - oob)).toBeLessThan(0.05);
    const own = await forest.featureImportances.data();
    importances.forEach((value, i) => expect(Math.abs(own[i]! - value)).toBeLessThan(0.06));
    expect(forest.oobPrediction.shape).toEqual([train.x.length]);
  });
});
