/**
 * Memory and steadiness, as a table. Run with: npm run bench:memory
 *
 * 1. 10,000 training steps: bytes outside the JavaScript heap after step 1,000 and after step 10,000, and growth of
 *    heapUsed + external + held bytes per step after forced collections.
 * 2. 20,000 results of 1 MB computed and dropped in a loop of awaits: largest resident set.
 * 3. Adam on a unit that is dead for 4,000 steps against a living one: time per step (subnormal slots would show).
 */
import { backendInfo, layers, optimizers, Sequential, setBackend, setRandomSeed, tensor, zeros } from "../src/index.ts";

const { Dense, InputLayer } = layers;
await setBackend(process.argv[2] ?? "cpu");
const collect = globalThis.gc;
if (collect === undefined) throw new Error("run node with --expose-gc");
const held = (): number => Number(backendInfo()["bytesHeld"]);
const total = (): number => {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external + held();
};

function network(units: number): Sequential {
  const model = new Sequential();
  model.add(InputLayer({ shape: [units] }));
  model.add(Dense({ units: 64, activation: "relu" }));
  model.add(Dense({ units: 10 }));
  return model;
}
const random = (shape: readonly number[]): ReturnType<typeof tensor> =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.random() - 0.5),
    { shape },
  );

setRandomSeed(1);
const x = random([32, 100]);
const y = random([32, 10]);
const model = network(100);
model.compile({ optimizer: "adam", loss: "mean_squared_error" });
const marks = new Map<number, readonly [number, number]>();
for (let step = 1; step <= 10_000; step++) {
  await model.trainOnBatch(x, y);
  if (step === 1_000 || step === 10_000) marks.set(step, [held(), total()]);
}
const [heldEarly, totalEarly] = marks.get(1_000)!;
const [heldLate, totalLate] = marks.get(10_000)!;
console.log("| what | measured | bound |\n|---|---|---|");
console.log(`| bytes held after 1,000 and 10,000 steps | ${heldEarly} and ${heldLate} | equal |`);
console.log(`| growth of heap, external and held bytes per step | ${((totalLate - totalEarly) / 9_000).toFixed(1)} | 100 |`);

let peak = 0;
const base = zeros([262_144]);
for (let i = 0; i < 20_000; i++) {
  await base.add(i).data();
  if (i % 100 === 0) peak = Math.max(peak, process.memoryUsage().rss);
}
console.log(`| resident set while 20,000 results of 1 MB come and go | ${(peak / 2 ** 20).toFixed(0)} MB | 500 MB |`);

/** Median step time of Adam over 4,000 steps; `scale` 0 makes every gradient zero after the first steps. */
async function adam(isDead: boolean): Promise<number> {
  setRandomSeed(2);
  const unit = network(512);
  unit.compile({ optimizer: optimizers.Adam(), loss: "mean_squared_error" });
  const input = random([4, 512]);
  const alive = random([4, 10]);
  await unit.trainOnBatch(input, alive);
  // A zero input gives the first layer zero gradients: its moments decay towards subnormal numbers.
  const rest = isDead ? zeros([4, 512]) : input;
  const times: number[] = [];
  for (let step = 0; step < 4_000; step++) {
    const start = performance.now();
    await unit.trainOnBatch(rest, alive);
    if (step >= 3_000) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}
const living = await adam(false);
const dead = await adam(true);
console.log(`| Adam step after 4,000 steps: dead unit over living unit | ${(dead / living).toFixed(2)} | about 1 |`);
