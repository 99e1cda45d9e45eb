import { beforeAll, describe, expect, it } from "vitest";
import { layers, loadModel, optimizers, saving, Sequential, setBackend, setRandomSeed } from "../index.ts";
import {
  ActorCritic,
  actorCriticNetwork,
  Box,
  CartPole,
  Catch,
  Discrete,
  DQN,
  type Environment,
  qNetwork,
  Reinforce,
  type StepResult,
  VectorEnvironment,
} from "./index.ts";

beforeAll(() => setBackend(process.env.NABLA_BACKEND ?? "cpu"));

/** Three places in a row: to the right (1) brings 1 at the end, to the left (0) nothing; 6 steps at most. */
class Chain implements Environment {
  readonly observationSpace: Box = new Box({ shape: [3], low: 0, high: 1 });
  readonly actionSpace: Discrete = new Discrete(2);
  place = 0;
  steps = 0;
  reset(): Float32Array {
    [this.place, this.steps] = [0, 0];
    return this.seen();
  }
  step(action: number): StepResult {
    this.place = action === 1 ? this.place + 1 : Math.max(0, this.place - 1);
    this.steps++;
    const terminated = this.place === 3;
    return { observation: this.seen(), reward: terminated ? 1 : 0, terminated, truncated: !terminated && this.steps === 6 };
  }
  seen(): Float32Array {
    return Float32Array.from({ length: 3 }, (_, i) => (i === this.place ? 1 : 0));
  }
}
/** One step: the second arm pays, the first does not. */
class Bandit extends Chain {
  override step(action: number): StepResult {
    return { observation: this.seen(), reward: action, terminated: true, truncated: false };
  }
}
const small = { units: [16] };
const adam = (): optimizers.Optimizer => optimizers.Adam({ learningRate: 0.02 });
const dqn = (seed = 1, options: object = {}): DQN => {
  setRandomSeed(4);
  return new DQN({
    network: qNetwork(new Chain(), small),
    optimizer: adam(),
    discount: 0.9,
    exploration: 0.3,
    batchSize: 16,
    learningStarts: 32,
    trainEvery: 2,
    targetUpdateEvery: 20,
    seed,
    ...options,
  });
};

