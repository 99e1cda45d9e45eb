/**
 * Rosenblatt's perceptron: where a line divides the classes it finds one; where none does (XOR, two spirals) it never
 * settles, and a network with hidden layers learns what it cannot.
 */
import { datasets, layers, ops, optimizers, Sequential, setRandomSeed, tensor, type Tensor } from "nabla";
import { Perceptron } from "nabla/classical";
import { decisionBoundary } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, picture, figure } = example("perceptron");
setRandomSeed(1);

// Iris: setosa against the others, by the two lengths.
const [[x, y]] = await datasets.iris.loadData({ testSplit: 0 });
const lengths = ops.take(x, tensor(Int32Array.of(0, 2)), 1);
const isSetosa = ops.cast(ops.equal(y, 0), "int32");
const iris = await new Perceptron({ seed: 1 }).fit(lengths, isSetosa);
figure("setosa accuracy", await iris.score(lengths, isSetosa), { atLeast: 1 });
console.log(`settled after ${iris.mistakes.length} passes, mistakes per pass: ${iris.mistakes.join(" ")}`);
picture(
  "perceptron-iris.svg",
  await decisionBoundary({
    title: "Perceptron: setosa against the others",
    xLabel: datasets.iris.featureNames[0]!,
    yLabel: datasets.iris.featureNames[2]!,
    names: { 0: "other", 1: "setosa" },
    predict: (points) => iris.predict(points),
    x: lengths,
    y: isSetosa,
  }),
);

// XOR: four points that no line divides.
const corners = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const xor = [0, 1, 1, 0];
const failing = await new Perceptron({ maxEpochs: 100 }).fit(corners, xor);
const network = await mlp(2, [8], corners, xor, budget(200, 600), 4);
figure("XOR, perceptron", await failing.score(corners, xor));
figure("XOR, network", await accuracyOf(network, corners, xor), { atLeast: 1 });

// Two spirals, three quarters of a turn apart (K. Lang, M. Witbrock, 1988).
const spirals: number[][] = [];
const arms: number[] = [];
for (let i = 0; i < 200; i++) {
  for (const arm of [0, 1]) {
    const [angle, radius] = [(i / 200) * 3.5 * Math.PI + arm * Math.PI, 0.15 + (i / 200) * 0.85];
    spirals.push([radius * Math.cos(angle), radius * Math.sin(angle)]);
    arms.push(arm);
  }
}
const linear = await new Perceptron({ maxEpochs: 100 }).fit(spirals, arms);
const deep = await mlp(2, [64, 64, 64], tensor(spirals), arms, budget(20, 400), 32);
figure("spirals, perceptron", await linear.score(spirals, arms));
figure("spirals, network", await accuracyOf(deep, tensor(spirals), arms), { atLeast: 0.99 });
const plane = { names: { 0: "first", 1: "second" }, x: spirals, y: arms, xLabel: "x", yLabel: "y" };
picture(
  "perceptron-spirals.svg",
  await decisionBoundary({ title: "Two spirals, a perceptron", predict: (points) => linear.predict(points), ...plane }),
);
picture(
  "mlp-spirals.svg",
  await decisionBoundary({ title: "Two spirals, three hidden layers", predict: (points) => classesOf(deep, points), ...plane }),
);

/** A network with hidden layers, trained to tell two classes apart. */
async function mlp(
  inputs: number,
  hidden: number[],
  data: Tensor,
  labels: number[],
  epochs: number,
  batchSize: number,
): Promise<Sequential> {
  const model = new Sequential([layers.InputLayer({ shape: [inputs] })]);
  for (const units of hidden) model.add(layers.Dense({ units, activation: "relu", kernelInitializer: "he_normal" }));
  model.add(layers.Dense({ units: 1, activation: "sigmoid" }));
  model.compile({ optimizer: optimizers.Adam({ learningRate: 0.005 }), loss: "binary_crossentropy" });
  await model.fit(data, labels, { epochs, batchSize, verbose: 0 });
  return model;
}

async function classesOf(model: Sequential, points: Tensor): Promise<Tensor> {
  return ops.reshape(ops.cast(ops.greater(await model.predict(points, { batchSize: 1024 }), 0.5), "int32"), [-1]);
}

async function accuracyOf(model: Sequential, points: Tensor, labels: number[]): Promise<number> {
  const said = await (await classesOf(model, points)).data();
  return labels.filter((label, i) => label === said[i]).length / labels.length;
}
