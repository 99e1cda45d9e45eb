/**
 * Location invariance: digits of MNIST moved and scaled, read by networks with and without pooling, and by one without
 * convolutions. All of them learned centred digits only.
 *
 *   npx tsx --conditions=source examples/location-invariance.ts --full --data-dir DIR
 */
import { datasets, evaluation, layers, ops, optimizers, Sequential, setRandomSeed, type Tensor } from "nabla";
import { lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, data, figure, picture } = example("location-invariance", { files: ["mnist/train-images-idx3-ubyte.gz"] });
const [[xTrain, yTrain], [xTest, yTest]] = await datasets.mnist.loadData({ dataDir: data("mnist") });
const [count, testCount] = [budget(500, 10_000), budget(100, 1000)];
const some = (x: Tensor, n: number): Tensor =>
  ops.divide(ops.cast(ops.reshape(ops.slice(x, [0, 0, 0], [n, 28, 28]), [n, 28, 28, 1]), "float32"), 255);
const [images, held] = [some(xTrain, count), some(xTest, testCount)];
const [labels, truth] = [ops.slice(yTrain, [0], [count]), ops.slice(yTest, [0], [testCount])];

const conv = (filters: number, strides = 1): layers.Layer => layers.Conv2D({ filters, kernelSize: 3, strides, activation: "relu" });
const networks: Record<string, layers.Layer[]> = {
  "convolution and global pooling": [
    conv(16),
    layers.MaxPooling2D(),
    conv(32),
    layers.MaxPooling2D(),
    conv(64),
    layers.GlobalMaxPooling2D(),
  ],
  "convolution and pooling": [conv(16), layers.MaxPooling2D(), conv(32), layers.MaxPooling2D(), layers.Flatten()],
  "convolution, no pooling": [conv(16, 2), conv(32, 2), layers.Flatten()],
  "no convolution": [layers.Flatten(), layers.Dense({ units: 128, activation: "relu" })],
};
const shifts = [0, 1, 2, 3, 4, 5, 6];
const scales = [0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3];
const curves: { name: string; shifted: number[]; scaled: number[] }[] = [];
for (const [name, body] of Object.entries(networks)) {
  setRandomSeed(1);
  const model = new Sequential([layers.InputLayer({ shape: [28, 28, 1] }), ...body, layers.Dense({ units: 10, activation: "softmax" })]);
  model.compile({ optimizer: optimizers.Adam({ learningRate: 0.002 }), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  await model.fit(images, labels, { epochs: budget(1, 6), batchSize: 64, verbose: 0 });
  const accuracyOf = async (x: Tensor): Promise<number> => (await model.evaluate(x, truth, { batchSize: 250, verbose: 0 })).accuracy!;
  const [shifted, scaled]: [number[], number[]] = [[], []];
  for (const shift of shifts) {
    const both = [
      await accuracyOf(evaluation.shiftedImages(held, shift, shift)),
      await accuracyOf(evaluation.shiftedImages(held, -shift, -shift)),
    ];
    shifted.push((both[0]! + both[1]!) / 2);
  }
  for (const scale of scales) scaled.push(await accuracyOf(evaluation.scaledImages(held, scale)));
  curves.push({ name, shifted, scaled });
  console.log(`${name}: shifted by 0 to 6 pixels ${shifted.map((value) => value.toFixed(3)).join(" ")}`);
}
const yLabel = "accuracy";
const shiftSeries = curves.map(({ name, shifted }) => ({ name, x: shifts, y: shifted }));
picture(
  "location-invariance.svg",
  lineChart({ title: "Digits moved", xLabel: "pixels down and right, or up and left", yLabel, series: shiftSeries }),
);
const scaleSeries = curves.map(({ name, scaled }) => ({ name, x: scales, y: scaled }));
picture("scale-invariance.svg", lineChart({ title: "Digits scaled", xLabel: "factor", yLabel, series: scaleSeries }));
figure("accuracy at 4 pixels, global pooling", curves[0]!.shifted[4]!);
figure("accuracy at 4 pixels, no convolution", curves[3]!.shifted[4]!);
figure("pooling against no convolution at 4 pixels", curves[0]!.shifted[4]! - curves[3]!.shifted[4]!, { atLeast: 0.2 });