describe("DQN", () => {
  it.each([
    ["plain", { double: false }],
    ["double", {}],
    ["over three steps, from surprises", { nStep: 3, prioritized: true }],
    ["with a target network that follows slowly", { targetUpdateEvery: 1, targetUpdateRate: 0.1 }],
  ])("%s learns the values of a chain", async (_, options) => {
    const agent = dqn(1, options);
    await agent.train(new Chain(), { steps: 800 });
    const { mean, lengths } = await agent.evaluate(new Chain(), { episodes: 3 });
    expect([mean, ...lengths]).toEqual([1, 3, 3, 3]);
    // Q(s, right) = 0.9^(steps left - 1)
    const values = await Promise.all(
      [0, 1, 2].map(async (place) => {
        const seen = [0, 1, 2].map((i) => (i === place ? 1 : 0));
        return ((await await agent.network.predict([seen] as never)) as { data(): Promise<Float32Array> }).data();
      }),
    );
    values.forEach((row, place) => expect(Math.abs(row[1]! - 0.9 ** (2 - place))).toBeLessThan(0.15));
  });

  it("goes the same way for the same seed, another for another, and goes on where it stopped", async () => {
    const run = async (seed: number): Promise<readonly number[]> => {
      const agent = dqn(seed);
      await agent.train(new Chain(), { steps: 100 });
      await agent.train(new Chain(), { steps: 50 });
      expect(agent.steps).toBe(150);
      return [...agent.history.step, ...agent.history.loss.filter(Number.isFinite)];
    };
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it("is saved and read back", async () => {
    const agent = dqn();
    await agent.train(new Chain(), { steps: 200 });
    const bytes = await saving.toBytes(agent.network);
    const loaded = new DQN({ network: await loadModel({ name: "chain.keras", read: () => Promise.resolve(bytes) }) });
    for (const place of [0, 1, 2]) {
      const seen = [0, 1, 2].map((i) => (i === place ? 1 : 0));
      expect(await loaded.act(seen)).toBe(await agent.act(seen));
    }
    expect((await loaded.evaluate(new Chain(), { episodes: 1 })).returns).toEqual(
      (await agent.evaluate(new Chain(), { episodes: 1 })).returns,
    );
  });

  it("keeps the best weights of its evaluations, ends where they are good enough, and tells of progress", async () => {
    const agent = dqn();
    let told = 0;
    const evaluation = { environment: new Chain(), every: 50, episodes: 2, stopAt: 1 };
    const history = await agent.train(new Chain(), { steps: 5000, evaluation, onProgress: () => told++ });
    expect(history.evaluationReturn.at(-1)).toBe(1);
    expect(agent.steps).toBe(history.evaluationStep.at(-1));
    expect(agent.steps).toBeLessThan(5000);
    expect(told).toBe(history.step.length + history.evaluationStep.length);
    expect(history.episodeLength.reduce((sum, length) => sum + length, 0)).toBe(history.step.at(-1));
    expect((await agent.evaluate(new Chain(), { episodes: 1 })).mean).toBe(1);
  });

  it("is stopped by a signal", async () => {
    const agent = dqn();
    const stop = new AbortController();
    await agent.train(new Chain(), { steps: 5000, signal: stop.signal, onProgress: ({ step }) => step.length === 3 && stop.abort() });
    expect(agent.history.step.length).toBe(3);
  });

  it("sees pixels through convolutions", async () => {
    const game = new Catch({ rows: 4, columns: 3 });
    const agent = new DQN({ network: qNetwork(game, { filters: [4], units: [8] }), batchSize: 8, learningStarts: 10, seed: 1 });
    await agent.train(game, { steps: 40 });
    expect(agent.history.loss.some(Number.isFinite)).toBe(true);
    expect([0, 1, 2]).toContain(await agent.act(game.reset({ seed: 1 })));
  });
});

describe("ActorCritic and Reinforce", () => {
  const settings = { optimizer: adam(), seed: 1 };
  const network = (): ReturnType<typeof actorCriticNetwork> => {
    setRandomSeed(4);
    return actorCriticNetwork(new Chain(), small);
  };

  it("ActorCritic learns the chain, in environments side by side and in one", async () => {
    for (const environment of [new VectorEnvironment(() => new Chain(), 4), new Chain()]) {
      const agent = new ActorCritic({ ...settings, optimizer: adam(), network: network(), horizon: 8 });
      await agent.train(environment, { steps: 1600 });
      expect((await agent.evaluate(new Chain(), { episodes: 1 })).lengths).toEqual([3]);
      const [, value] = (await agent.network.predict([[0, 0, 1]] as never)) as { item(): Promise<number> }[];
      expect(Math.abs((await value!.item()) - 1)).toBeLessThan(0.2);
    }
  });

  it("Reinforce pulls the right arm of a bandit, with a baseline and without", async () => {
    const plain = (): Sequential => new Sequential([layers.Dense({ units: 2, kernelInitializer: "zeros", inputDim: 3 })]);
    for (const made of [network(), plain()] as const) {
      const agent = new Reinforce({
        ...settings,
        optimizer: adam(),
        network: made,
        episodes: 4,
        normalizeAdvantages: false,
        entropyWeight: 0,
      });
      await agent.train(new Bandit(), { steps: 600 });
      const { mean } = await agent.evaluate(new Bandit(), { episodes: 50, greedy: false });
      expect(mean).toBeGreaterThan(0.9);
    }
  });

  it("choose by chance as their preferences say, and take the likeliest when greedy", async () => {
    const fixed = new Sequential([layers.Dense({ units: 3, inputDim: 1, kernelInitializer: "zeros" })]);
    await fixed.setWeights([[[0, 0, 0]], [Math.log(0.2), Math.log(0.7), Math.log(0.1)]] as never);
    const agent = new Reinforce({ network: fixed, seed: 3 });
    const counts = [0, 0, 0];
    for (let i = 0; i < 2000; i++) counts[await agent.act([1], { greedy: false })]!++;
    [0.2, 0.7, 0.1].forEach((chance, i) => expect(Math.abs(counts[i]! / 2000 - chance)).toBeLessThan(0.04));
    expect(await agent.act([1])).toBe(1);
  });

  it("repeat with a seed", async () => {
    const run = async (): Promise<readonly number[]> => {
      const agent = new ActorCritic({ ...settings, optimizer: adam(), network: network(), horizon: 4 });
      return [...(await agent.train(new VectorEnvironment(() => new Chain(), 3), { steps: 120 })).loss];
    };
    expect(await run()).toEqual(await run());
  });
});

describe("agents refuse", () => {
  it("options and networks that do not make sense", () => {
    const network = qNetwork(new Chain(), small);
    expect(() => new DQN({ network, batchSize: 64, bufferSize: 32 })).toThrow(/buffer is smaller than a batch[\s\S]*64/);
    expect(() => new DQN({ network, nStep: 0 })).toThrow(/nStep/);
    expect(() => new DQN({ network, bachSize: 3 } as never)).toThrow(/batchSize/);
    expect(() => new DQN({ network: actorCriticNetwork(new Chain()) as never })).toThrow(/no network for the agent/);
    expect(() => new ActorCritic({ network: network as never })).toThrow(/2 outputs/);
    expect(() => qNetwork(new Chain(), { filters: [4] })).toThrow(/only pictures/);
  });

  it("environments that do not fit, observations and rewards that are not finite", async () => {
    const agent = dqn();
    await expect(agent.train(new CartPole() as never, { steps: 10 })).rejects.toThrow(/does not take the environment's observations/);
    await expect(agent.train(new Catch({ rows: 3, columns: 1 }) as never, { steps: 10 })).rejects.toThrow(/observations/);
    class Three extends Chain {
      override readonly actionSpace: Discrete = new Discrete(3);
    }
    await expect(agent.evaluate(new Three())).rejects.toThrow(/one for each action/);
    class Odd extends Chain {
      override seen(): Float32Array {
        return this.steps === 2 ? Float32Array.of(0, NaN, 0) : super.seen();
      }
    }
    await expect(agent.train(new Odd(), { steps: 10 })).rejects.toThrow(/not finite[\s\S]*NaN at position 1/);
    class Unpaid extends Chain {
      override step(action: number): StepResult {
        return { ...super.step(action), reward: NaN };
      }
    }
    await expect(agent.train(new Unpaid(), { steps: 10 })).rejects.toThrow(/reward is not finite/);
    await expect(agent.act([1, NaN, 0])).rejects.toThrow(/not finite/);
    await expect(agent.act([1])).rejects.toThrow(/3 finite numbers/);
    const environment = new Chain();
    await expect(agent.train(environment, { steps: 10, evaluation: { environment, every: 5 } })).rejects.toThrow(/one of its own/);
    const running = agent.train(new Chain(), { steps: 300 });
    await expect(agent.train(new Chain(), { steps: 3 })).rejects.toThrow(/learning already/);
    await running;
  });
});
