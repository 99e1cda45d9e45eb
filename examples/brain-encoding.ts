/**
 * An encoding model: which layer of a convolutional network predicts the responses of a brain area best? The voxels are
 * SIMULATED: each mixes the activations of one layer at random and adds noise, so that the right answer is known.
 *
 *   npx tsx --conditions=source examples/brain-encoding.ts --full --data-dir DIR
 *
 * Naselaris, Kay, Nishimoto, Gallant, "Encoding and decoding in fMRI", 2011; Guclu, van Gerven, 2015.
 */
import { datasets, evaluation, layers, Model, ops, optimizers, random, Sequential, setRandomSeed, type Tensor } from "nabla";
import { lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, data, figure, picture } = example("brain-encoding", { files: ["cifar10/data_batch_1.bin.gz"] });
setRandomSeed(11);
const [[xTrain, yTrain], [xTest]] = await datasets.cifar10.loadData({ dataDir: data("cifar10") });
const count = budget(256, 3000);
const unit = (x: Tensor, n: number): Tensor => ops.divide(ops.cast(ops.slice(x, [0, 0, 0, 0], [n, 32, 32, 3]), "float32"), 255);

const model = new Sequential([layers.InputLayer({ shape: [32, 32, 3] })]);
const names = ["conv1", "conv2", "conv3", "conv4"];
[16, 32, 64, 64].forEach((filters, i) =>
  model.add(layers.Conv2D({ filters, kernelSize: 3, strides: 2, padding: "same", activation: "relu", name: names[i]! })),
);
model.add(layers.Flatten());
model.add(layers.Dense({ units: 10, activation: "softmax" }));
model.compile({ optimizer: optimizers.Adam(), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
await model.fit(unit(xTrain, count), ops.slice(yTrain, [0, 0], [count, 1]), { epochs: budget(1, 8), batchSize: 32, verbose: 0 });

const [stimuli, voxels] = [budget(120, 750), 40];
const probe = new Model({
  inputs: model.inputs!,
  outputs: names.map((name) => model.getLayer(name).output as Tensor),
});
const activations = await probe.predict(unit(xTest, stimuli), { batchSize: 250, verbose: 0 });
const features = activations.map((maps) => ops.reshape(maps, [stimuli, -1]));
const standardized = (x: Tensor): Tensor => {
  const centred = ops.subtract(x, ops.mean(x, { axis: 0, keepdims: true }));
  return ops.divide(centred, ops.maximum(ops.std(centred, { axis: 0, keepdims: true }), 1e-6));
};

const half = Math.floor(stimuli / 2);
const rows = (x: Tensor, from: number, to: number): Tensor => ops.slice(x, [from, 0], [to - from, x.dim(1)]);
const table: number[][] = [];
for (const [area, source] of features.entries()) {
  const mixing = random.normal([source.dim(1), voxels], { seed: 100 + area });
  const signal = standardized(ops.matmul(standardized(source), mixing));
  const responses = ops.add(signal, random.normal([stimuli, voxels], { stddev: 0.7, seed: 200 + area }));
  const scores: number[] = [];
  for (const feature of features) {
    const x = standardized(feature);
    const fitted = evaluation.ridge(rows(x, 0, half), rows(responses, 0, half), { alpha: 0.3 * feature.dim(1) });
    const correlations = evaluation.columnCorrelations(fitted.predict(rows(x, half, stimuli)), rows(responses, half, stimuli));
    scores.push(await ops.mean(correlations).item());
  }
  table.push(scores);
  console.log(`simulated area of ${names[area]!}: ${scores.map((score, i) => `${names[i]!} ${score.toFixed(3)}`).join("  ")}`);
}
const series = table.map((y, area) => ({ name: `simulated voxels of ${names[area]!}`, y }));
const labels = { title: "Encoding models (simulated voxels)", xLabel: "layer that predicts", yLabel: "correlation on held-out images" };
picture("brain-encoding.svg", lineChart({ ...labels, series }));
const right = table.filter((scores, area) => scores.indexOf(Math.max(...scores)) === area).length;
figure("areas whose own layer predicts best, of 4", right, { atLeast: 4 });
