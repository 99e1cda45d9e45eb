import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../data/random-numbers.ts";
import "../../index.ts";
import { LinearChainCRF, MarkovRandomField } from "../index.ts";
import { minimize } from "../lbfgs.ts";
import { crfObjective, type EncodedSequence } from "./crf-objective.ts";
import { offsetsOf } from "./grid-neighbours.ts";
import { beliefPropagation, gibbs, type Grid, iteratedConditionalModes } from "./grid-inference.ts";
import { pseudoLikelihood } from "./pseudo-likelihood.ts";

/** Marginals of a grid by going through every image. */
function exactMarginals({ height, width, labels, unary, offsets, couplings }: Grid): Float64Array {
  const pixels = height * width;
  const out = new Float64Array(pixels * labels);
  let total = 0;
  for (let code = 0; code < labels ** pixels; code++) {
    const x = Array.from({ length: pixels }, (_, i) => Math.floor(code / labels ** i) % labels);
    let log = x.reduce((sum, label, i) => sum + unary[i * labels + label]!, 0);
    offsets.forEach(([down, right], k) => {
      for (let row = 0; row + down < height; row++)
        for (let column = 0; column < width; column++)
          if (column + right >= 0 && column + right < width && x[row * width + column] === x[(row + down) * width + column + right])
            log += couplings[k]!;
    });
    total += Math.exp(log);
    x.forEach((label, i) => (out[i * labels + label]! += Math.exp(log)));
  }
  return out.map((value) => value / total);
}

function grid(height: number, width: number, labels: number, neighbourhood: 4 | 8): Grid {
  const random = randomNumbers(4);
  return {
    height,
    width,
    labels,
    unary: Float64Array.from({ length: height * width * labels }, () => random.normal()),
    offsets: offsetsOf(neighbourhood),
    couplings: Float64Array.from(offsetsOf(neighbourhood), (_, k) => 0.5 - 0.1 * k),
  };
}

function checkGradient(objective: { size: number; evaluate(x: Float64Array, g: Float64Array): number }, at: Float64Array): void {
  const gradient = new Float64Array(objective.size);
  objective.evaluate(at, gradient);
  const unused = new Float64Array(objective.size);
  for (let i = 0; i < objective.size; i++) {
    const value = (step: number): number =>
      objective.evaluate(
        at.map((a, j) => (i === j ? a + step : a)),
        unused,
      );
    expect(gradient[i]!).toBeCloseTo((value(1e-5) - value(-1e-5)) / 2e-5, 6);
  }
}

describe("inference on grids", () => {
  it("by messages is exact on a tree, with two labels and three", () => {
    for (const labels of [2, 3]) {
      const row = grid(1, 6, labels, 4);
      const found = new Float64Array(6 * labels);
      beliefPropagation(row, 50, 0, found);
      exactMarginals(row).forEach((value, i) => expect(found[i]!).toBeCloseTo(value, 6));
    }
  });

  it("by messages and by sampling is near the truth on a grid", () => {
    for (const neighbourhood of [4, 8] as const) {
      const square = grid(3, 3, 2, neighbourhood);
      const truth = exactMarginals(square);
      const found = new Float64Array(18);
      beliefPropagation(square, 200, 0.5, found);
      truth.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(0.06));
      gibbs(square, new Int32Array(9), 6000, randomNumbers(1), found);
      truth.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(0.02));
    }
  });

  it("by conditional modes ends where no single pixel would change", () => {
    const square = grid(5, 5, 3, 8);
    const found = new Float64Array(75);
    iteratedConditionalModes(square, new Int32Array(25), 50, found);
    const again = new Float64Array(75);
    const x = Int32Array.from({ length: 25 }, (_, i) => found.subarray(3 * i, 3 * i + 3).indexOf(1));
    iteratedConditionalModes(square, x, 1, again);
    expect(again).toEqual(found);
  });
});

