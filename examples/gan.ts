/**
 * Digits that nobody wrote: a DCGAN (A. Radford et al., 2015) and a Wasserstein GAN with gradient penalty (I. Gulrajani et
 * al., 2017) learn MNIST, and a LeNet that has only seen real digits says what it makes of theirs.
 */
import { callbacks, datasets, layers, ops, optimizers, Sequential, setRandomSeed, type Tensor } from "nabla";
import type { AdversarialNetwork } from "nabla/adversarial";
import { dcganDiscriminator, dcganGenerator, GenerativeAdversarialNetwork, WassersteinGAN } from "nabla/adversarial";
import { imageGrid, lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, data, figure, full, picture } = example("gan", { files: ["mnist/train-images-idx3-ubyte.gz"] });
setRandomSeed(2014);
const [[images, labels], [xTest, yTest]] = await datasets.mnist.loadData({ dataDir: data("mnist") });
/** Pixels from -1 to 1, as tanh gives them. */
const scaled = (x: Tensor): Tensor => ops.subtract(ops.divide(ops.reshape(x, [-1, 28, 28, 1]), 127.5), 1);
const count = budget(512, 60_000);
const x = ops.slice(scaled(images), [0, 0, 0, 0], [count, 28, 28, 1]);

// The judge.
const relu = { activation: "relu" } as const;
const lenet = new Sequential([
  layers.Conv2D({ filters: 6, kernelSize: 5, padding: "same", ...relu, inputShape: [28, 28, 1] }),
  layers.MaxPooling2D(),
  layers.Conv2D({ filters: 16, kernelSize: 5, ...relu }),
  layers.MaxPooling2D(),
  layers.Flatten(),
  layers.Dense({ units: 120, ...relu }),
  layers.Dense({ units: 84, ...relu }),
  layers.Dense({ units: 10, activation: "softmax" }),
]);
const lessons = budget(1, 10);
const cosine = optimizers.schedules.CosineDecay({ initialLearningRate: 0.002, decaySteps: (lessons * count) / 64 });
lenet.compile({ optimizer: optimizers.Adam({ learningRate: cosine }), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
await lenet.fit(x, ops.slice(labels, [0], [count]), { epochs: lessons, batchSize: 64, verbose: 0 });
const heldOut = scaled(xTest);
const { accuracy } = await lenet.evaluate(heldOut, yTest, { batchSize: 256, verbose: 0 });
figure("LeNet: accuracy on real test digits", accuracy!, { atLeast: 0.99 });

/** The share of images that LeNet is sure of, and how often it names each digit. */
async function judged(digits: Tensor): Promise<{ sure: number; counts: number[] }> {
  const chances = await lenet.predict(digits, { batchSize: 256 });
  const [best, named] = [await ops.max(chances, -1).data(), await ops.argmax(chances, -1).data()];
  const counts = Array.from({ length: 10 }, (_, digit) => named.filter((value) => value === digit).length);
  return { sure: best.filter((chance) => chance > 0.9).length / best.length, counts };
}
const real = await judged(heldOut);
figure("LeNet: share of real test digits with confidence > 0.9", real.sure);

const [size, wider] = [{ filters: 32, kernelSize: 4 }, { filters: 48, kernelSize: 4 }]; // prettier-ignore
/** Rates fall, so that both nets settle; the generator that is kept is the mean of those of the last thousand steps. */
const adam = (rate: number, steps: number, beta1: number, beta2: number, useEma = false) =>
  optimizers.Adam({
    learningRate: optimizers.schedules.PolynomialDecay({ initialLearningRate: rate, endLearningRate: rate / 20, decaySteps: steps }),
    ...{ beta1, beta2, useEma, emaMomentum: 0.999 },
  });
const dcgan = new GenerativeAdversarialNetwork({ generator: dcganGenerator(wider), discriminator: dcganDiscriminator(wider) });
const [epochs, criticEpochs] = [budget(1, 20), budget(1, 14)];
const [updates, criticUpdates] = [(epochs * count) / 64, (criticEpochs * count) / 64];
dcgan.compile({
  generatorOptimizer: adam(3e-4, updates, 0.5, 0.999, true),
  discriminatorOptimizer: adam(2e-4, updates, 0.5, 0.999),
});
const wasserstein = new WassersteinGAN({
  generator: dcganGenerator(size),
  discriminator: dcganDiscriminator({ ...size, normalization: null }),
  discriminatorSteps: 2,
});
wasserstein.compile({
  generatorOptimizer: adam(5e-4, criticUpdates / 2, 0, 0.9, true),
  discriminatorOptimizer: adam(5e-4, criticUpdates, 0, 0.9),
});
const curves: { name: string; y: number[] }[] = [];
async function train(name: string, gan: AdversarialNetwork, epochs: number): Promise<void> {
  const [sure, along]: [number[], Tensor[]] = [[], []];
  const onEpochEnd = async (epoch: number, logs: Readonly<Record<string, number>>): Promise<void> => {
    sure.push((await judged(await gan.generate(1000, { seed: 1 }))).sure);
    if ([0, 1, epochs - 1].includes(epoch)) along.push(await gan.generate(12, { seed: 2 }));
    const losses = Object.entries(logs).map(([key, value]) => `${key} ${value.toFixed(3)}`);
    console.log(`${name}, epoch ${epoch + 1}: LeNet is sure of ${(100 * sure.at(-1)!).toFixed(1)} %; ${losses.join(", ")}`);
  };
  const start = process.cpuUsage();
  const told = [callbacks.LambdaCallback({ onEpochEnd })];
  await gan.fit(x, null, { epochs, batchSize: 64 * gan.discriminatorSteps, verbose: 0, callbacks: told });
  console.log(`${name}: ${(process.cpuUsage(start).user / 1e6).toFixed(0)} s of processor time`);
  curves.push({ name, y: sure });
  const samples = await gan.generate(budget(200, 10_000), { seed: 3 });
  const { sure: share, counts } = await judged(samples);
  console.log(`${name}: LeNet names 0 to 9 ${counts.join(", ")} times`);
  figure(`${name}: share of samples with confidence > 0.9`, share, { atLeast: 0.9 });
  figure(`${name}: digits present`, counts.filter((times) => times > 0).length, { atLeast: 10 });
  const file = name.toLowerCase().replaceAll(" ", "-");
  picture(`gan-${file}.png`, await imageGrid(ops.slice(samples, [0, 0, 0, 0], [96, 28, 28, 1]), { columns: 16, scale: 1 }));
  picture(`gan-${file}-training.png`, await imageGrid(ops.concatenate(along, 0), { columns: 12, scale: 1 }));
}
await train("DCGAN", dcgan, epochs);
await train("Wasserstein GAN", wasserstein, criticEpochs);
if (full) curves.push({ name: "real test digits", y: curves[0]!.y.map(() => real.sure) });
const title = "Samples that LeNet is sure of";
picture("gan-judged.svg", lineChart({ title, xLabel: "epoch", yLabel: "share with confidence > 0.9", series: curves }));
