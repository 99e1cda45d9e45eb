import { describe, expect, it } from "vitest";
import { splitTable } from "../testing/tables.ts";
// Without the root of the package: results are plain data and need no runtime.
import { Perceptron } from "./index.ts";

describe("Perceptron", () => {
  it("divides setosa from the other irises without a mistake", async () => {
    const { train } = await splitTable("iris", () => false);
    const y = train.y.map((label) => (label === 0 ? 1 : 0));
    const perceptron = await new Perceptron({ seed: 1 }).fit(train.x, y);
    expect(perceptron.converged).toBe(true);
    expect(await perceptron.score(train.x, y)).toBe(1);
    const [weights, bias] = [await perceptron.coef.data(), await perceptron.intercept.item()];
    const margins = train.x.map((row, i) => (2 * y[i]! - 1) * (row.reduce((sum, value, j) => sum + value * weights[j]!, 0) + bias));
    expect(Math.min(...margins)).toBeGreaterThan(0);
  });

  it("corrects itself by Rosenblatt's rule, sample by sample", async () => {
    const perceptron = await new Perceptron({ shuffle: false, maxEpochs: 1 }).fit(
      [
        [1, 2],
        [3, 1],
        [-1, 1],
      ],
      [1, 0, 1],
    );
    // Wrong (0): w = (1, 2), b = 1. Then 3 + 2 + 1 > 0 though class 0: w = (-2, 1), b = 0. Then 2 + 1 > 0: right.
    expect(await perceptron.coef.array()).toEqual([[-2, 1]]);
    expect(await perceptron.intercept.array()).toEqual([0]);
    expect(perceptron.mistakes).toEqual([2]);
  });

  it("never settles on XOR, which no line divides", async () => {
    const x = [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ];
    const perceptron = await new Perceptron({ maxEpochs: 200 }).fit(x, [0, 1, 1, 0]);
    expect(perceptron.converged).toBe(false);
    expect(perceptron.mistakes.length).toBe(200);
    expect(await perceptron.score(x, [0, 1, 1, 0])).toBeLessThan(1);
  });

  it("tells several classes apart, one against the rest", async () => {
    const x = [
      [5, 0],
      [6, 1],
      [0, 5],
      [1, 6],
      [-5, -5],
      [-6, -5],
    ];
    const perceptron = await new Perceptron().fit(x, [3, 3, 5, 5, 9, 9]);
    expect(await (await perceptron.predict(x)).array()).toEqual([3, 3, 5, 5, 9, 9]);
    expect((await perceptron.decisionFunction(x)).shape).toEqual([6, 3]);
  });

  it("says what is wrong", async () => {
    await expect(new Perceptron().fit([[1], [Infinity]], [0, 1])).rejects.toThrow(/row 1, column 0/);
    await expect(new Perceptron().predict([[1]])).rejects.toThrow(/fit/);
    expect(() => new Perceptron({ maxEpochs: 0 })).toThrow(/maxEpochs/);
  });
});
