/**
 * Largest resident set of a process that trains a model for some steps (VmHWM of Linux), here and on PyTorch at the better
 * of two layouts, as a table. Usage: step-memory.ts [MODEL ...]
 *
 * Called with --measure BACKEND MODEL it is one such process, and prints a JSON line.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { losses, optimizers, setBackend, setRandomSeed, tensor } from "../src/index.ts";
import { models } from "./models.ts";
import { here, ownRows, pythonWith, type Row, rowsOf } from "./processes.ts";

/** Steps before the peak is read: the first one compiles, later ones show whether anything grows. */
const steps = 3;

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

/** Largest resident set of this process so far, in bytes. */
function peakBytes(): number {
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]);
}

async function measureHere(backend: string, name: string): Promise<Row> {
  const spec = models[name];
  if (spec === undefined) throw new Error(`no model ${name}; known: ${Object.keys(models).join(", ")}`);
  await setBackend(backend);
  setRandomSeed(1);
  const { batch, shape, classes } = spec;
  const before = peakBytes();
  const x = tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, batch) }, () => Math.random() - 0.5),
    { shape: [batch, ...shape] },
  );
  const y = classes > 0 ? tensor(Int32Array.from({ length: batch }, (_, i) => i % classes)) : x;
  const model = spec.build();
  const make = {
    sgd: () => optimizers.SGD({ learningRate: 0.01 }),
    sgdm: () => optimizers.SGD({ learningRate: 0.01, momentum: 0.9 }),
    rmsprop: () => optimizers.RMSprop({ learningRate: 1e-3 }),
    adam: () => optimizers.Adam({ learningRate: 1e-3 }),
  };
  model.compile({
    optimizer: make[spec.optimizer](),
    loss: classes > 0 ? losses.SparseCategoricalCrossentropy({ fromLogits: true }) : "mean_squared_error",
  });
  for (let i = 0; i < steps; i++) await model.trainOnBatch(x, y);
  return { peer: `nabla ${backend}`, model: name, peak_bytes: peakBytes(), before_bytes: before };
}

const [flag, ...rest] = process.argv.slice(2);
if (flag === "--measure") {
  const [backend = "cpu", name = ""] = rest;
  console.log(JSON.stringify(await measureHere(backend, name)));
} else {
  const names = flag === undefined ? ["resnet50_224_b4_sgdm"] : [flag, ...rest];
  const torch = pythonWith("torch");
  console.log(`Largest resident set after ${steps} training steps, MB, and without what the process holds before the model.`);
  console.log("| model | peer | peak | without the start |\n|---|---|---|---|");
  for (const name of names) {
    const rows = ownRows("step-memory.ts", ["--measure", "cpu", name]);
    if (torch !== undefined) {
      const script = join(here, "peers/pytorch_steps.py");
      rows.push(
        ...["channels_first", "channels_last"].flatMap((layout) =>
          rowsOf(torch, [script, "--models", name, "--memory", layout, "--steps", String(steps)]),
        ),
      );
    }
    for (const { peer, peak_bytes: peak = NaN, before_bytes: before = NaN } of rows)
      console.log(`| ${name} | ${peer} | ${megabytes(peak)} | ${megabytes(peak - before)} |`);
  }
}
