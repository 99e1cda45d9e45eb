/**
 * Batch normalization: a net of three sigmoid layers on MNIST, with and without. S. Ioffe, C. Szegedy, "Batch normalization:
 * accelerating deep network training by reducing internal covariate shift", 2015, section 4.1 and figure 1.
 */
import { datasets, initializers, layers, ops, optimizers, Sequential, setRandomSeed, type Tensor } from "nabla";
import { lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { full, budget, data, picture, figure } = example("batch-normalization", { files: ["mnist/train-images-idx3-ubyte.gz"] });
const [[images, labels], [testImages, testLabels]] = await datasets.mnist.loadData({ dataDir: data("mnist") });
const flat = (x: Tensor): Tensor => ops.reshape(ops.divide(x, 255), [x.dim(0), 784]);
const [x, xTest] = [flat(images), flat(testImages)];

const every = budget(50, 250);
const chunks = budget(4, 80);
const batchSize = 60;
const curves: { name: string; x: number[]; y: number[] }[] = [];
for (const normalized of [false, true]) {
  setRandomSeed(2);
  const model = new Sequential([layers.InputLayer({ shape: [784] })]);
  for (let i = 0; i < 3; i++) {
    model.add(
      layers.Dense({
        units: 100,
        useBias: !normalized,
        kernelInitializer: initializers.RandomNormal({ stddev: 0.05, seed: i }),
      }),
    );
    if (normalized) model.add(layers.BatchNormalization());
    model.add(layers.Activation({ activation: "sigmoid" }));
  }
  model.add(layers.Dense({ units: 10, activation: "softmax" }));
  model.compile({ optimizer: optimizers.SGD({ learningRate: 0.1 }), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  const curve = { name: normalized ? "with batch normalization" : "without", x: [] as number[], y: [] as number[] };
  for (let chunk = 0; chunk < chunks; chunk++) {
    // The next `every` batches of the training set, round after round.
    const start = (chunk * every * batchSize) % (60_000 - every * batchSize + 1);
    const count = every * batchSize;
    await model.fit(ops.slice(x, [start, 0], [count, 784]), ops.slice(labels, [start], [count]), { batchSize, verbose: 0 });
    const { accuracy } = await model.evaluate(xTest, testLabels, { batchSize: 1000, verbose: 0 });
    curve.x.push((chunk + 1) * every);
    curve.y.push(accuracy!);
  }
  curves.push(curve);
  console.log(
    `${curve.name}: ${curve.y
      .filter((_, i) => i % 8 === 7)
      .map((accuracy) => accuracy.toFixed(3))
      .join(" ")}`,
  );
}
const steps = curves.map(({ x: at, y }) => at[y.findIndex((accuracy) => accuracy >= 0.95)] ?? NaN);
console.log(`steps to 95 %: without ${steps[0]}, with ${steps[1]}`);
if (full)
  figure("steps to 95 % with, over those without", steps[1]! / (Number.isNaN(steps[0]) ? every * chunks : steps[0]!), { atMost: 0.5 });
picture(
  "batch-normalization.svg",
  lineChart({
    title: "Three sigmoid layers on MNIST",
    xLabel: "steps (batches of 60)",
    yLabel: "held-out accuracy",
    yRange: [0.1, 1],
    series: curves,
  }),
);
