/**
 * Looking into a convolutional network: its first filters, feature maps, and which parts of a photograph matter (Grad-CAM
 * and occlusion). The network learns CIFAR-10 first; then it becomes fully convolutional and answers at every place of a
 * larger picture.
 *
 *   npx tsx --conditions=source examples/network-images.ts --full --data-dir DIR
 */
import { applications, datasets, layers, losses, ops, optimizers, Sequential, setRandomSeed } from "nabla";
import { featureMaps, filterImages, gradCam, imageGrid, occlusionMap } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, data, figure, picture } = example("network-images", { files: ["cifar10/data_batch_1.bin.gz"] });
setRandomSeed(7);
const [[xTrain, yTrain], [xTest, yTest]] = await datasets.cifar10.loadData({ dataDir: data("cifar10") });
const count = budget(256, 5000);
const images = ops.divide(ops.cast(ops.slice(xTrain, [0, 0, 0, 0], [count, 32, 32, 3]), "float32"), 255);
const labels = ops.slice(yTrain, [0, 0], [count, 1]);
const held = ops.divide(ops.cast(xTest, "float32"), 255);

const model = new Sequential([layers.InputLayer({ shape: [32, 32, 3] })]);
model.add(layers.Conv2D({ filters: 32, kernelSize: 7, padding: "same", activation: "relu", kernelRegularizer: "l2", name: "conv1" }));
model.add(layers.MaxPooling2D({ name: "pool1" }));
model.add(layers.Conv2D({ filters: 64, kernelSize: 3, padding: "same", activation: "relu", name: "conv2" }));
model.add(layers.MaxPooling2D({ name: "pool2" }));
model.add(layers.Conv2D({ filters: 64, kernelSize: 3, padding: "same", activation: "relu", name: "conv3" }));
model.add(layers.MaxPooling2D({ name: "pool3" }));
model.add(layers.Flatten());
model.add(layers.Dropout({ rate: 0.4 }));
model.add(layers.Dense({ units: 10, name: "logits" }));
model.compile({
  optimizer: optimizers.Adam({ learningRate: 0.001 }),
  loss: losses.SparseCategoricalCrossentropy({ fromLogits: true }),
  metrics: ["sparse_categorical_accuracy"],
});
await model.fit(images, labels, { epochs: budget(1, 12), batchSize: 32, verbose: 0 });
const { sparse_categorical_accuracy: accuracy } = await model.evaluate(held, yTest, { batchSize: 250, verbose: 0 });
figure("accuracy on test images", accuracy!);

picture("filters.png", await imageGrid(filterImages(model.getLayer("conv1")), { columns: 8, scale: 5, range: "each" }));
const sample = ops.reshape(ops.slice(held, [3, 0, 0, 0], [1, 32, 32, 3]), [32, 32, 3]);
picture("feature-maps.png", await imageGrid(featureMaps(model, sample, "conv2"), { columns: 16, scale: 2, range: "each" }));

const rows = [];
for (let i = 0; i < 6; i++) {
  const image = ops.reshape(ops.slice(held, [i, 0, 0, 0], [1, 32, 32, 3]), [32, 32, 3]);
  const cam = await gradCam(model, image, "conv3");
  const occlusion = await occlusionMap(model, image, { size: 8, step: 4 });
  const [low, high] = [ops.min(occlusion), ops.max(occlusion)];
  const unit = ops.divide(ops.subtract(occlusion, low), ops.maximum(ops.subtract(high, low), 1e-6));
  const large = ops.image.resize(ops.expandDims(unit, -1), [32, 32], { interpolation: "bilinear" });
  const grey = (map: typeof cam): typeof cam => ops.repeat(ops.reshape(map, [32, 32, 1]), 3, -1);
  rows.push(image, grey(cam), grey(large));
}
picture("what-matters.png", await imageGrid(ops.stack(rows, 0), { columns: 3, scale: 3, range: [0, 1] }));

const everywhere = await applications.toFullyConvolutional(model);
const single = ops.slice(held, [0, 0, 0, 0], [8, 32, 32, 3]);
const [before, after] = [await model.predict(single, { verbose: 0 }), await everywhere.predict(single, { verbose: 0 })];
const difference = await ops.max(ops.abs(ops.subtract(before, ops.reshape(after, before.shape)))).item();
figure("largest difference of the fully convolutional network at the original size", difference, { atMost: 1e-4 });
const quarter = (i: number): typeof held => ops.slice(held, [i, 0, 0, 0], [1, 32, 32, 3]);
const top = ops.concatenate([quarter(0), quarter(1)], 2);
const mosaic = ops.concatenate([top, ops.concatenate([quarter(2), quarter(3)], 2)], 1);
console.log(
  `an image of ${mosaic.shape.slice(1, 3).join("x")}: answers ${(await everywhere.predict(mosaic, { verbose: 0 })).shape.join("x")}`,
);
