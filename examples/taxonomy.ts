/**
 * A class taxonomy, as in the skin-lesion classifier: trained on ten fine classes of CIFAR-10, asked the coarse question
 * "animal or vehicle?" by summing probabilities, against a network that was trained on the two coarse classes.
 *
 *   npx tsx --conditions=source examples/taxonomy.ts --full --data-dir DIR
 *
 * Esteva and others, "Dermatologist-level classification of skin cancer with deep neural networks", Nature 2017.
 */
import { datasets, evaluation, layers, ops, optimizers, Sequential, setRandomSeed, type Tensor } from "nabla";
import { lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, data, figure, full, picture } = example("taxonomy", { files: ["cifar10/data_batch_1.bin.gz"] });
const [[xTrain, yTrain], [xTest, yTest]] = await datasets.cifar10.loadData({ dataDir: data("cifar10") });
const taxonomy: evaluation.Taxonomy = { vehicle: [0, 1, 8, 9], animal: [2, 3, 4, 5, 6, 7] };
const count = budget(256, 2000);
const scaled = (x: Tensor): Tensor => ops.divide(ops.cast(x, "float32"), 255);
const images = scaled(ops.slice(xTrain, [0, 0, 0, 0], [count, 32, 32, 3]));
const fine = ops.reshape(ops.slice(yTrain, [0, 0], [count, 1]), [count]);

/** A network for `classes` classes, trained; its probabilities for the test images. */
async function probabilities(labels: Tensor, classes: number): Promise<Tensor> {
  setRandomSeed(2017);
  const model = new Sequential([layers.InputLayer({ shape: [32, 32, 3] }), layers.RandomFlip({ mode: "horizontal" })]);
  for (const filters of [32, 64, 128]) {
    model.add(layers.Conv2D({ filters, kernelSize: 3, padding: "same", useBias: false }));
    model.add(layers.BatchNormalization({ momentum: 0.9 }));
    model.add(layers.ReLU());
    model.add(layers.MaxPooling2D());
  }
  model.add(layers.GlobalAveragePooling2D());
  model.add(layers.Dropout({ rate: 0.3 }));
  model.add(layers.Dense({ units: classes, activation: "softmax" }));
  const epochs = budget(1, 25);
  const learningRate = optimizers.schedules.CosineDecay({ initialLearningRate: 0.003, decaySteps: epochs * Math.ceil(count / 32) });
  model.compile({ optimizer: optimizers.Adam({ learningRate }), loss: "sparse_categorical_crossentropy" });
  await model.fit(images, labels, { epochs, batchSize: 32, verbose: full ? 2 : 0 });
  return await model.predict(scaled(xTest), { batchSize: 250, verbose: 0 });
}

const fineProbabilities = await probabilities(fine, 10);
const summed = evaluation.coarseProbabilities(fineProbabilities, taxonomy);
const direct = await probabilities(evaluation.coarseLabels(fine, taxonomy, 10), 2);
const truth = ops.reshape(evaluation.coarseLabels(yTest, taxonomy, 10), [xTest.dim(0)]);

const ofAnimal = (x: Tensor): Tensor => ops.take(x, 1, -1);
const curves = {
  "trained on fine classes": await evaluation.rocCurve(truth, ofAnimal(summed)),
  "trained on coarse classes": await evaluation.rocCurve(truth, ofAnimal(direct)),
};
for (const [name, { auc, sensitivity, specificity, thresholds }] of Object.entries(curves)) {
  const at = thresholds.findIndex((threshold) => threshold <= 0.5);
  const [found, left] = [(100 * sensitivity[at]!).toFixed(1), (100 * specificity[at]!).toFixed(1)];
  console.log(`${name}: AUC ${auc.toFixed(4)}; at a threshold of 0.5 sensitivity ${found} %, specificity ${left} %`);
}
const [top1, top3] = await evaluation.topErrors(ops.reshape(yTest, [-1]), fineProbabilities, [1, 3]);
console.log(`fine classes: top-1 error ${(100 * top1!).toFixed(1)} %, top-3 error ${(100 * top3!).toFixed(1)} %`);

const series = Object.entries(curves).map(([name, { sensitivity, specificity, auc }]) => ({
  name: `${name}, AUC ${auc.toFixed(3)}`,
  x: specificity.map((value) => 1 - value),
  y: sensitivity,
  points: false,
}));
picture("taxonomy.svg", lineChart({ title: "Animal or vehicle?", xLabel: "1 - specificity", yLabel: "sensitivity", series }));
const [first, second] = Object.values(curves);
figure("AUC, trained on fine classes", first!.auc);
figure("AUC, fine minus coarse", first!.auc - second!.auc, { atLeast: 0 });