describe("MarkovRandomField", () => {
  it("has the gradient of its pseudo-likelihood", () => {
    const random = randomNumbers(2);
    const labels = Int32Array.from({ length: 2 * 4 * 3 }, () => random.index(3));
    for (const isPerPixel of [false, true]) {
      const objective = pseudoLikelihood({
        count: 2,
        height: 4,
        width: 3,
        labels,
        nLabels: 3,
        offsets: offsetsOf(20),
        isPerPixel,
        l2: 0.01,
      });
      checkGradient(
        objective,
        Float64Array.from({ length: objective.size }, () => random.normal() * 0.3),
      );
    }
  });

  it("learns the couplings that images were drawn with", async () => {
    const pixels = 40 * 40;
    const drawn: Grid = {
      height: 40,
      width: 40,
      labels: 2,
      unary: new Float64Array(2 * pixels),
      offsets: offsetsOf(4),
      couplings: Float64Array.of(0.5, 0.25),
    };
    // A state of the Gibbs sampler: the labels that its last sweep drew.
    const random = randomNumbers(6);
    const images = Array.from({ length: 12 }, () => {
      const chances = new Float64Array(2 * pixels);
      const x = Int32Array.from({ length: pixels }, () => random.index(2));
      for (let sweep = 0; sweep < 60; sweep++) {
        gibbs(drawn, x, 1, random, chances);
        x.forEach((_, i) => (x[i] = random.uniform() < chances[2 * i + 1]! ? 1 : 0));
      }
      return Array.from({ length: 40 }, (_, row) => Array.from(x.subarray(row * 40, (row + 1) * 40)));
    });
    const field = await new MarkovRandomField().fit(images);
    expect(field.converged).toBe(true);
    expect(field.couplings.map(({ down, right }) => [down, right])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(field.couplings[0]!.weight).toBeGreaterThan(field.couplings[1]!.weight);
  });

  it("takes salt and pepper off a picture, by each method", async () => {
    const clean = Array.from({ length: 16 }, (_, row) =>
      Array.from({ length: 16 }, (_, column) => (row > 4 && row < 12 && column > 3 ? 1 : 0)),
    );
    const random = randomNumbers(9);
    const noisy = clean.map((row) => row.map((label) => (random.uniform() < 0.1 ? 1 - label : label)));
    const errors = (image: readonly (readonly number[])[]): number => image.flat().filter((label, i) => label !== clean.flat()[i]).length;
    const field = await new MarkovRandomField({ neighbourhood: 8, l2: 1e-3 }).fit([clean]);
    for (const method of ["icm", "gibbs", "beliefPropagation"] as const) {
      const { labels, marginals } = await field.denoise([noisy], { noise: 0.1, method });
      expect(errors(((await labels.array()) as number[][][])[0]!)).toBeLessThan(errors(noisy) / 3);
      expect(marginals.shape).toEqual([1, 16, 16, 2]);
    }
    await expect(field.denoise([[[0, 2]]], { noise: 0.1 })).rejects.toThrow(/no label/);
    await expect(new MarkovRandomField().denoise([noisy], { noise: 0.1 })).rejects.toThrow(/fit/);
    await expect(field.denoise([noisy], { noise: 0 })).rejects.toThrow(/noise/);
    const known = new MarkovRandomField().set({ field: [0, 0], couplings: [1, 1] });
    const { labels } = await known.denoise([noisy], { noise: 0.1, method: "icm" });
    expect(errors(((await labels.array()) as number[][][])[0]!)).toBeLessThan(errors(noisy));
  });
});

describe("LinearChainCRF", () => {
  const sequence: EncodedSequence = {
    length: 4,
    starts: Int32Array.of(0, 2, 3, 3, 5),
    features: Int32Array.of(0, 1, 2, 1, 2),
    labels: Int32Array.of(0, 2, 1, 1),
  };

  it("has the value of all labellings, counted one by one, and its gradient", () => {
    const objective = crfObjective([sequence], 3, 3, 0.5);
    const random = randomNumbers(3);
    const w = Float64Array.from({ length: objective.size }, () => random.normal());
    const score = (labels: readonly number[]): number =>
      labels.reduce((sum, label, t) => {
        let own = t === 0 ? w[9 + 9 + label]! : w[9 + labels[t - 1]! * 3 + label]!;
        for (let at = sequence.starts[t]!; at < sequence.starts[t + 1]!; at++) own += w[sequence.features[at]! * 3 + label]!;
        return sum + own;
      }, 0);
    let total = 0;
    for (let code = 0; code < 81; code++) total += Math.exp(score([0, 1, 2, 3].map((t) => Math.floor(code / 3 ** t) % 3)));
    const penalty = 0.25 * w.reduce((sum, value) => sum + value * value, 0);
    expect(objective.evaluate(w, new Float64Array(objective.size))).toBeCloseTo(Math.log(total) - score([0, 2, 1, 1]) + penalty, 10);
    checkGradient(objective, w);
  });

  it("uses neighbours where a position says nothing by itself", async () => {
    // Labels alternate; every third position says which it is.
    const sequences = Array.from({ length: 20 }, (_, s) =>
      Array.from({ length: 9 }, (_, t) => [t % 3 === 0 ? `is ${(s + t) % 2}` : "nothing"]),
    );
    const labels = sequences.map((sequence, s) => sequence.map((_, t) => ((s + t) % 2 === 0 ? "even" : "odd")));
    const crf = await new LinearChainCRF({ l2: 0.01 }).fit(sequences.slice(0, 10), labels.slice(0, 10));
    expect(crf.score(sequences.slice(10), labels.slice(10))).toBe(1);
    expect(crf.transition("even", "odd")).toBeGreaterThan(crf.transition("even", "even") + 1);
    expect(crf.weight("is 0", "even")).toBeGreaterThan(0);
    expect(crf.weight("unheard of", "even")).toBe(0);
    const marginals = crf.predictMarginals(sequences.slice(10, 11))[0]!;
    expect(marginals.length).toBe(9);
    for (const row of marginals) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 10);
    expect(() => crf.transition("even", "neither")).toThrow(/"even", "odd"/);
    await expect(new LinearChainCRF().fit([[["a"]]], [["x", "y"]])).rejects.toThrow(/differ in length/);
    expect(() => new LinearChainCRF().predict([])).toThrow(/fit/);
  });
});

describe("minimize", () => {
  it("finds the bottom of Rosenbrock's valley", async () => {
    const { x, converged } = await minimize(
      ([a, b], gradient) => {
        gradient[0] = -2 * (1 - a!) - 400 * a! * (b! - a! * a!);
        gradient[1] = 200 * (b! - a! * a!);
        return (1 - a!) ** 2 + 100 * (b! - a! * a!) ** 2;
      },
      Float64Array.of(-1.2, 1),
      { maxIterations: 200, relativeDecrease: 0 },
    );
    expect(converged).toBe(true);
    expect(x[0]).toBeCloseTo(1, 4);
    expect(x[1]).toBeCloseTo(1, 4);
  });
});
