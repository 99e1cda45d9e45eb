/**
 * LeNet-5 learns to read handwritten digits.
 *
 *   npm start
 *   npm start -- --epochs 5
 *   npm start -- --data mnist --data-dir path/to/mnist
 *
 * Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", 1998, figure 2:
 * two pairs of convolution and averaging, then three fully connected layers. As one would today: relu and some dropout.
 */
import { parseArgs } from "node:util";
import { datasets, layers, ops, optimizers, Sequential, setRandomSeed, type Tensor } from "nabla";

const { values: options } = parseArgs({
  options: { data: { type: "string", default: "digits" }, "data-dir": { type: "string" }, epochs: { type: "string" } },
});
const start = performance.now();
setRandomSeed(1998);

const isMnist = options.data === "mnist";
if (!isMnist && options.data !== "digits") throw new Error(`--data is digits or mnist, not ${options.data}`);
const [[xTrain, yTrain], [xTest, yTest]] = isMnist
  ? await datasets.mnist.loadData(options["data-dir"] === undefined ? {} : { dataDir: options["data-dir"] })
  : await datasets.digits.loadData();
const side = xTrain.dim(1);
const brightest = isMnist ? 255 : 16;
console.log(
  `${isMnist ? "MNIST" : "UCI Optical Digits"}: ${xTrain.dim(0)} scans of ${side}x${side} pixels to learn from, ${xTest.dim(0)} held out\n`,
);

const epochs = Number(options.epochs ?? (isMnist ? 2 : 20));
const batchSize = isMnist ? 64 : 32;

const model = new Sequential({ name: "lenet" });
model.add(layers.Rescaling({ scale: 1 / brightest, inputShape: [side, side, 1] }));
model.add(layers.Resizing({ height: 32, width: 32 }));
model.add(layers.Conv2D({ filters: 6, kernelSize: 5, activation: "relu", name: "c1" }));
model.add(layers.AveragePooling2D({ name: "s2" }));
model.add(layers.Conv2D({ filters: 16, kernelSize: 5, activation: "relu", name: "c3" }));
model.add(layers.AveragePooling2D({ name: "s4" }));
model.add(layers.Flatten());
model.add(layers.Dropout({ rate: 0.3 }));
model.add(layers.Dense({ units: 120, activation: "relu", name: "c5" }));
model.add(layers.Dropout({ rate: 0.3 }));
model.add(layers.Dense({ units: 84, activation: "relu", name: "f6" }));
model.add(layers.Dense({ units: 10, activation: "softmax", name: "output" }));
const learningRate = optimizers.schedules.CosineDecay({
  initialLearningRate: 0.002,
  decaySteps: epochs * Math.ceil(xTrain.dim(0) / batchSize),
});
model.compile({ optimizer: optimizers.Adam({ learningRate }), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
model.summary();
console.log();

await model.fit(xTrain, yTrain, { epochs, batchSize });

const { accuracy } = await model.evaluate(xTest, yTest, { batchSize: 128, verbose: 0 });
const answers = await ops.argmax(await model.predict(xTest, { batchSize: 128 }), -1).data();
const truth = await yTest.data();

console.log("\nConfusion matrix of the held-out digits (row: what it is, column: what the network says)\n");
const counts = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
truth.forEach((digit, sample) => counts[digit]![answers[sample]!]!++);
const width = Math.max(3, String(Math.max(...counts.flat())).length + 1);
console.log(`   ${counts.map((_, digit) => String(digit).padStart(width)).join("")}`);
counts.forEach((row, digit) =>
  console.log(` ${digit} ${row.map((count) => (count === 0 ? "." : String(count)).padStart(width)).join("")}`),
);

const wrong = [...truth.keys()].filter((sample) => answers[sample] !== truth[sample]);
const right = [...truth.keys()].filter((sample) => answers[sample] === truth[sample]);
console.log("\nA few held-out digits:\n");
await draw(xTest, [...right.slice(0, 4), ...wrong.slice(0, 2)]);

console.log(`Time: ${((performance.now() - start) / 1000).toFixed(1)} s`);
console.log(`Held-out accuracy: ${(100 * accuracy!).toFixed(1)} %`);

/** Draws samples beside each other, with the network's answer below. */
async function draw(images: Tensor, samples: readonly number[]): Promise<void> {
  const pixels = await images.data();
  const shades = [" ", "░", "▒", "▓", "█"];
  // Two rows of a large image share a line of text; a small one has every pixel twice as wide.
  const step = side > 16 ? 2 : 1;
  const wide = side > 16 ? 1 : 2;
  for (let row = 0; row < side; row += step) {
    const line = samples.map((sample) =>
      Array.from({ length: side }, (_, column) =>
        shades[Math.round((4 * pixels[(sample * side + row) * side + column]!) / brightest)]!.repeat(wide),
      ).join(""),
    );
    console.log(`  ${line.join("   ")}`);
  }
  const captions = samples.map((sample) =>
    `says ${answers[sample]!}${answers[sample] === truth[sample] ? "" : `, is ${truth[sample]!}`}`.padEnd(side * wide),
  );
  console.log(`  ${captions.join("   ")}\n`);
}
