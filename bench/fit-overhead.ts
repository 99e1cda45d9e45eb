/**
 * What `fit` costs beside the bare program of a training step, as processor time per step, interleaved.
 *
 *   NABLA_THREADS=1 npx tsx bench/run-script.ts fit-overhead.ts [--width 416] [--rounds 30]
 *
 * Not with the loader of TypeScript around it: what that does to functions is nothing users run.
 */
import { parseArgs } from "node:util";
import { data, layers, Sequential, setRandomSeed, tensor } from "../src/index.ts";
import { EpochBatches } from "../src/models/batches.ts";
import { prepared } from "../src/models/model-data.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" }, width: { type: "string", default: "256" } } });
const [samples, batchSize, width] = [2048, 32, Number(values.width)];
setRandomSeed(1);
const model = new Sequential({
  layers: [
    layers.Dense({ units: width, activation: "relu", inputDim: 64 }),
    layers.Dense({ units: width, activation: "relu" }),
    layers.Dense({ units: width, activation: "relu" }),
    layers.Dense({ units: 10, activation: "softmax" }),
  ],
});
model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
const x = Float32Array.from({ length: samples * 64 }, (_, i) => Math.sin(i));
const y = Int32Array.from({ length: samples }, (_, i) => i % 10);
const steps = samples / batchSize;
const untyped = model as never;
const whole = await prepared("bench", untyped, { x, y, sampleWeight: null, classWeight: null });
const set = data.Dataset.fromTensors([tensor(x, { shape: [samples, 64] }), tensor(y)]).batch(batchSize);

const ways: Readonly<Record<string, () => Promise<void>>> = {
  bare: async () => {
    const step = model.session.logStep("train", whole);
    const { arrays } = new EpochBatches(whole, batchSize, false).next();
    for (let i = 0; i < steps; i++) {
      const out = step.run(arrays);
      if (out instanceof Promise) await out;
    }
  },
  "fit, in order": async () => void (await model.fit(x, y, { batchSize, shuffle: false, verbose: 0 })),
  "fit, shuffled": async () => void (await model.fit(x, y, { batchSize, verbose: 0 })),
  "fit, Dataset": async () => void (await model.fit(set as never, null, { verbose: 0 })),
};
for (const way of Object.values(ways)) await way();
const times = new Map(Object.keys(ways).map((name): [string, number[]] => [name, []]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, way] of Object.entries(ways)) {
    const start = process.cpuUsage();
    await way();
    const { user, system } = process.cpuUsage(start);
    times.get(name)!.push((user + system) / steps);
  }
}
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1]!;
const bare = times.get("bare")!;
for (const [name, list] of times) {
  const ratios = list.map((time, i) => time / bare[i]!);
  // On a busy machine the quietest rounds tell more than the medians.
  const [least, base] = [Math.min(...list), Math.min(...bare)];
  console.log(
    `${name.padEnd(16)} median ${median(list).toFixed(0)} us a step, ${(100 * (median(ratios) - 1)).toFixed(1)} % more; quietest ${least.toFixed(0)} us, ${(least - base).toFixed(0)} us more, ${(100 * (least / base - 1)).toFixed(1)} %`,
  );
}
