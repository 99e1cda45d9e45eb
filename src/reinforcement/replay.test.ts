import { describe, expect, it } from "vitest";
import { randomNumbers } from "../data/random-numbers.ts";
import {
  discountedReturns,
  type Experience,
  exponentialSchedule,
  generalizedAdvantages,
  linearSchedule,
  NStepTransitions,
  PrioritizedReplayBuffer,
  ReplayBuffer,
} from "./index.ts";

const transition = (i: number): Parameters<ReplayBuffer["add"]>[0] => ({
  observation: [i, -i],
  action: i % 3,
  reward: i / 2,
  nextObservation: [i + 1, -i - 1],
  discount: 0.9,
});

describe("ReplayBuffer", () => {
  it("keeps the newest, and gives whole transitions back", () => {
    const buffer = new ReplayBuffer({ capacity: 4, observationSize: 2 });
    for (let i = 0; i < 6; i++) buffer.add(transition(i));
    expect(buffer.length).toBe(4);
    const batch = buffer.sample(4, randomNumbers(1));
    const more = Array.from({ length: 50 }, () => buffer.sample(4, randomNumbers(2)));
    for (const { observations, actions, rewards, nextObservations, discounts } of [batch, ...more]) {
      for (let row = 0; row < 4; row++) {
        const i = observations[2 * row]!;
        expect(i).toBeGreaterThanOrEqual(2);
        expect([observations[2 * row + 1], actions[row], rewards[row], nextObservations[2 * row], discounts[row]]).toEqual([
          -i,
          i % 3,
          i / 2,
          i + 1,
          Math.fround(0.9),
        ]);
      }
    }
  });

  it("draws all with the same chance, and the same ones for the same seed", () => {
    const buffer = new ReplayBuffer({ capacity: 8, observationSize: 2 });
    for (let i = 0; i < 8; i++) buffer.add(transition(i));
    const random = randomNumbers(3);
    const counts = new Array<number>(8).fill(0);
    for (let draw = 0; draw < 500; draw++) for (const position of buffer.sample(8, random).positions) counts[position]!++;
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(100);
    expect(buffer.sample(5, randomNumbers(4))).toEqual(buffer.sample(5, randomNumbers(4)));
  });

  it("says so where it holds less than a batch, and where observations have another size", () => {
    const buffer = new ReplayBuffer({ capacity: 4, observationSize: 2 });
    buffer.add(transition(0));
    expect(() => buffer.sample(2, randomNumbers(1))).toThrow(/fewer transitions[\s\S]*at least 2[\s\S]*received {2}1/);
    expect(() => buffer.add({ ...transition(0), observation: [1] })).toThrow(/another size/);
    expect(() => new ReplayBuffer({ capacity: 0, observationSize: 2 })).toThrow(/capacity/);
  });
});

describe("PrioritizedReplayBuffer", () => {
  it("draws by the power alpha of the error, and weighs against it", () => {
    const buffer = new PrioritizedReplayBuffer({ capacity: 5, observationSize: 2, alpha: 0.5, beta: 1 });
    for (let i = 0; i < 5; i++) buffer.add(transition(i));
    expect(buffer.chanceOf(3)).toBeCloseTo(0.2, 6);
    buffer.update([0, 1, 2, 3, 4], [1, 4, 9, 16, 0]);
    const chances = [1, 2, 3, 4, 1e-3].map((root) => root / 10.001);
    chances.forEach((chance, i) => expect(buffer.chanceOf(i)).toBeCloseTo(chance, 5));
    const random = randomNumbers(5);
    const counts = new Array<number>(5).fill(0);
    for (let draw = 0; draw < 400; draw++) {
      const { positions, weights } = buffer.sample(5, random);
      positions.forEach((position, i) => {
        counts[position]!++;
        // beta 1: weight times chance is the same for all.
        expect(weights[i]! * buffer.chanceOf(position)).toBeCloseTo(weights[0]! * buffer.chanceOf(positions[0]!), 5);
      });
      expect(Math.max(...weights)).toBe(1);
    }
    chances.forEach((chance, i) => expect(Math.abs(counts[i]! / 2000 - chance)).toBeLessThan(0.04));
  });

  it("gives what is new the largest priority so far, and refuses errors that are not finite", () => {
    const buffer = new PrioritizedReplayBuffer({ capacity: 3, observationSize: 2, alpha: 1 });
    buffer.add(transition(0));
    buffer.update([0], [3]);
    buffer.add(transition(1));
    expect(buffer.chanceOf(1)).toBeCloseTo(0.5, 6);
    expect(() => buffer.update([0], [NaN])).toThrow(/not finite/);
    expect(() => new PrioritizedReplayBuffer({ capacity: 3, observationSize: 2, alpha: -1 })).toThrow(/alpha/);
  });
});

