/** Training steps and inference of nabla, as JSON lines. Usage: nabla.ts BACKEND MODEL SECONDS [BATCH] [POLICY] */
import { backendInfo, losses, optimizers, setBackend, setDtypePolicy, setRandomSeed, tensor } from "../src/index.ts";
import { flopsOf } from "./flops.ts";
import { measure } from "./peers/measure.mjs";
import { models } from "./models.ts";

const [backend = "cpu", name = "", seconds = "6", givenBatch, policy = "float32"] = process.argv.slice(2);
const spec = models[name];
if (spec === undefined) throw new Error(`no model ${name}; known: ${Object.keys(models).join(", ")}`);
await setBackend(backend);
setRandomSeed(1);
setDtypePolicy(policy as "mixed_float16");
const { shape, classes } = spec;
const batch = givenBatch === undefined ? spec.batch : Number(givenBatch);
const size = shape.reduce((a, b) => a * b, batch);
const x = tensor(
  Float32Array.from({ length: size }, () => Math.random() - 0.5),
  { shape: [batch, ...shape] },
);
const y =
  classes > 0
    ? tensor(
        Int32Array.from({ length: batch }, (_, i) => i % classes),
        { shape: [batch] },
      )
    : x;

const make = {
  sgd: () => optimizers.SGD({ learningRate: 0.01 }),
  sgdm: () => optimizers.SGD({ learningRate: 0.01, momentum: 0.9 }),
  rmsprop: () => optimizers.RMSprop({ learningRate: 1e-3 }),
  adam: () => optimizers.Adam({ learningRate: 1e-3 }),
};
const model = spec.build();
model.compile({
  optimizer: make[spec.optimizer](),
  loss: classes > 0 ? losses.SparseCategoricalCrossentropy({ fromLogits: true }) : "mean_squared_error",
});
const start = performance.now();
await model.trainOnBatch(x, y);
const firstMs = performance.now() - start;
const trainMs = await measure(async () => void (await model.trainOnBatch(x, y)), Number(seconds));
// As with the peers, the result stays in a tensor; then the same with its elements in an array of the caller's.
const inferMs = await measure(async () => void (await model.predictOnBatch(x)), Number(seconds) / 3);
const inferReadMs = await measure(async () => void (await (await model.predictOnBatch(x)).data()), Number(seconds) / 3);
const info = backendInfo();
const { forward, first } = flopsOf(model);
console.log(
  JSON.stringify({
    peer: `nabla ${backend}`,
    model: name,
    batch,
    policy,
    train_ms: trainMs,
    infer_ms: inferMs,
    infer_read_ms: inferReadMs,
    first_ms: firstMs,
    gflops: (batch * (3 * forward - first)) / trainMs / 1e6,
    info,
  }),
);
