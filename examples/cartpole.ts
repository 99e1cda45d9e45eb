/**
 * A pole on a cart is kept upright, by an agent that only hears how long it stood: deep Q-learning (V. Mnih et al., 2015),
 * actor and critic (V. Mnih et al., 2016), and REINFORCE (R. Williams, 1992).
 */
import { ops, optimizers, setRandomSeed, type Tensor } from "nabla";
import {
  ActorCritic,
  actorCriticNetwork,
  type AgentHistory,
  CartPole,
  DQN,
  linearSchedule,
  qNetwork,
  Reinforce,
  VectorEnvironment,
} from "nabla/reinforcement";
import { imageGrid, lineChart, type Series } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, figure, picture } = example("cartpole");
setRandomSeed(1983);
const cartPole = new CartPole();
/** Where the agent is looked at while it learns: its best weights are kept, and 500 is all there is to reach. */
const evaluation = { environment: new CartPole(), every: budget(1000, 5000), episodes: budget(2, 20), stopAt: 500 };

const dqn = new DQN({
  network: qNetwork(cartPole, { units: [128, 128] }),
  optimizer: optimizers.Adam({ learningRate: 5e-4 }),
  exploration: linearSchedule({ from: 1, to: 0.04, steps: 10_000 }),
  batchSize: 64,
  trainEvery: 2,
  targetUpdateEvery: 200,
  seed: 1,
});
const many = new VectorEnvironment(() => new CartPole(), 8);
const actorCritic = new ActorCritic({
  network: actorCriticNetwork(many, { activation: "tanh" }),
  optimizer: optimizers.Adam({ learningRate: 2e-3 }),
  horizon: 32,
  entropyWeight: 0.005,
  seed: 1,
});
const reinforce = new Reinforce({
  network: actorCriticNetwork(cartPole, { activation: "tanh" }),
  optimizer: optimizers.Adam({ learningRate: 3e-3 }),
  seed: 1,
});

const curves: Series[] = [];
async function report(name: string, learning: Promise<AgentHistory>, agent: DQN | ActorCritic | Reinforce): Promise<void> {
  const start = performance.now();
  const { step, episodeReturn, evaluationStep, evaluationReturn } = await learning;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    `${name}: ${agent.steps} steps, ${step.length} episodes, ${seconds} s; seen to reach ${evaluationReturn.map(Math.round).join(", ")}`,
  );
  const result = await agent.evaluate(new CartPole(), { episodes: budget(3, 100), seed: 5000 });
  figure(`${name}: mean of the steps that the pole stands`, result.mean, { atLeast: 475 });
  console.log(`${name}: the worst episode had ${result.least} steps`);
  // The mean of every tenth of the episodes.
  const part = Math.max(1, Math.floor(step.length / 60));
  const means = Array.from({ length: Math.floor(step.length / part) }, (_, i) => i * part).map((from) => ({
    x: step[from + part - 1]!,
    y: episodeReturn.slice(from, from + part).reduce((sum, value) => sum + value, 0) / part,
  }));
  curves.push({ name, x: means.map(({ x }) => x), y: means.map(({ y }) => y), points: false });
  curves.push({ name: `${name}, greedy`, x: evaluationStep, y: evaluationReturn, dashed: true, points: false });
}
await report("DQN", dqn.train(cartPole, { steps: budget(2000, 150_000), evaluation }), dqn);
await report("actor-critic", actorCritic.train(many, { steps: budget(2000, 500_000), evaluation }), actorCritic);
await report("REINFORCE", reinforce.train(cartPole, { steps: budget(2000, 300_000), evaluation }), reinforce);

// The beginning of an episode, every eighth step.
const frames: Tensor[] = [];
let observation = cartPole.reset({ seed: 7 });
for (let step = 0; frames.length < 8; step++) {
  if (step % 8 === 0) frames.push(cartPole.render());
  const result = cartPole.step(await actorCritic.act(observation));
  observation = result.terminated ? cartPole.reset() : result.observation;
}
picture("cartpole-game.png", await imageGrid(ops.stack(frames, 0), { columns: 8, scale: 1 }));
picture(
  "cartpole.svg",
  lineChart({ title: "Learning to keep the pole upright", xLabel: "steps", yLabel: "steps that it stands", series: curves }),
);
