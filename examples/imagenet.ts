/**
 * Trains any application on a folder of images in ImageNet's layout (train/CLASS/*.jpg, val/CLASS/*.jpg), and prints top-1
 * and top-5 errors, of single images and of ten crops, with a table of answers. Without more, AlexNet on the flowers.
 *
 *   MODEL=ResNet50 FOLDER=path/to/imagenet npx tsx --conditions=source examples/imagenet.ts --full --data-dir DIR
 */
import { join } from "node:path";
import { applications, data, evaluation, layers, ops, optimizers, setRandomSeed, type Tensor } from "nabla";
import { example } from "./example.ts";

const { budget, data: path, figure } = example("imagenet", { files: process.env.FOLDER === undefined ? ["flowers/ATTRIBUTION.txt"] : [] });
setRandomSeed(2012);
const folder = process.env.FOLDER ?? path("flowers");
const name = process.env.MODEL ?? "AlexNet";
const size = Number(process.env.SIZE ?? budget(67, 115));
const epochs = budget(1, Number(process.env.EPOCHS ?? 60));
const batchSize = 32;

const augmentation = { area: [0.3, 1], flip: true, colorNoise: 0.1 } as const;
const training = await data.imageDatasetFromDirectory(join(folder, "train"), { imageSize: [size, size], batchSize, augmentation, seed: 1 });
const larger = Math.round((size * 256) / 224);
const validation = await data.imageDatasetFromDirectory(join(folder, "val"), {
  imageSize: [larger, larger],
  batchSize: 16,
  cropToAspectRatio: true,
  shuffle: false,
});
const { classNames } = training;

const make = applications[name as "ResNet50"] as (typeof applications)["ResNet50"] | undefined;
if (make === undefined) throw new Error(`there is no application ${name}`);
const modules = Object.values(applications as Record<string, unknown>) as Partial<applications.ApplicationModule>[];
const scaled = (modules.find((module) => name in module && module.preprocessInput !== undefined) ?? applications.imagenetUtils)
  .preprocessInput!;
const model = make({ weights: null, classes: classNames.length, inputShape: [size, size, 3] });
console.log(`${name}: ${model.countParams().toLocaleString("en")} parameters, ${classNames.length} classes, images of ${size}x${size}`);
const prepared = training.map((batch) => [scaled((batch as readonly Tensor[])[0]!), (batch as readonly Tensor[])[1]!]);
model.compile({
  optimizer: optimizers.Adam({ learningRate: Number(process.env.RATE ?? 1e-4) }),
  loss: "sparse_categorical_crossentropy",
  metrics: ["accuracy"],
});
const history = await model.fit(prepared, null, { epochs, verbose: 2 });

const truth: number[] = [];
const [single, ten]: [Tensor[], Tensor[]] = [[], []];
const middle = layers.CenterCrop({ height: size, width: size });
let shown: Tensor | null = null;
for await (const [x, y] of validation as AsyncIterable<readonly [Tensor, Tensor]>) {
  truth.push(...(await y.data()));
  const images = scaled(x);
  single.push(await model.predict(middle(images), { verbose: 0 }));
  ten.push(await evaluation.predictTenCrops(model, images));
  shown ??= single[0]!;
}
const { ilsvrcResults, resultsTable } = evaluation;
const top = Math.min(5, classNames.length - 1);
console.log(`\n${await evaluation.topTable(ops.slice(shown!, [0, 0], [3, classNames.length]), { classNames, labels: truth })}\n`);
for (const [what, parts] of [
  ["one crop", single],
  ["ten crops", ten],
] as const) {
  const [top1, topK] = await evaluation.topErrors(truth, ops.concatenate(parts, 0), [1, top]);
  console.log(
    `${what}: top-1 error ${(100 * top1!).toFixed(1)} %, top-${top} error ${(100 * topK!).toFixed(1)} % of ${truth.length} images`,
  );
  figure(`top-1 error, ${what}`, top1!);
}
const [top1, top5] = await evaluation.topErrors(truth, ops.concatenate(ten, 0), [1, 5]);
const own = { name: `${name} here`, parameters: model.countParams(), top1: top1!, top5: classNames.length > 5 ? top5! : null };
console.log(`\n${resultsTable([...ilsvrcResults, own])}\n`);
figure("training loss, first epoch", history.history.loss![0]!);
figure("training loss, last epoch", history.history.loss!.at(-1)!, { atMost: history.history.loss![0]! });
