/** Why deep nets of sigmoids do not learn: the length of the gradient by depth, and how fast each activation learns. */
import { datasets, gradients, layers, losses, ops, optimizers, Sequential, setRandomSeed, type Tensor } from "nabla";
import { lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, picture, figure } = example("activations");
const [[images, labels]] = await datasets.digits.loadData();
const depth = 8;
/** The threshold of the perceptron has no slope: nothing is learnt through it. */
const threshold = (x: Tensor): Tensor => ops.cast(ops.greater(x, 0), "float32");
const choices = { threshold, sigmoid: "sigmoid", tanh: "tanh", relu: "relu" } as const;

/** `depth` hidden layers of 64; weights as He et al. (2015) propose for relu, Glorot and Bengio (2010) for the others. */
function network(activation: (typeof choices)[keyof typeof choices]): Sequential {
  setRandomSeed(5);
  const kernelInitializer = activation === "relu" ? "he_normal" : "glorot_normal";
  const model = new Sequential([layers.Rescaling({ scale: 1 / 16, inputShape: [8, 8, 1] }), layers.Flatten()]);
  for (let i = 0; i < depth; i++) model.add(layers.Dense({ units: 64, activation, kernelInitializer }));
  model.add(layers.Dense({ units: 10, activation: "softmax" }));
  return model;
}

const norms: { name: string; y: number[] }[] = [];
const curves: { name: string; y: number[] }[] = [];
const loss = losses.SparseCategoricalCrossentropy();
for (const [name, activation] of Object.entries(choices)) {
  const model = network(activation);
  const kernels = model.trainableWeights.filter(({ shape }) => shape.length === 2);
  const slopes = gradients([loss(labels, model(images))], kernels);
  const lengths: number[] = [];
  for (const slope of slopes) lengths.push(await ops.sqrt(ops.sum(ops.square(slope))).item());
  norms.push({ name, y: lengths.map((length) => (length === 0 ? NaN : length)) });
  console.log(`${name.padEnd(10)} gradient by layer: ${lengths.map((length) => length.toExponential(1)).join("  ")}`);
  model.compile({
    optimizer: optimizers.SGD({ learningRate: 0.01, momentum: 0.9 }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
  const { history } = await model.fit(images, labels, { epochs: budget(2, 40), batchSize: 32, verbose: 0 });
  curves.push({ name, y: history.accuracy! });
}
const ratio = (name: string): number =>
  norms.find((series) => series.name === name)!.y[0]! / norms.find((series) => series.name === name)!.y[depth]!;
figure("sigmoid: gradient of the first layer over that of the last", ratio("sigmoid"), { atMost: 1e-3 });
figure("relu: gradient of the first layer over that of the last", ratio("relu"), { atLeast: 0.1 });
const toReach = (name: string): number => curves.find((series) => series.name === name)!.y.findIndex((accuracy) => accuracy >= 0.9) + 1;
console.log(
  `epochs to 90 % (0: never): ${Object.keys(choices)
    .map((name) => `${name} ${toReach(name)}`)
    .join(", ")}`,
);
picture(
  "activations-gradients.svg",
  lineChart({
    title: "Length of the gradient by layer (threshold: exactly 0 below the last)",
    xLabel: "layer (1: next to the image)",
    yLabel: "|d loss / d kernel|",
    yScale: "log",
    series: norms,
  }),
);
picture(
  "activations-learning.svg",
  lineChart({
    title: `Learning with ${depth} hidden layers`,
    xLabel: "epoch",
    yLabel: "training accuracy",
    yRange: [0, 1],
    series: curves,
  }),
);
