/**
 * Labels from a crowd. The annotators are SIMULATED: some are careful, some confuse certain digits, some guess. Majority
 * and Dawid-Skene make labels of their answers; a network is trained on each, and on the truth.
 */
import { datasets, layers, optimizers, Sequential, setRandomSeed, tensor, type Tensor } from "nabla";
import { DawidSkene, majorityVote } from "nabla/classical";
import { barChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, picture, figure } = example("crowd");
const [[x, y], [xTest, yTest]] = await datasets.digits.loadData();
const truth = Array.from(await y.data());

// A small generator of its own, so that the crowd is the same each time.
let state = 42;
const uniform = (): number => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
/** What an annotator of a kind says of a digit. */
const kinds = {
  careful: (digit: number) => (uniform() < 0.85 ? digit : Math.floor(uniform() * 10)),
  confused: (digit: number) => (uniform() < 0.3 ? Math.floor(uniform() * 10) : ([0, 7, 2, 8, 9, 5, 6, 7, 8, 9][digit] ?? digit)),
  guessing: (digit: number) => (uniform() < 0.3 ? digit : Math.floor(uniform() * 10)),
};
const crew = [kinds.careful, kinds.careful, kinds.confused, kinds.confused, kinds.confused, kinds.guessing, kinds.guessing, kinds.guessing];
/** Each looks at 70 % of the digits. */
const votes = truth.map((digit) => crew.map((annotator, i) => (uniform() < 0.7 || i === 0 ? annotator(digit) : -1)));

const share = (labels: ArrayLike<number>): number => truth.filter((digit, i) => labels[i] === digit).length / truth.length;
const majority = await majorityVote(tensor(votes));
const crowd = await new DawidSkene({ nClasses: 10 }).fit(tensor(votes));
const accuracies = { majority: share(await majority.data()), "Dawid-Skene": share(await crowd.labels.data()) };
console.log(`${truth.length} digits, ${crew.length} simulated annotators`);
figure("labels by majority", accuracies.majority);
figure("labels by Dawid-Skene", accuracies["Dawid-Skene"], { atLeast: accuracies.majority });

const confusion = (await crowd.confusion.array()) as number[][][];
confusion.forEach((table, annotator) => {
  const trust = table.reduce((sum, row, digit) => sum + row[digit]!, 0) / 10;
  console.log(
    `annotator ${annotator}: right in ${(100 * trust).toFixed(0)} % by Dawid-Skene, 4 read as 9 in ${(100 * table[4]![9]!).toFixed(0)} %`,
  );
});

/** Held-out accuracy after training on these labels. */
async function trained(labels: Tensor): Promise<number> {
  setRandomSeed(6);
  const model = new Sequential([
    layers.Rescaling({ scale: 1 / 16, inputShape: [8, 8, 1] }),
    layers.Conv2D({ filters: 16, kernelSize: 3, activation: "relu" }),
    layers.Flatten(),
    layers.Dense({ units: 64, activation: "relu" }),
    layers.Dense({ units: 10, activation: "softmax" }),
  ]);
  model.compile({ optimizer: optimizers.Adam({ learningRate: 0.002 }), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  await model.fit(x, labels, { epochs: budget(2, 15), batchSize: 32, verbose: 0 });
  return (await model.evaluate(xTest, yTest, { verbose: 0 })).accuracy!;
}
const networks = { majority: await trained(majority), "Dawid-Skene": await trained(crowd.labels), truth: await trained(y) };
for (const [name, accuracy] of Object.entries(networks)) figure(`network trained on labels by ${name}`, accuracy);
figure("gain of the network by Dawid-Skene, in points", 100 * (networks["Dawid-Skene"] - networks.majority), { atLeast: 0 });
picture(
  "crowd.svg",
  barChart({
    title: "Labels from a simulated crowd, and networks trained on them",
    xLabel: "accuracy",
    names: [...Object.keys(accuracies).map((name) => `labels: ${name}`), ...Object.keys(networks).map((name) => `network: ${name}`)],
    values: [...Object.values(accuracies), ...Object.values(networks)],
  }),
);
