import { describe, expect, it } from "vitest";
import { Box, CartPole, Catch, Discrete, VectorEnvironment } from "./index.ts";

/** Gymnasium's step in the order of its source, in 64-bit numbers. */
function reference([x, v, angle, turning]: readonly number[], action: number): number[] {
  const push = action === 1 ? 10 : -10;
  const [cosine, sine] = [Math.cos(angle!), Math.sin(angle!)];
  const temporary = (push + 0.05 * turning! ** 2 * sine) / 1.1;
  const angular = (9.8 * sine - cosine * temporary) / (0.5 * (4.0 / 3.0 - (0.1 * cosine ** 2) / 1.1));
  const linear = temporary - (0.05 * angular * cosine) / 1.1;
  return [x! + 0.02 * v!, v! + 0.02 * linear, angle! + 0.02 * turning!, turning! + 0.02 * angular];
}

describe("CartPole", () => {
  it("moves as worked out by hand: from rest, upright, pushed to the right", () => {
    const game = new CartPole();
    game.reset({ state: [0, 0, 0, 0] });
    const { observation, reward, terminated } = game.step(1);
    // thetaacc = -(10 / 1.1) / (0.5 (4/3 - 0.1/1.1)) = -14.634146, xacc = 10/1.1 + 0.05 * 14.634146 / 1.1 = 9.756098
    expect(observation[0]).toBe(0);
    expect(observation[1]).toBeCloseTo(0.195122, 6);
    expect(observation[2]).toBe(0);
    expect(observation[3]).toBeCloseTo(-0.292683, 6);
    expect([reward, terminated]).toEqual([1, false]);
  });

  it("follows the equations step by step, whatever the action", () => {
    const game = new CartPole();
    game.reset({ state: [0.3, -0.4, 0.05, 0.6] });
    for (const action of [0, 1, 1, 0, 0]) {
      const wanted = reference(game.state, action);
      game.step(action);
      game.state.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 12));
    }
  });

  it("ends where the cart or the pole is too far off, and is cut after 500 steps", () => {
    const game = new CartPole();
    game.reset({ state: [2.39, 1, 0, 0] });
    expect(game.step(1).terminated).toBe(true);
    game.reset({ state: [0, 0, -0.2094, -0.1] });
    expect(game.step(1).terminated).toBe(true);
    game.reset({ state: [0, 0, 0.2, 0] });
    expect(game.step(1).terminated).toBe(false);
    const short = new CartPole({ maxSteps: 2 });
    short.reset({ seed: 1 });
    expect([short.step(0), short.step(1)].map(({ terminated, truncated }) => [terminated, truncated])).toEqual([
      [false, false],
      [false, true],
    ]);
    expect(() => short.step(0)).toThrow(/no episode is going on/);
    expect(new CartPole().maxSteps).toBe(500);
  });

  it("begins within 0.05 of the middle, the same for the same seed", () => {
    const game = new CartPole();
    const first = game.reset({ seed: 5 });
    const second = game.reset();
    expect(first.every((value) => Math.abs(value) <= 0.05)).toBe(true);
    expect(second).not.toEqual(first);
    expect(game.reset({ seed: 5 })).toEqual(first);
    expect(game.reset()).toEqual(second);
  });

  it("refuses what is no action, and a step before reset", () => {
    const game = new CartPole();
    expect(() => game.step(0)).toThrow(/call reset/);
    game.reset();
    for (const action of [2, -1, 0.5, NaN]) expect(() => game.step(action)).toThrow(/no such action[\s\S]*0 to 1/);
  });

  it("draws cart and pole", async () => {
    const game = new CartPole();
    game.reset({ state: [0, 0, 0, 0] });
    const picture = game.render();
    expect(picture.shape).toEqual([64, 96]);
    const pixels = await picture.data();
    expect(pixels[50 * 96 + 48]).toBeCloseTo(0.2, 6);
    expect(pixels[20 * 96 + 48]).toBeCloseTo(0.5, 6);
    expect(pixels[20 * 96 + 10]).toBe(1);
  });
});

