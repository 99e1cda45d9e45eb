/** The four steps of training as a loop, then the same by `fit`: the weights are equal, bit by bit. */
import { datasets, gradients, jit, layers, losses, ops, optimizers, Sequential, setRandomSeed, type Tensor } from "nabla";
import { example } from "./example.ts";

const { budget, figure } = example("training");
const [[allImages, allLabels], [xTest, yTest]] = await datasets.digits.loadData();
// 45 full batches.
const count = 1440;
const images = ops.slice(allImages, [0, 0, 0, 0], [count, 8, 8, 1]);
const labels = ops.slice(allLabels, [0], [count]);
const epochs = budget(2, 20);
const batchSize = 32;

function network(): Sequential {
  setRandomSeed(7);
  return new Sequential([
    layers.Rescaling({ scale: 1 / 16, inputShape: [8, 8, 1] }),
    layers.Flatten(),
    layers.Dense({ units: 64, activation: "relu" }),
    layers.Dense({ units: 10, activation: "softmax" }),
  ]);
}

// By hand.
const byHand = network();
const optimizer = optimizers.SGD({ learningRate: 0.1, momentum: 0.9 });
const loss = losses.SparseCategoricalCrossentropy();
const step = jit((x: Tensor, y: Tensor) => {
  // 2. Forward: what the network says of the batch, and what that costs.
  const weights = byHand.trainableWeights;
  const cost = loss(y, byHand(x, { training: true }));
  // 3. Backward: in which direction each weight makes it worse.
  const slopes = gradients([cost], weights);
  // 4. Update: a step the other way.
  optimizer.apply(slopes, weights);
  return cost;
});
for (let epoch = 0; epoch < epochs; epoch++) {
  let total = 0;
  for (let start = 0; start < count; start += batchSize) {
    // 1. Batch: a few samples.
    const x = ops.slice(images, [start, 0, 0, 0], [batchSize, 8, 8, 1]);
    const y = ops.slice(labels, [start], [batchSize]);
    total += batchSize * (await step(x, y).item());
  }
  if (epoch === 0 || epoch === epochs - 1) console.log(`by hand, epoch ${epoch + 1}: loss ${(total / count).toFixed(4)}`);
}

// By fit.
const byFit = network();
byFit.compile({ optimizer: optimizers.SGD({ learningRate: 0.1, momentum: 0.9 }), loss: "sparse_categorical_crossentropy" });
const { history } = await byFit.fit(images, labels, { epochs, batchSize, shuffle: false, verbose: 0 });
console.log(`by fit,  epoch ${epochs}: loss ${history.loss!.at(-1)!.toFixed(4)}`);

let difference = 0;
const [own, other] = [await byHand.getWeights(), await byFit.getWeights()];
for (const [i, weight] of own.entries()) {
  const [a, b] = [await weight.data(), await other[i]!.data()];
  a.forEach((value, j) => (difference = Math.max(difference, Math.abs(value - b[j]!))));
}
figure("largest difference of a weight", difference, { atMost: 0 });
// A metric in fit would have been another program: the same numbers, added up in another order.
byFit.compile({ loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
figure("held-out accuracy", (await byFit.evaluate(xTest, yTest, { verbose: 0 })).accuracy!, { atLeast: 0.95 });
