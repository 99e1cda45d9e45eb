/**
 * Three protocols of training with few labels: fully supervised; unsupervised pre-training and a support vector machine
 * on the codes; unsupervised pre-training, greedy and level by level, and supervised fine-tuning of the same layers
 * (Y. Bengio and others, "Greedy layer-wise training of deep networks", 2007).
 */
import { datasets, layers, ops, optimizers, Sequential, setRandomSeed, type Tensor, tensor } from "nabla";
import { SVC } from "nabla/classical";
import { MaskingNoise, StackedAutoencoder } from "nabla/unsupervised";
import { lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { Dense } = layers;
const { budget, data, picture, figure } = example("training-protocols", { files: ["mnist/train-images-idx3-ubyte.gz"] });
const [[images, labels], [testImages, testLabels]] = await datasets.mnist.loadData({ dataDir: data("mnist") });
const pixels = (x: Tensor, count: number): Tensor => ops.reshape(ops.divide(ops.slice(x, [0, 0, 0], [count, 28, 28]), 255), [count, 784]);
const unlabelled = pixels(images, budget(1000, images.dim(0)));
const [xTest, yTest] = [pixels(testImages, budget(500, testImages.dim(0))), ops.slice(testLabels, [0], [budget(500, testLabels.dim(0))])];
const known = await labels.data();
const widths = budget([64, 32], [500, 250]);
setRandomSeed(1);
const stacked = new StackedAutoencoder({
  inputShape: [784],
  levels: widths.map((units, k) => ({
    encoder: Dense({ units, activation: "sigmoid" }),
    decoder: Dense({ units: k === 0 ? 784 : widths[k - 1]!, activation: "sigmoid" }),
    corruption: MaskingNoise({ rate: 0.3, seed: k }),
  })),
});
const start = performance.now();
const levels = await stacked.pretrain(unlabelled, {
  optimizer: optimizers.Adam({ learningRate: 2e-3 }),
  loss: "binary_crossentropy",
  epochs: budget(1, 4),
  batchSize: 100,
});
console.log(
  `pre-trained on ${unlabelled.dim(0)} digits without labels in ${((performance.now() - start) / 1000).toFixed(0)} s; losses ${levels.map(({ history }) => history.loss!.at(-1)!.toFixed(4)).join(", ")}`,
);
const pretrained = await stacked.encoder.getWeights();
const testCodes = await stacked.encode(xTest, { batchSize: 500 });

/** As many of every class, chosen anew in every draw. */
function chosen(count: number, draw: number): number[] {
  const order = [...known.keys()].sort((a, b) => hash(a, draw) - hash(b, draw));
  return Array.from({ length: 10 }, (_, label) =>
    order.filter((i) => known[i] === label && i < unlabelled.dim(0)).slice(0, count / 10),
  ).flat();
}
const hash = (i: number, draw: number): number =>
  (Math.imul(i ^ (draw << 20), 0x9e3779b1) ^ (Math.imul(i + 7 * draw, 0x85ebca6b) >>> 13)) >>> 0;

/** The same net, from random weights, or from those that were learnt without labels: then the new layer learns first. */
async function netAccuracy(x: Tensor, y: Tensor, seed: number, from: readonly Tensor[] | null): Promise<number> {
  setRandomSeed(seed);
  const hidden = widths.map((units, k) => Dense({ units, activation: "sigmoid", ...(k === 0 ? { inputDim: 784 } : {}) }));
  const net = new Sequential([...hidden, Dense({ units: 10, activation: "softmax" })]);
  // As many steps for every number of labels.
  const learn = async (learningRate: number, steps: number): Promise<void> => {
    net.compile({ optimizer: optimizers.Adam({ learningRate }), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
    await net.fit(x, y, { epochs: Math.ceil(steps / Math.ceil(x.dim(0) / 50)), batchSize: 50, verbose: 0 });
  };
  if (from !== null) {
    for (const [k, layer] of hidden.entries()) await layer.setWeights(from.slice(2 * k, 2 * k + 2));
    for (const layer of hidden) layer.trainable = false;
    await learn(3e-3, budget(30, 300));
    for (const layer of hidden) layer.trainable = true;
  }
  await learn(1e-3, budget(30, from === null ? 600 : 300));
  return (await net.evaluate(xTest, yTest, { batchSize: 500, verbose: 0 })).accuracy!;
}

const names = ["supervised", "pre-training, SVM on the codes", "pre-training, fine-tuning"];
const counts = budget([100, 200], [100, 200, 500, 1000]);
const means: number[][] = names.map(() => []);
console.log(`labels  ${names.join("  ")}  (mean of draws, least and most)`);
for (const count of counts) {
  const scores: number[][] = names.map(() => []);
  for (let draw = 1; draw <= budget(1, 5); draw++) {
    const picked = chosen(count, draw);
    const [x, y] = [ops.take(unlabelled, picked, 0), tensor(Int32Array.from(picked, (i) => known[i]!))];
    scores[0]!.push(await netAccuracy(x, y, draw, null));
    const svc = await new SVC({ kernel: "rbf", C: 10 }).fit(await stacked.encode(x), y);
    scores[1]!.push(await svc.score(testCodes, yTest));
    scores[2]!.push(await netAccuracy(x, y, draw, pretrained));
  }
  const cells = scores.map((list, k) => {
    means[k]!.push((100 * list.reduce((a, b) => a + b)) / list.length);
    return `${means[k]!.at(-1)!.toFixed(2)} (${(100 * Math.min(...list)).toFixed(1)} .. ${(100 * Math.max(...list)).toFixed(1)})`;
  });
  console.log(`${String(count).padStart(6)}  ${cells.map((cell, k) => cell.padEnd(names[k]!.length)).join("  ")}`);
}
const at = counts.indexOf(200);
figure("200 labels: SVM on the codes over supervised, points", means[1]![at]! - means[0]![at]!, { atLeast: 1 });
figure("200 labels: fine-tuning over supervised, points", means[2]![at]! - means[0]![at]!, { atLeast: 1 });
const series = names.map((name, k) => ({ name, x: counts, y: means[k]! }));
picture(
  "training-protocols.svg",
  lineChart({ title: "MNIST with few labels", xLabel: "labels", yLabel: "test accuracy, %", xScale: "log", series }),
);
