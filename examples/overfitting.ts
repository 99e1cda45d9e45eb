/**
 * Under- and over-fitting on 300 digits: a network that is too small, one that is right, one that is too big, and what
 * helps the big one: dropout, weight decay (L2), early stopping, augmentation.
 */
import { callbacks, datasets, layers, ops, optimizers, regularizers, Sequential, setRandomSeed, type Tensor } from "nabla";
import { lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, picture, figure } = example("overfitting");
const [[images, labels], [testImages, yTest]] = await datasets.digits.loadData();
const scaled = (x: Tensor): Tensor => ops.divide(x, 16);
// Every eighth of 240 labels is wrong on purpose: there is something to learn by heart that is not true.
const x = scaled(ops.slice(images, [0, 0, 0, 0], [240, 8, 8, 1]));
const xTest = scaled(testImages);
const y = (await ops.slice(labels, [0], [240]).data()).map((label, i) => (i % 8 === 0 ? (label + 1 + (i % 7)) % 10 : label));
const epochs = budget(5, 150);

interface Kind {
  readonly units: number;
  readonly rate?: number;
  readonly l2?: number;
  readonly augment?: boolean;
  readonly stop?: boolean;
}
const kinds: Record<string, Kind> = {
  "too small": { units: 1 },
  right: { units: 16 },
  "too big": { units: 512 },
  "big, dropout": { units: 512, rate: 0.5 },
  "big, L2": { units: 512, l2: 0.01 },
  "big, early stopping": { units: 512, stop: true },
  "big, augmentation": { units: 512, augment: true },
};
const lowest = new Map<string, number>();
const last = new Map<string, number>();
const all: { name: string; y: number[]; color?: string; dashed?: boolean }[] = [];
console.log("network               training  held out (accuracy)  held-out loss: last, lowest");
for (const [name, { units, rate = 0, l2 = 0, augment = false, stop = false }] of Object.entries(kinds)) {
  setRandomSeed(4);
  const kernelRegularizer = l2 === 0 ? null : regularizers.L2({ l2 });
  const model = new Sequential([layers.InputLayer({ shape: [8, 8, 1] })]);
  if (augment) model.add(layers.RandomTranslation({ heightFactor: 0.1, widthFactor: 0.1, fillMode: "constant" }));
  model.add(layers.Flatten());
  for (let i = 0; i < 2; i++) {
    model.add(layers.Dense({ units, activation: "relu", kernelRegularizer }));
    if (rate > 0) model.add(layers.Dropout({ rate }));
  }
  model.add(layers.Dense({ units: 10, activation: "softmax", kernelRegularizer }));
  model.compile({
    optimizer: optimizers.Adam({ learningRate: 0.002 }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy", "sparse_categorical_crossentropy"],
  });
  const stopping = callbacks.EarlyStopping({
    monitor: "val_sparse_categorical_crossentropy",
    mode: "min",
    patience: 8,
    restoreBestWeights: true,
  });
  const { history } = await model.fit(x, y, {
    epochs,
    batchSize: 16,
    validationData: [xTest, yTest],
    verbose: 0,
    callbacks: stop ? [stopping] : [],
  });
  const heldOut = history.val_sparse_categorical_crossentropy!;
  const [seen, unseen] = [await model.evaluate(x, y, { verbose: 0 }), await model.evaluate(xTest, yTest, { verbose: 0 })];
  last.set(name, unseen.sparse_categorical_crossentropy!);
  lowest.set(name, Math.min(...heldOut));
  console.log(
    `${name.padEnd(22)}${seen.accuracy!.toFixed(3).padStart(8)}  ${unseen.accuracy!.toFixed(3).padStart(8)}             ${last.get(name)!.toFixed(3)}, ${lowest.get(name)!.toFixed(3)}`,
  );
  all.push({ name, y: heldOut });
  if (name === "too big") all.push({ name: "too big, training", y: history.sparse_categorical_crossentropy!, dashed: true });
}
figure("too big: last held-out loss over its lowest", last.get("too big")! / lowest.get("too big")!, { atLeast: 1.3 });
figure("too small: held-out loss over that of the right one", last.get("too small")! / last.get("right")!, { atLeast: 1.3 });
const helped = ["big, dropout", "big, L2", "big, early stopping", "big, augmentation"].filter(
  (name) => last.get(name)! < last.get("too big")!,
);
figure("of four remedies, those that lower the last held-out loss", helped.length, { atLeast: 4 });
picture(
  "overfitting.svg",
  lineChart({
    title: "240 digits, every eighth label wrong",
    xLabel: "epoch",
    yLabel: "held-out loss",
    yScale: "log",
    height: 460,
    series: all,
  }),
);
