import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../data/random-numbers.ts";
import "../../index.ts";
import { DawidSkene, majorityVote } from "../index.ts";

/** Answers of two careful annotators and three who mostly say 0. */
function simulated(items: number): { truth: number[]; votes: number[][] } {
  const random = randomNumbers(8);
  const truth = Array.from({ length: items }, () => random.index(3));
  const votes = truth.map((label) => [
    ...[0, 1].map(() => (random.uniform() < 0.9 ? label : random.index(3))),
    ...[0, 1, 2].map(() => (random.uniform() < 0.55 ? 0 : label)),
  ]);
  return { truth, votes };
}

describe("labels from a crowd", () => {
  it("are the majority's, the smallest of several, missing answers left out", async () => {
    expect(
      await (
        await majorityVote([
          [0, 1, 1],
          [2, 2, 0],
          [1, 0, -1],
          [-1, -1, 2],
        ])
      ).array(),
    ).toEqual([1, 2, 0, 2]);
  });

  it("are better by Dawid and Skene, who find out whom to trust", async () => {
    const { truth, votes } = simulated(600);
    const accuracy = (labels: ArrayLike<number>): number => truth.filter((label, i) => labels[i] === label).length / truth.length;
    const majority = accuracy(await (await majorityVote(votes)).data());
    const crowd = await new DawidSkene().fit(votes);
    expect(accuracy(await crowd.labels.data())).toBeGreaterThan(majority + 0.05);
    const confusion = (await crowd.confusion.array()) as number[][][];
    expect(confusion[0]![2]![2]!).toBeGreaterThan(0.85);
    expect(confusion[3]![2]![0]!).toBeGreaterThan(0.4);
    for (const table of confusion) for (const row of table) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    crowd.history.forEach((value, i) => i > 0 && expect(value).toBeGreaterThan(crowd.history[i - 1]! - 0.1));
    expect(crowd.probabilities.shape).toEqual([600, 3]);
    expect(((await crowd.prior.array()) as number[]).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  });

  it("says what is wrong with votes", async () => {
    await expect(
      majorityVote([
        [0, 1],
        [-1, -1],
      ]),
    ).rejects.toThrow(/nobody labelled item 1/);
    await expect(new DawidSkene({ nClasses: 2 }).fit([[0, 2]])).rejects.toThrow(/annotator 1 to item 0/);
    await expect(majorityVote([0, 1])).rejects.toThrow(/table/);
    expect(() => new DawidSkene().labels).toThrow(/fit/);
  });
});
