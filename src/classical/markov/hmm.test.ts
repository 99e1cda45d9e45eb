import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../data/random-numbers.ts";
import "../../index.ts";
import { CategoricalHMM, GaussianHMM, MarkovChain } from "../index.ts";
import { type Chain, forwardBackward, logLikelihoodOf, viterbi } from "./forward-backward.ts";

/** Every path of states with its log-likelihood. */
function allPaths({ states, start, transitions }: Chain, logs: Float64Array, length: number): { path: number[]; log: number }[] {
  return Array.from({ length: states ** length }, (_, code) => {
    const path = Array.from({ length }, (_, t) => Math.floor(code / states ** t) % states);
    const log = path.reduce(
      (sum, state, t) => sum + logs[t * states + state]! + Math.log(t === 0 ? start[state]! : transitions[path[t - 1]! * states + state]!),
      0,
    );
    return { path, log };
  });
}
const chain: Chain = {
  states: 3,
  start: Float64Array.of(0.5, 0.3, 0.2),
  transitions: Float64Array.of(0.6, 0.3, 0.1, 0.2, 0, 0.8, 0.3, 0.3, 0.4),
};
const length = 6;
const logs = Float64Array.from({ length: length * 3 }, (_, i) => Math.log(0.05 + ((i * 7) % 11) / 12));

describe("forward-backward and Viterbi", () => {
  it("agree with all paths, counted one by one", () => {
    const paths = allPaths(chain, logs, length);
    const total = Math.log(paths.reduce((sum, { log }) => sum + Math.exp(log), 0));
    const { logLikelihood, gamma, transitions } = forwardBackward(chain, logs, length);
    expect(logLikelihood).toBeCloseTo(total, 12);
    expect(logLikelihoodOf(chain, logs, length)).toBeCloseTo(total, 12);
    for (let t = 0; t < length; t++)
      for (let i = 0; i < 3; i++)
        expect(gamma[t * 3 + i]).toBeCloseTo(
          paths.filter(({ path }) => path[t] === i).reduce((sum, { log }) => sum + Math.exp(log - total), 0),
          12,
        );
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) {
        const expected = paths.reduce(
          (sum, { path, log }) => sum + Math.exp(log - total) * path.filter((state, t) => t > 0 && path[t - 1] === i && state === j).length,
          0,
        );
        expect(transitions[i * 3 + j]).toBeCloseTo(expected, 12);
      }
    const best = paths.reduce((a, b) => (b.log > a.log ? b : a));
    const found = viterbi(chain, logs, length);
    expect([...found.path]).toEqual(best.path);
    expect(found.logLikelihood).toBeCloseTo(best.log, 12);
  });

  it("do not underflow over a hundred thousand steps, nor where every density is tiny", () => {
    const many = new Float64Array(3 * 100_000).fill(-800);
    const { logLikelihood } = forwardBackward(chain, many, 100_000);
    expect(logLikelihood / 100_000).toBeCloseTo(-800, 6);
    expect(viterbi(chain, many, 100_000).logLikelihood).toBeGreaterThan(-1e9);
  });
});

describe("CategoricalHMM", () => {
  it("learns a model back from what it emits: likelihood never falls and ends above that of the truth", async () => {
    // Two states that stay for long; each prefers a symbol of its own.
    const transitions = [0.95, 0.05, 0.1, 0.9];
    const chances = [0.8, 0.1, 0.1, 0.1, 0.2, 0.7];
    const random = randomNumbers(3);
    let state = 0;
    const x = Int32Array.from({ length: 2000 }, () => {
      state = random.weighted(transitions.slice(2 * state, 2 * state + 2));
      return random.weighted(chances.slice(3 * state, 3 * state + 3));
    });
    const truth: Chain = { states: 2, start: Float64Array.of(1, 0), transitions: Float64Array.from(transitions) };
    const logs = Float64Array.from({ length: 4000 }, (_, i) => Math.log(chances[3 * (i % 2) + x[i >> 1]!]!));
    const hmm = await new CategoricalHMM({ nComponents: 2, seed: 1, nIter: 400, tol: 1e-4 }).fit(x);
    for (let i = 1; i < hmm.history.length; i++) expect(hmm.history[i]!).toBeGreaterThanOrEqual(hmm.history[i - 1]! - 1e-6);
    expect(await hmm.score(x)).toBeGreaterThan(logLikelihoodOf(truth, logs, 2000));
    expect((await hmm.predictProba(x)).shape).toEqual([2000, 2]);
    const drawn = hmm.sample(2000, { seed: 4 });
    expect(await hmm.score(drawn.x)).toBeGreaterThan((await hmm.score(x)) - 150);
    expect(drawn.states.shape).toEqual([2000]);
    for (const row of (await hmm.emissionProb.array()) as number[][]) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  });

  it("separates sequences by their lengths", async () => {
    const hmm = await new CategoricalHMM({ nComponents: 2, nFeatures: 2, nIter: 3 }).fit([0, 1, 0, 1, 1], { lengths: [2, 3] });
    const apart = (await hmm.score([0, 1])) + (await hmm.score([0, 1, 1]));
    expect(await hmm.score([0, 1, 0, 1, 1], { lengths: [2, 3] })).toBeCloseTo(apart, 9);
  });

  it("says what is wrong", async () => {
    const hmm = new CategoricalHMM({ nComponents: 2 });
    await expect(hmm.fit([0, 1.5])).rejects.toThrow(/observation 1 is no symbol/);
    await expect(hmm.fit([0, 1], { lengths: [1, 2] })).rejects.toThrow(/do not add up/);
    await expect(hmm.predict([0])).rejects.toThrow(/fit/);
    expect(() => new CategoricalHMM({ nComponents: 2, startProb: [0.5, 0.6] })).toThrow(/no distribution/);
    await hmm.fit([0, 1, 1]);
    await expect(hmm.score([2])).rejects.toThrow(/from 0 to 1/);
  });
});

