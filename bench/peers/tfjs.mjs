// Training steps and inference of TensorFlow.js, as JSON lines. Usage: node tfjs.mjs cpu|wasm MODEL SECONDS
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { measure } from "./measure.mjs";

const require = createRequire(import.meta.url);
const [backend, model, seconds] = [process.argv[2], process.argv[3], Number(process.argv[4] ?? 6)];
const tf = require("@tensorflow/tfjs-core");
const layers = require("@tensorflow/tfjs-layers");
require("@tensorflow/tfjs-backend-cpu");
const wasm = require("@tensorflow/tfjs-backend-wasm");
if (backend === "wasm") wasm.setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
await tf.setBackend(backend);
await tf.ready();

const mlp = (...sizes) =>
  sizes
    .slice(1)
    .map((units, i) =>
      layers.layers.dense({ units, activation: i + 2 < sizes.length ? "relu" : "linear", ...(i === 0 ? { inputShape: [sizes[0]] } : {}) }),
    );
const L = layers.layers;
const convolution = (filters, kernelSize, padding, first) =>
  L.conv2d({ filters, kernelSize, padding, activation: "relu", ...(first ? { inputShape: [28, 28, 1] } : {}) });
const models = {
  mlp_100_64_10_b32_sgd: [32, [100], () => mlp(100, 64, 10), "sgd", 10],
  mlp_784_64_64_10_b32_rmsprop: [32, [784], () => mlp(784, 64, 64, 10), "rmsprop", 10],
  mlp_784_512_512_10_b128_adam: [128, [784], () => mlp(784, 512, 512, 10), "adam", 10],
  lenet_28_b128_adam: [
    128,
    [28, 28, 1],
    () => [
      convolution(6, 5, "same", true),
      L.maxPooling2d({ poolSize: 2 }),
      convolution(16, 5, "valid"),
      L.maxPooling2d({ poolSize: 2 }),
      L.flatten(),
      L.dense({ units: 120, activation: "relu" }),
      L.dense({ units: 84, activation: "relu" }),
      L.dense({ units: 10 }),
    ],
    "adam",
    10,
  ],
  convnet_28_b128_adam: [
    128,
    [28, 28, 1],
    () => [
      convolution(32, 3, "valid", true),
      L.maxPooling2d({ poolSize: 2 }),
      convolution(64, 3, "valid"),
      L.maxPooling2d({ poolSize: 2 }),
      L.flatten(),
      L.dropout({ rate: 0.5 }),
      L.dense({ units: 10 }),
    ],
    "adam",
    10,
  ],
  autoencoder_784_b128_adam: [128, [784], () => mlp(784, 128, 32, 128, 784), "adam", 0],
};
if (!(model in models)) process.exit(0);
const [batch, shape, make, optimizer, classes] = models[model];
const net = layers.sequential({ layers: make() });
const loss = classes ? (y, p) => tf.losses.softmaxCrossEntropy(y, p) : "meanSquaredError";
const row = { peer: `tfjs 4.22 ${backend}`, model, batch };
try {
  net.compile({ optimizer: { sgd: tf.train.sgd(0.01), rmsprop: tf.train.rmsprop(1e-3), adam: tf.train.adam(1e-3) }[optimizer], loss });
  const x = tf.randomNormal([batch, ...shape]);
  const y = classes
    ? tf.cast(
        tf.oneHot(
          tf.tensor1d(
            Array.from({ length: batch }, (_, i) => i % classes),
            "int32",
          ),
          classes,
        ),
        "float32",
      )
    : x;
  row.infer_ms = await measure(async () => {
    const p = net.predict(x);
    await p.data();
    p.dispose();
  }, seconds / 3);
  row.train_ms = await measure(async () => void (await net.trainOnBatch(x, y)), seconds);
} catch (error) {
  row.error = String(error.message ?? error)
    .split("\n")[0]
    .slice(0, 120);
}
console.log(JSON.stringify(row));
process.exit(0);
