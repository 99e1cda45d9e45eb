/**
 * ResNet-20 learns 10,000 photographs of CIFAR-10, with flip and crop.
 *
 *   npx tsx --conditions=source examples/cifar-resnet.ts --full --data-dir DIR
 *
 * He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2016, section 4.2: SGD with momentum 0.9, images with
 * four zeros around, cut out at random and mirrored. The paper's weight decay is part of the gradient, which momentum 0.9
 * makes ten times as large; Keras's (and ours) is taken off the weights: 1e-2 here is 1e-3 there, for fewer images.
 * EPOCHS says how long.
 */
import { applications, datasets, layers, Model, ops, optimizers, Sequential, setRandomSeed } from "nabla";
import { example } from "./example.ts";

const { budget, data, figure, full } = example("cifar-resnet", { files: ["cifar10/data_batch_1.bin.gz"] });
setRandomSeed(2016);
const [[xTrain, yTrain], [xTest, yTest]] = await datasets.cifar10.loadData({ dataDir: data("cifar10") });
const count = budget(512, xTrain.dim(0));
const batchSize = 64;
const epochs = budget(1, Number(process.env.EPOCHS ?? 60));
const steps = epochs * Math.ceil(count / batchSize);

const prepared = new Sequential({
  name: "prepared",
  layers: [
    layers.InputLayer({ shape: [32, 32, 3] }),
    layers.Normalization({ mean: [125.2, 123, 113.9], variance: [62.7 ** 2, 62.1 ** 2, 66.5 ** 2] }),
    layers.ZeroPadding2D({ padding: 4 }),
    layers.RandomCrop({ height: 32, width: 32 }),
    layers.RandomFlip({ mode: "horizontal" }),
  ],
});
const network = applications.ResNet20();
const input = layers.InputLayer({ shape: [32, 32, 3] }).output;
const model = new Model({ inputs: input, outputs: network(prepared(input)), name: "resnet20_with_crops" });
console.log(`ResNet-20: ${network.countParams().toLocaleString("en")} parameters, ${count} images, ${epochs} epochs`);

const learningRate = optimizers.schedules.CosineDecay({
  initialLearningRate: 0.01,
  decaySteps: steps,
  warmupTarget: 0.1,
  warmupSteps: Math.round(steps / 12),
});
model.compile({
  optimizer: optimizers.SGD({ learningRate, momentum: 0.9, nesterov: true, weightDecay: 1e-2 }),
  loss: "sparse_categorical_crossentropy",
  metrics: ["accuracy"],
});
const [start, used] = [performance.now(), process.cpuUsage()];
const images = ops.slice(xTrain, [0, 0, 0, 0], [count, 32, 32, 3]);
const labels = ops.slice(yTrain, [0, 0], [count, 1]);
const history = await model.fit(images, labels, {
  epochs,
  batchSize,
  verbose: full ? 2 : 0,
  validationData: full ? [xTest, yTest] : null,
  validationFreq: 5,
});
console.log(`accuracy per epoch: ${history.history.accuracy!.map((value) => value.toFixed(3)).join(", ")}`);
const { accuracy } = await model.evaluate(xTest, yTest, { batchSize: 250, verbose: 0 });
figure("accuracy on 1,500 test images", accuracy!, { atLeast: 0.75 });
const { user, system } = process.cpuUsage(used);
figure("minutes of processor time, all threads together", (user + system) / 60e6);
figure("minutes of training", (performance.now() - start) / 60_000, { atMost: 30 });
