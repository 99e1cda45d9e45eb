import { describe, expect, it } from "vitest";
import { datasets } from "../index.ts";

describe("tables inside the package", () => {
  it.each([
    ["iris", datasets.iris, [150, 4], [50, 50, 50]],
    ["wine", datasets.wine, [178, 13], [59, 71, 48]],
    ["breastCancer", datasets.breastCancer, [569, 30], [212, 357]],
  ] as const)("%s has its rows and classes, in random order", async (_, table, shape, counts) => {
    const [[x, y]] = await table.loadData({ testSplit: 0 });
    expect(x.shape).toEqual(shape);
    expect(table.featureNames.length).toBe(shape[1]);
    const labels = Array.from(await y.data());
    expect(table.targetNames.map((_, label) => labels.filter((other) => other === label).length)).toEqual(counts);
    expect(new Set(labels.slice(0, 30)).size).toBe(counts.length);
    expect(Array.from(await x.data()).every(Number.isFinite)).toBe(true);
  });

  it("hold out a share, the same rows for the same seed, each row once", async () => {
    const [[x, y], [xTest, yTest]] = await datasets.diabetes.loadData({ testSplit: 0.25, seed: 7 });
    expect([x.shape, y.shape, xTest.shape, yTest.shape]).toEqual([[331, 10], [331], [111, 10], [111]]);
    const [[again], [heldOut]] = await datasets.diabetes.loadData({ testSplit: 0.25, seed: 7 });
    expect(await again.data()).toEqual(await x.data());
    const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);
    // The sum of all progressions, whatever the split.
    expect(sum(await y.data()) + sum(await yTest.data())).toBe(67_243);
    const [[other]] = await datasets.diabetes.loadData({ testSplit: 0.25, seed: 8 });
    expect(await other.data()).not.toEqual(await x.data());
    expect(await heldOut.data()).toEqual(await xTest.data());
    await expect(datasets.diabetes.loadData({ testSplit: 1 })).rejects.toThrow(/share/);
  });
});