describe("GaussianHMM", () => {
  it.each(["diag", "full"] as const)("finds the states of two clouds (%s)", async (covarianceType) => {
    const rows = Array.from({ length: 400 }, (_, t) => {
      const high = Math.floor(t / 20) % 2;
      const [a, b] = [Math.sin(t * 12.9898) * 0.8, Math.cos(t * 78.233) * 0.8];
      return [5 * high + a, -3 * high + b + 0.5 * a];
    });
    const hmm = await new GaussianHMM({ nComponents: 2, covarianceType, seed: 2 }).fit(rows);
    const states = [...(await (await hmm.predict(rows)).data())];
    states.forEach((state, t) => expect(state === states[0]).toBe(Math.floor(t / 20) % 2 === 0));
    const transitions = (await hmm.transMat.array()) as number[][];
    expect(transitions[0]![0]!).toBeCloseTo(0.95, 1);
    expect(hmm.covars.shape).toEqual(covarianceType === "diag" ? [2, 2] : [2, 2, 2]);
    expect(hmm.sample(5, { seed: 1 }).x.shape).toEqual([5, 2]);
    for (let i = 1; i < hmm.history.length; i++) expect(hmm.history[i]!).toBeGreaterThanOrEqual(hmm.history[i - 1]! - 1e-6);
  });

  it("keeps zeros of a chain from left to right", async () => {
    const x = Array.from({ length: 30 }, (_, t) => [Math.floor((t % 15) / 5) * 4 + (t % 3) * 0.1]);
    const hmm = await new GaussianHMM({
      nComponents: 3,
      init: "segments",
      startProb: [1, 0, 0],
      transMat: [
        [0.5, 0.5, 0],
        [0, 0.5, 0.5],
        [0, 0, 1],
      ],
    }).fit(x, { lengths: [15, 15] });
    const transitions = (await hmm.transMat.array()) as number[][];
    expect([transitions[1]![0], transitions[2]![0], transitions[0]![2]]).toEqual([0, 0, 0]);
    expect([...(await (await hmm.predict(x.slice(0, 15))).data())]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
  });
});

describe("MarkovChain", () => {
  it("counts steps, scores, and draws what it has learnt", async () => {
    const fitted = new MarkovChain().fit([
      [0, 0, 1],
      [1, 0, 0, 2],
    ]);
    expect(await fitted.startProb.array()).toEqual([0.5, 0.5, 0]);
    const rows = (await fitted.transMat.array()) as number[][];
    expect(rows[0]!.map((value) => Math.round(value * 4))).toEqual([2, 1, 1]);
    expect(rows[2]).toEqual([0, 0, 1]);
    expect(fitted.score([0, 1, 0])).toBeCloseTo(Math.log(0.5 * 0.25), 12);
    expect(fitted.score([2, 1])).toBe(-Infinity);
    expect(fitted.sample(50, { seed: 2 })).toEqual(fitted.sample(50, { seed: 2 }));
    const again = new MarkovChain({ nStates: 3 }).fit([fitted.sample(20, { seed: 5, from: 1 })]);
    expect(again.sample(3, { from: 1 })[0]).toBe(1);
  });

  it("has a stationary distribution that a step does not change, also where states are passed through only once", async () => {
    const fitted = new MarkovChain().fit([[3, 0, 1, 2, 0, 0, 2, 1, 1, 0, 2, 2, 1, 0]]);
    const pi = fitted.stationary();
    const rows = (await fitted.transMat.array()) as number[][];
    expect(pi.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(pi[3]).toBe(0);
    pi.forEach((value, j) => expect(pi.reduce((sum, p, i) => sum + p * rows[i]![j]!, 0)).toBeCloseTo(value, 6));
    expect(() =>
      new MarkovChain()
        .fit([
          [0, 0],
          [1, 1],
        ])
        .stationary(),
    ).toThrow(/\{0\} and \{1\}/);
    expect(() => new MarkovChain({ nStates: 2 }).fit([[0, 2]])).toThrow(/no state/);
  });
});
