/**
 * Many to one: is a sentence about a film kind? A bidirectional LSTM, and a convolution over words (Y. Kim, 2014).
 * B. Pang, L. Lee, "Seeing stars", 2005.
 */
import { readFileSync } from "node:fs";
import { callbacks, layers, type Model, ops, optimizers, Sequential, setRandomSeed, tensor, type Tensor } from "nabla";
import { example } from "./example.ts";

const { budget, data, figure } = example("sentiment", { files: ["sentiment/rt-polarity.pos", "sentiment/rt-polarity.neg"] });
setRandomSeed(2005);

// The last tenth of each class is held out.
const read = (name: string): string[] => readFileSync(data(`sentiment/${name}`), "utf8").trim().split("\n").slice(0, budget(400, Infinity)); // prettier-ignore
const classes = [read("rt-polarity.neg"), read("rt-polarity.pos")];
const part = (choose: (sentences: string[], cut: number) => string[]): { sentences: string[]; labels: number[] } => {
  const chosen = classes.map((sentences) => choose(sentences, Math.floor(0.9 * sentences.length)));
  return { sentences: chosen.flat(), labels: chosen.flatMap((sentences, label) => sentences.map(() => label)) };
};
const train = part((sentences, cut) => sentences.slice(0, cut));
const test = part((sentences, cut) => sentences.slice(cut));

const length = 40;
const words = 8000;
const vectorize = layers.TextVectorization({ maxTokens: words, outputSequenceLength: length });
await vectorize.adapt(tensor(train.sentences, { dtype: "string" }));
const numbers = (sentences: readonly string[]): Tensor => vectorize(tensor(sentences, { dtype: "string" }));
const [xTrain, yTrain] = [numbers(train.sentences), tensor(train.labels, { dtype: "float32" })];
const [xTest, yTest] = [numbers(test.sentences), tensor(test.labels, { dtype: "float32" })];

const models: Record<string, () => Model> = {
  "bidirectional LSTM": () =>
    new Sequential([
      layers.Input({ shape: [length], dtype: "int32" }),
      layers.Embedding({ inputDim: words, outputDim: 64, maskZero: true }),
      layers.Dropout({ rate: 0.5 }),
      layers.Bidirectional({ layer: layers.LSTM({ units: 48 }) }),
      layers.Dropout({ rate: 0.5 }),
      layers.Dense({ units: 1, activation: "sigmoid" }),
    ]),
  "1-D convolution": () =>
    new Sequential([
      layers.Input({ shape: [length], dtype: "int32" }),
      layers.Embedding({ inputDim: words, outputDim: 96 }),
      layers.Dropout({ rate: 0.5 }),
      layers.Conv1D({ filters: 128, kernelSize: 4, activation: "relu" }),
      layers.GlobalMaxPooling1D(),
      layers.Dropout({ rate: 0.5 }),
      layers.Dense({ units: 1, activation: "sigmoid" }),
    ]),
};

const reached: number[] = [];
for (const [name, make] of Object.entries(models)) {
  console.log(`\n${name}`);
  const model = make();
  model.compile({ optimizer: optimizers.Adam({ learningRate: 0.001 }), loss: "binary_crossentropy", metrics: ["accuracy"] });
  // A tenth of what is learned from decides when to stop; what is held out is looked at once.
  const stop = callbacks.EarlyStopping({ monitor: "val_accuracy", patience: 3, restoreBestWeights: true });
  const order = Int32Array.from(train.labels.keys()).sort((a, b) => ((a * 7919) % 9973) - ((b * 7919) % 9973));
  const rows = tensor(order);
  await model.fit(ops.take(xTrain, rows, 0), ops.take(yTrain, rows, 0), {
    epochs: budget(1, 15),
    batchSize: 64,
    validationSplit: 0.1,
    callbacks: [stop],
  });
  const { accuracy } = await model.evaluate(xTest, yTest, { batchSize: 128, verbose: 0 });
  figure(`held-out accuracy, ${name}`, accuracy!, { atLeast: 0.72 });
  reached.push(accuracy!);
  for (const sentence of ["a warm , funny and touching film .", "a dull , lifeless mess without a single laugh ."]) {
    const [[kind]] = (await (await model.predict(numbers([sentence]), { verbose: 0 })).array()) as [[number]];
    console.log(`  ${(100 * kind).toFixed(0).padStart(3)} % kind: ${sentence}`);
  }
}
figure("held-out accuracy, the better of the two", Math.max(...reached), { atLeast: 0.75 });
