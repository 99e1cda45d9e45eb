/**
 * Three ways of learning, side by side on the same digits: from labels (supervised), from the images alone (unsupervised),
 * and from praise for right guesses (reinforcement).
 */
import { datasets, gradients, jit, layers, losses, ops, optimizers, random, Sequential, setRandomSeed, type Tensor } from "nabla";
import { example } from "./example.ts";

const { budget, figure } = example("ways-of-learning");
const [[train, labels], [test, truth]] = await datasets.digits.loadData();
const flat = (images: Tensor): Tensor => ops.reshape(ops.divide(images, 16), [images.dim(0), 64]);
const [x, xTest] = [flat(train), flat(test)];
const count = x.dim(0);
setRandomSeed(3);
const network = (units: number, activation: string): Sequential =>
  new Sequential([layers.Dense({ units: 64, activation: "relu", inputDim: 64 }), layers.Dense({ units, activation })]);

/** Batches of all samples, in order; `learn` gives the value that is followed. */
async function train1(model: Sequential, rounds: number, cost: (batch: Tensor, y: Tensor) => Tensor): Promise<void> {
  const optimizer = optimizers.Adam({ learningRate: 0.003 });
  const step = jit((batch: Tensor, y: Tensor) => {
    const value = cost(batch, y);
    optimizer.apply(gradients([value], model.trainableWeights), model.trainableWeights);
    return value;
  });
  for (let round = 0; round < rounds; round++)
    for (let start = 0; start + 64 <= count; start += 64)
      await step(ops.slice(x, [start, 0], [64, 64]), ops.slice(labels, [start], [64])).data();
}

async function accuracy(model: Sequential): Promise<number> {
  const said = await ops.argmax(await model.predict(xTest), -1).data();
  const right = await truth.data();
  return right.filter((label, i) => label === said[i]).length / right.length;
}

// Supervised: a teacher names every digit.
const pupil = network(10, "softmax");
const crossentropy = losses.SparseCategoricalCrossentropy();
await train1(pupil, budget(2, 40), (batch, y) => crossentropy(y, pupil(batch)));
figure("supervised: accuracy", await accuracy(pupil), { atLeast: 0.95 });

// Unsupervised: nobody says anything; the image itself has to pass through 8 numbers.
const encoder = network(8, "linear");
const decoder = new Sequential([layers.Dense({ units: 64, activation: "relu", inputDim: 8 }), layers.Dense({ units: 64 })]);
const both = new Sequential([encoder, decoder]);
await train1(both, budget(2, 60), (batch) => ops.mean(ops.square(ops.subtract(both(batch), batch))));
const error = await ops.mean(ops.square(ops.subtract(await both.predict(xTest), xTest))).item();
const spread = await ops.mean(ops.square(ops.subtract(xTest, ops.mean(xTest, 0)))).item();
figure("unsupervised: share of variance that 8 numbers keep", 1 - error / spread, { atLeast: 0.75 });

// Reinforcement: it guesses, and hears only whether the guess was right (REINFORCE, R. Williams, 1992).
const player = network(10, "softmax");
await train1(player, budget(2, 150), (batch, y) => {
  const chances = ops.clip(player(batch), 1e-6, 1);
  const guess = ops.stopGradient(random.categorical(ops.log(chances), 1));
  const reward = ops.stopGradient(ops.cast(ops.equal(ops.reshape(guess, [64]), ops.cast(y, "int32")), "float32"));
  const advantage = ops.subtract(reward, ops.mean(reward));
  const chosen = ops.log(ops.sum(ops.multiply(chances, ops.oneHot(ops.reshape(guess, [64]), 10)), -1));
  return ops.negative(ops.mean(ops.multiply(advantage, chosen)));
});
figure("reinforcement: accuracy", await accuracy(player), { atLeast: 0.85 });