describe("Catch", () => {
  const at = (screen: Float32Array): number[] => [...screen].flatMap((value, i) => (value === 1 ? [i] : []));

  it("shows ball and paddle, lets the ball fall, and rewards the paddle below it", () => {
    const game = new Catch({ rows: 4, columns: 3 });
    expect(at(game.reset({ column: 2 }))).toEqual([2, 10]);
    let result = game.step(1);
    expect([at(result.observation), result.reward, result.terminated]).toEqual([[5, 10], 0, false]);
    result = game.step(2);
    expect(at(result.observation)).toEqual([8, 11]);
    result = game.step(2);
    expect([at(result.observation), result.reward, result.terminated, result.truncated]).toEqual([[11], 1, true, false]);
    expect(() => game.step(1)).toThrow(/no episode/);
    game.reset({ column: 0 });
    expect([1, 1, 1].map((action) => game.step(action).reward)).toEqual([0, 0, -1]);
  });

  it("draws balls in every column, and the paddle stays on the screen", () => {
    const game = new Catch();
    const columns = new Set(Array.from({ length: 60 }, (_, seed) => at(game.reset({ seed }))[0]!));
    expect([...columns].sort()).toEqual([0, 1, 2, 3, 4]);
    game.reset({ column: 0 });
    const screens = Array.from({ length: 9 }, () => game.step(0).observation);
    expect(at(screens[8]!)).toEqual([45]);
    expect(game.observationSpace.contains(screens[0]!)).toBe(true);
  });

  it("refuses screens on which not every ball can be caught, and unknown actions and columns", () => {
    expect(() => new Catch({ rows: 3, columns: 9 })).toThrow(/no paddle could catch/);
    const game = new Catch();
    expect(() => game.reset({ column: 5 })).toThrow(/no such column/);
    game.reset();
    expect(() => game.step(3)).toThrow(/no such action/);
  });
});

describe("VectorEnvironment", () => {
  it("steps all, and begins anew where an episode has ended, keeping what was seen last", () => {
    const all = new VectorEnvironment(() => new Catch({ rows: 2, columns: 1 }), 3);
    expect([...all.reset({ seed: 1 })]).toEqual([1, 1, 1, 1, 1, 1]);
    const { observations, rewards, terminated, truncated, finalObservations } = all.step([1, 1, 1]);
    expect([...rewards]).toEqual([1, 1, 1]);
    expect([terminated, truncated]).toEqual([
      [true, true, true],
      [false, false, false],
    ]);
    expect([...finalObservations[2]!]).toEqual([0, 1]);
    expect([...observations]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("gives each environment what it would give alone", () => {
    const all = new VectorEnvironment(() => new CartPole(), 2);
    const first = all.reset({ seed: 8 });
    const alone = new CartPole();
    expect(first.subarray(4)).toEqual(alone.reset({ seed: 9 }));
    expect(all.step([0, 1]).observations.subarray(4)).toEqual(alone.step(1).observation);
  });

  it("refuses another number of actions, and one environment for all", () => {
    const one = new CartPole();
    expect(() => new VectorEnvironment(() => one, 2)).toThrow(/twice/);
    expect(() => new VectorEnvironment(() => one, 0)).toThrow(/whole number/);
    const two = new VectorEnvironment(() => new CartPole(), 2);
    two.reset();
    expect(() => two.step([0])).toThrow(/one action for each/);
  });
});

describe("spaces", () => {
  it("tell what is in them", () => {
    expect([0, 2, 3, 1.5, "1"].map((action) => new Discrete(3).contains(action))).toEqual([true, true, false, false, false]);
    const box = new Box({ shape: [2], low: [0, -1], high: 1 });
    expect([[0, -1], [2, 0], [0], [NaN, 0]].map((seen) => box.contains(seen))).toEqual([true, false, false, false]);
    expect(() => box.check("here", [0, NaN])).toThrow(/NaN at position 1/);
    expect(() => new Box({ shape: [2], low: [0] })).toThrow(/does not fill/);
    expect(() => new Discrete(0)).toThrow(/number of actions/);
  });
});
