/**
 * Transfer learning: what a network learned on CIFAR-10's classes 0 to 4 helps with classes 5 to 9, of which it sees 50
 * images each. A new classifier alone, fine-tuning with a smaller learning rate for early layers, and training from scratch.
 *
 *   npx tsx --conditions=source examples/transfer.ts --full --data-dir DIR
 */
import { datasets, layers, ops, optimizers, Sequential, setRandomSeed, type Tensor, tensor } from "nabla";
import { lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, data, figure, full, picture } = example("transfer", { files: ["cifar10/data_batch_1.bin.gz"] });
setRandomSeed(5);
const [[xTrain, yTrain], [xTest, yTest]] = await datasets.cifar10.loadData({ dataDir: data("cifar10") });

/** Images of classes [from, to), at most `perClass` of each, and labels from 0. */
async function part(x: Tensor, y: Tensor, from: number, to: number, perClass: number): Promise<[Tensor, Tensor]> {
  const labels = await y.data();
  const seen = new Map<number, number>();
  const chosen = [...labels.keys()].filter((i) => {
    const label = labels[i]!;
    const count = seen.get(label) ?? 0;
    if (label < from || label >= to || count >= perClass) return false;
    seen.set(label, count + 1);
    return true;
  });
  const images = ops.take(x, tensor(Int32Array.from(chosen)), 0);
  return [ops.divide(ops.cast(images, "float32"), 255), tensor(Int32Array.from(chosen, (i) => labels[i]! - from))];
}

const source = await part(xTrain, yTrain, 0, 5, budget(60, 1000));
const target = await part(xTrain, yTrain, 5, 10, 50);
const test = await part(xTest, yTest, 5, 10, budget(20, 150));

function network(): Sequential {
  const conv = (filters: number, name: string): layers.Layer[] => [
    layers.Conv2D({ filters, kernelSize: 3, padding: "same", useBias: false, name }),
    layers.BatchNormalization({ momentum: 0.9, name: `${name}_bn` }),
    layers.Activation({ activation: "relu", name: `${name}_relu` }),
  ];
  const model = new Sequential([layers.InputLayer({ shape: [32, 32, 3] })]);
  model.add(layers.RandomFlip({ mode: "horizontal" }));
  const blocks = [...conv(32, "conv1"), ...conv(32, "conv2"), layers.MaxPooling2D(), ...conv(64, "conv3"), ...conv(64, "conv4")];
  const rest = [layers.MaxPooling2D(), ...conv(128, "conv5"), layers.GlobalAveragePooling2D(), layers.Dropout({ rate: 0.3 })];
  for (const layer of [...blocks, ...rest]) model.add(layer);
  model.add(layers.Dense({ units: 5, activation: "softmax", name: "head" }));
  return model;
}

/** Trains on images of the target's classes and gives the accuracy on their test images after every epoch. */
async function learn(model: Sequential, optimizer: optimizers.Optimizer): Promise<number[]> {
  model.compile({ optimizer, loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  const history = await model.fit(...target, { epochs: budget(1, 30), batchSize: 32, verbose: 0, validationData: test });
  return history.history.val_accuracy!;
}

const pretrained = network();
pretrained.compile({ optimizer: optimizers.Adam({ learningRate: 0.002 }), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
await pretrained.fit(...source, { epochs: budget(1, 12), batchSize: 32, verbose: full ? 2 : 0 });
const learned = await pretrained.getWeights();

/** The pretrained network with a new head. */
async function withNewHead(): Promise<Sequential> {
  const model = network();
  await model.setWeights(learned);
  model.pop();
  model.add(layers.Dense({ units: 5, activation: "softmax", name: "new_head" }));
  return model;
}

const headOnly = await withNewHead();
for (const layer of headOnly.layers.slice(0, -1)) layer.trainable = false;
const curves: Record<string, number[]> = {
  "new head only": await learn(headOnly, optimizers.Adam({ learningRate: 0.01 })),
};

const rates: Record<string, number> = { conv1: 2e-4, conv2: 2e-4, conv3: 5e-4, conv4: 5e-4, conv5: 1e-3, new_head: 3e-3 };
const byDepth = Object.fromEntries(Object.entries(rates).map(([name, learningRate]) => [name, optimizers.Adam({ learningRate })]));
const discriminative = optimizers.MultiOptimizer((variable) => byDepth[Object.keys(rates).find((name) => variable.path.includes(name))!]!);
curves["fine-tuned, slower in early layers"] = await learn(await withNewHead(), discriminative);
curves["from scratch"] = await learn(network(), optimizers.Adam({ learningRate: 0.002 }));

const xLabel = "epochs over 50 images a class";
const series = Object.entries(curves).map(([name, y]) => ({ name, y }));
picture("transfer.svg", lineChart({ title: "CIFAR-10: from classes 0-4 to 5-9", xLabel, yLabel: "accuracy on test images", series }));
const best = Object.fromEntries(Object.entries(curves).map(([name, values]) => [name, values.at(-1)!]));
for (const [name, value] of Object.entries(best)) figure(name, value);
figure("new head against from scratch", best["new head only"]! - best["from scratch"]!, { atLeast: 0 });
figure("fine-tuned against from scratch", best["fine-tuned, slower in early layers"]! - best["from scratch"]!, { atLeast: 0 });
