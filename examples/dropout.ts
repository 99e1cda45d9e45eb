/**
 * Dropout on 2,000 MNIST digits: with it, accuracy on digits that were learnt and on others lie closer to each other.
 * N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
 */
import { datasets, layers, ops, optimizers, Sequential, setRandomSeed, type Tensor } from "nabla";
import { lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, data, picture, figure } = example("dropout", { files: ["mnist/train-images-idx3-ubyte.gz"] });
const [[images, labels], [testImages, testLabels]] = await datasets.mnist.loadData({ dataDir: data("mnist") });
const part = (x: Tensor, count: number): Tensor =>
  ops.slice(
    x,
    x.shape.map(() => 0),
    [count, ...(x.shape.slice(1) as number[])],
  );
const flat = (x: Tensor): Tensor => ops.reshape(ops.divide(x, 255), [x.dim(0), 784]);
const x = flat(part(images, 2000));
const y = part(labels, 2000);
const held = budget(1000, testImages.dim(0));
const xTest = flat(part(testImages, held));
const yTest = part(testLabels, held);

const series: { name: string; y: number[]; dashed?: boolean }[] = [];
const gaps: number[] = [];
console.log("rate   training  held out  gap");
for (const rate of [0, 0.5]) {
  setRandomSeed(11);
  const model = new Sequential([
    layers.Dense({ units: 512, activation: "relu", inputDim: 784 }),
    layers.Dropout({ rate }),
    layers.Dense({ units: 512, activation: "relu" }),
    layers.Dropout({ rate }),
    layers.Dense({ units: 10, activation: "softmax" }),
  ]);
  model.compile({
    optimizer: optimizers.SGD({ learningRate: 0.1, momentum: 0.9 }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
  const { history } = await model.fit(x, y, { epochs: budget(2, 60), batchSize: 64, validationData: [xTest, yTest], verbose: 0 });
  const [seen, unseen] = [(await model.evaluate(x, y, { verbose: 0 })).accuracy!, history.val_accuracy!.at(-1)!];
  gaps.push(seen - unseen);
  console.log(
    `${rate.toFixed(1)}    ${(100 * seen).toFixed(2).padStart(7)}  ${(100 * unseen).toFixed(2).padStart(8)}  ${(100 * (seen - unseen)).toFixed(2)}`,
  );
  const name = rate === 0 ? "without dropout" : "with dropout";
  series.push({ name: `${name}, training loss`, y: history.loss!, dashed: true }, { name: `${name}, held-out loss`, y: history.val_loss! });
}
figure("gap with dropout, in points", 100 * gaps[1]!, { atMost: 100 * gaps[0]! });
picture(
  "dropout.svg",
  lineChart({ title: "2,000 digits, with and without dropout", xLabel: "epoch", yLabel: "loss", yScale: "log", series }),
);

// At test time nothing is dropped and nothing is scaled: training already divides what is kept by 1 - rate.
const ones = ops.ones([1, 200_000]);
const dropout = layers.Dropout({ rate: 0.5, seed: 1 });
figure("mean of ones while training", await ops.mean(dropout(ones, { training: true })).item(), { atLeast: 0.99, atMost: 1.01 });
figure("mean of ones while testing", await ops.mean(dropout(ones, { training: false })).item(), { atLeast: 1, atMost: 1 });