describe("returns", () => {
  const random = randomNumbers(6);
  const numbers = (count: number): number[] => Array.from({ length: count }, () => random.normal());

  it("are sums of what follows", () => {
    const rewards = numbers(7);
    const returns = discountedReturns(rewards, 0.8, 2);
    for (let t = 0; t < 7; t++) {
      let wanted = 0;
      for (let k = t; k < 7; k++) wanted += 0.8 ** (k - t) * rewards[k]!;
      expect(returns[t]).toBeCloseTo(wanted + 0.8 ** (7 - t) * 2, 5);
    }
    expect(() => discountedReturns(rewards, 1.5)).toThrow(/discount is a share/);
  });

  it("and generalized advantages are the sums of their definition, within episodes", () => {
    const count = 12;
    const [rewards, values, nextValues] = [numbers(count), numbers(count), numbers(count)];
    const terminated = Array.from({ length: count }, (_, t) => t === 4);
    const isLast = Array.from({ length: count }, (_, t) => t === 4 || t === 8);
    const advantages = generalizedAdvantages({ rewards, values, nextValues, terminated, isLast }, 0.9, 0.7);
    for (let t = 0; t < count; t++) {
      let [wanted, factor] = [0, 1];
      for (let k = t; k < count; k++) {
        wanted += factor * (rewards[k]! + (terminated[k]! ? 0 : 0.9 * nextValues[k]!) - values[k]!);
        factor *= 0.9 * 0.7;
        if (isLast[k]!) break;
      }
      expect(advantages[t]).toBeCloseTo(wanted, 5);
    }
    expect(() => generalizedAdvantages({ rewards, values: [], nextValues, terminated, isLast }, 0.9, 0.7)).toThrow(/values and rewards/);
  });

  it("over n steps are those of a naive loop, at the ends of episodes too", () => {
    const rewards = numbers(9);
    const steps = rewards.map((reward, t): Experience => ({
      observation: Float32Array.of(t),
      action: t,
      reward,
      nextObservation: Float32Array.of(t + 1),
      terminated: t === 5,
      truncated: t === 8,
    }));
    const joined = new NStepTransitions(3, 0.9);
    const made = steps.flatMap((step) => joined.add(step)).sort((a, b) => a.action - b.action);
    expect(made.length).toBe(9);
    made.forEach((given, t) => {
      const end = Math.min(t + 3, t <= 5 ? 6 : 9);
      let wanted = 0;
      for (let k = t; k < end; k++) wanted += 0.9 ** (k - t) * rewards[k]!;
      expect(given.reward).toBeCloseTo(wanted, 10);
      expect(given.nextObservation[0]).toBe(end);
      expect(given.discount).toBeCloseTo(end === 6 ? 0 : 0.9 ** (end - t), 10);
    });
  });
});

describe("schedules", () => {
  it("go from one number to the other and stay there", () => {
    const linear = linearSchedule({ from: 1, to: 0.1, steps: 10 });
    expect([0, 5, 10, 99].map(linear)).toEqual([1, 0.55, 0.1, 0.1]);
    const exponential = exponentialSchedule({ from: 1, to: 0.01, steps: 2 });
    expect([0, 1, 2, 3].map((step) => Number(exponential(step).toFixed(6)))).toEqual([1, 0.1, 0.01, 0.01]);
    expect(() => linearSchedule({ from: 1, to: NaN, steps: 10 })).toThrow(/no schedule/);
    expect(() => exponentialSchedule({ from: 1, to: 0, steps: 10 })).toThrow(/never reach 0/);
  });
});
