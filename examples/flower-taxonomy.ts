/**
 * The class taxonomy on photographs: InceptionV3, the skin-lesion classifier's network, trained on five kinds of flowers,
 * asked "sunflower family or not?" by summing probabilities, against one that was trained on the two coarse classes.
 *
 *   npx tsx --conditions=source examples/flower-taxonomy.ts --full --data-dir DIR
 *
 * WEIGHTS=inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5 begins with what Keras's authors trained on ImageNet, as
 * Esteva and others did (Nature 2017); without it 160 photographs are all that the networks see. SIZE, EPOCHS: less or more.
 */
import { join } from "node:path";
import { applications, data, evaluation, layers, Model, ops, optimizers, setRandomSeed, type Tensor } from "nabla";
import { lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, data: path, figure, full, picture } = example("flower-taxonomy", { files: ["flowers/ATTRIBUTION.txt"] });
const size = Number(process.env.SIZE ?? 75);
const epochs = budget(1, Number(process.env.EPOCHS ?? 20));
const weights = process.env.WEIGHTS ?? null;
const options = { imageSize: [size, size], cropToAspectRatio: true } as const;
const augmentation = { area: [0.4, 1], flip: true } as const;
const folder = join(path("flowers"), "train");
const training = await data.imageDatasetFromDirectory(folder, { ...options, augmentation, batchSize: 16, seed: 1 });
const held = await data.imageDatasetFromDirectory(join(path("flowers"), "val"), { ...options, shuffle: false });
const { classNames } = training;
const family = ["daisy", "dandelion", "sunflowers"];
const taxonomy: evaluation.Taxonomy = {
  others: [...classNames.keys()].filter((label) => !family.includes(classNames[label]!)),
  "sunflower family": [...classNames.keys()].filter((label) => family.includes(classNames[label]!)),
};

type Labels = (fine: Tensor) => Tensor;
const prepare = (x: Tensor): Tensor => applications.inceptionV3.preprocessInput(x);

/** InceptionV3 trained on what `labels` makes of the five classes; its probabilities for the held-out photographs. */
async function probabilities(classes: number, labels: Labels): Promise<Tensor> {
  setRandomSeed(2017);
  const body = await applications.InceptionV3({ weights: weights!, includeTop: false, pooling: "avg", inputShape: [size, size, 3] });
  // A few steps have to do for the moving statistics.
  for (const layer of body.layers) if (layer instanceof layers.BatchNormalization) layer.momentum = 0.9;
  const features = layers.Dropout({ rate: 0.3 })(body.output);
  const outputs = layers.Dense({ units: classes, activation: "softmax" })(features);
  const model = new Model({ inputs: body.inputs!, outputs });
  const learningRate = optimizers.schedules.CosineDecay({ initialLearningRate: weights === null ? 1e-3 : 1e-4, decaySteps: epochs * 10 });
  model.compile({ optimizer: optimizers.Adam({ learningRate }), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  const batches = training.map((batch) => {
    const [x, y] = batch as readonly [Tensor, Tensor];
    return [prepare(x), labels(y)];
  });
  await model.fit(full ? batches : batches.take(2), null, { epochs, verbose: full ? 2 : 0 });
  return await model.predict(prepare(photographs), { verbose: 0 });
}

const parts: [Tensor, Tensor][] = [];
for await (const part of held as AsyncIterable<[Tensor, Tensor]>) parts.push(part);
const photographs = ops.concatenate(parts.map(([x]) => x));
const fine = ops.concatenate(parts.map(([, y]) => y));
const coarse: Labels = (labels) => evaluation.coarseLabels(labels, taxonomy, classNames.length);

const ofFive = await probabilities(classNames.length, (labels) => labels);
const ofTwo = await probabilities(2, coarse);
const ofFamily = (x: Tensor): Tensor => ops.take(x, 1, -1);
const curves = {
  "trained on five kinds": await evaluation.rocCurve(coarse(fine), ofFamily(evaluation.coarseProbabilities(ofFive, taxonomy))),
  "trained on two classes": await evaluation.rocCurve(coarse(fine), ofFamily(ofTwo)),
};
const [error] = await evaluation.topErrors(fine, ofFive, [1]);
console.log(`five kinds: top-1 error ${(100 * error!).toFixed(1)} % of ${fine.size} photographs`);
const series = Object.entries(curves).map(([name, { sensitivity, specificity, auc }]) => ({
  name: `${name}, AUC ${auc.toFixed(3)}`,
  x: specificity.map((value) => 1 - value),
  y: sensitivity,
  points: false,
}));
picture("flower-taxonomy.svg", lineChart({ title: "Sunflower family?", xLabel: "1 - specificity", yLabel: "sensitivity", series }));
const [first, second] = Object.values(curves);
figure("AUC, trained on five kinds", first!.auc, { atLeast: 0.5 });
figure("AUC, trained on two classes", second!.auc);
