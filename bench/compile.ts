/**
 * What a first call costs: tracing and compiling the training step of a model, then the same for another batch size,
 * whose code is shared. The time of a step as it later is is taken off. Usage: compile.ts BACKEND [MODEL ...]
 */
import { losses, setBackend, setRandomSeed, tensor, type Tensor } from "../src/index.ts";
import { models } from "./models.ts";
import { median, text } from "./tables.ts";

const [backend = "cpu", ...names] = process.argv.slice(2);
await setBackend(backend);
console.log("| model | first call, ms | second batch size, ms | share |\n|---|---|---|---|");
for (const name of names.length > 0 ? names : ["lenet_28_b128_adam"]) {
  const spec = models[name]!;
  setRandomSeed(1);
  const model = spec.build();
  model.compile({
    optimizer: spec.optimizer === "sgdm" ? "sgd" : spec.optimizer,
    loss: spec.classes > 0 ? losses.SparseCategoricalCrossentropy({ fromLogits: true }) : "mean_squared_error",
  });
  const data = (batch: number): [Tensor, Tensor] => {
    const size = spec.shape.reduce((a, b) => a * b, batch);
    const x = tensor(
      Float32Array.from({ length: size }, () => Math.random()),
      { shape: [batch, ...spec.shape] },
    );
    const y = spec.classes > 0 ? tensor(Int32Array.from({ length: batch }, (_, i) => i % spec.classes)) : x;
    return [x, y];
  };
  // The weights exist, and what the whole library does once is done, before the clock starts.
  await Promise.all(model.weights.map((weight) => weight.data()));
  const firstCall = async (batch: number): Promise<number> => {
    const [x, y] = data(batch);
    const timed = async (): Promise<number> => {
      const start = performance.now();
      await model.trainOnBatch(x, y);
      return performance.now() - start;
    };
    const first = await timed();
    const later: number[] = [];
    for (let i = 0; i < (first > 2000 ? 2 : 9); i++) later.push(await timed());
    return first - median(later);
  };
  const first = await firstCall(spec.batch);
  const second = await firstCall(Math.max(1, spec.batch / 2));
  console.log(`| ${name} | ${text(first)} | ${text(second)} | ${text((100 * second) / first)} % |`);
}
