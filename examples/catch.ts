/** A ball falls and a paddle is to be under it: deep Q-learning that sees nothing but the screen, and learns from +1 and -1 at the end. */
import { ops, optimizers, setRandomSeed, type Tensor } from "nabla";
import { Catch, DQN, linearSchedule, qNetwork } from "nabla/reinforcement";
import { imageGrid, lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, figure, picture } = example("catch");
setRandomSeed(2015);
const curves: { name: string; x: number[]; y: number[]; points: boolean }[] = [];
for (const [rows, columns] of [
  [10, 5],
  [16, 16],
] as const) {
  const name = `${rows} x ${columns} pixels`;
  const game = new Catch({ rows, columns });
  const agent = new DQN({
    network: qNetwork(game, { filters: [16, 32], strides: [2, 2], units: [64] }),
    optimizer: optimizers.Adam({ learningRate: 5e-4 }),
    exploration: linearSchedule({ from: 1, to: 0.05, steps: budget(1500, rows * 1500) }),
    nStep: 3,
    batchSize: 32,
    seed: 1,
  });
  // Episodes are as long as the screen is high.
  const steps = budget(2000, rows * 5000);
  const start = performance.now();
  const plan = { environment: new Catch({ rows, columns }), every: steps / 20, episodes: budget(10, 100), stopAt: 1 };
  const { evaluationStep, evaluationReturn } = await agent.train(game, { steps, evaluation: plan });
  const { returns, mean } = await agent.evaluate(new Catch({ rows, columns }), { episodes: budget(20, 1000), seed: 5000 });
  console.log(`${name}: ${agent.steps} steps in ${((performance.now() - start) / 1000).toFixed(1)} s, mean reward ${mean.toFixed(3)}`);
  figure(`${name}: share of balls that are caught`, returns.filter((value) => value > 0).length / returns.length, { atLeast: 0.95 });
  curves.push({ name, x: evaluationStep, y: evaluationReturn.map((value) => (value + 1) / 2), points: true });

  // Two episodes.
  const frames: Tensor[] = [];
  for (let episode = 0; episode < 2; episode++) {
    let observation = game.reset({ column: episode * (columns - 1) });
    for (let isOver = false; !isOver;) {
      frames.push(game.render());
      const result = game.step(await agent.act(observation));
      [observation, isOver] = [result.observation, result.terminated];
    }
    frames.push(game.render());
  }
  picture(`catch-${rows}x${columns}.png`, await imageGrid(ops.stack(frames, 0), { columns: rows, scale: 3 }));
}
picture("catch.svg", lineChart({ title: "Catch, from pixels", xLabel: "steps", yLabel: "share of balls caught", series: curves }));
