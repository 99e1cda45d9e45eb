/**
 * Synced sequences: what is to be seen in every frame of a film? A digit drifts through the picture, bounces off its edges,
 * and is changed for another somewhere on the way; half of the frames are covered by noise, so that memory helps. A
 * convolutional net looks at every frame (TimeDistributed), a recurrent one at what it saw.
 */
import { datasets, layers, ops, optimizers, Sequential, setRandomSeed, tensor, type Tensor } from "nabla";
import { example } from "./example.ts";

const { budget, data, figure } = example("video", { files: ["mnist/train-images-idx3-ubyte.gz"] });
setRandomSeed(8);

const side = 36;
const frames = 8;
let seed = 8;
const random = (below: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};

interface Clips {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** Clips of two digits each. Shapes: images [n, 28, 28] -> x [count, frames, side, side, 1], y [count, frames]. */
async function makeClips([images, labels]: readonly [Tensor, Tensor], count: number): Promise<Clips> {
  const pixels = await images.data();
  const digits = await labels.data();
  const film = new Uint8Array(count * frames * side * side);
  const truth = new Int32Array(count * frames);
  const room = side - 28;
  for (let clip = 0; clip < count; clip++) {
    const shown = [random(digits.length), random(digits.length)];
    const change = 2 + random(frames - 3);
    let [row, column, down, right] = [random(room + 1), random(room + 1), 1 + random(2), 1 + random(2)];
    for (let frame = 0; frame < frames; frame++) {
      const image = shown[frame < change ? 0 : 1]!;
      const at = (clip * frames + frame) * side * side;
      for (let i = 0; i < 28; i++)
        for (let j = 0; j < 28; j++) film[at + (row + i) * side + column + j] = pixels[(image * 28 + i) * 28 + j]!;
      if (random(2) === 0) for (let i = 0; i < 300; i++) film[at + random(side * side)] = random(256);
      truth[clip * frames + frame] = digits[image]!;
      if (row + down < 0 || row + down > room) down = -down;
      if (column + right < 0 || column + right > room) right = -right;
      row += down;
      column += right;
    }
  }
  return { x: tensor(film, { shape: [count, frames, side, side, 1] }), y: tensor(truth, { shape: [count, frames] }) };
}

const [training, testing] = await datasets.mnist.loadData({ dataDir: data("mnist") });
const train = await makeClips(training, budget(256, 12_000));
const test = await makeClips(testing, budget(64, 1000));

const look = new Sequential([
  layers.Input({ shape: [side, side, 1] }),
  layers.Rescaling({ scale: 1 / 255 }),
  layers.Conv2D({ filters: 16, kernelSize: 3, strides: 2, activation: "relu" }),
  layers.Conv2D({ filters: 32, kernelSize: 3, activation: "relu" }),
  layers.MaxPooling2D(),
  layers.Flatten(),
  layers.Dense({ units: 96, activation: "relu" }),
]);
const model = new Sequential([
  layers.Input({ shape: [frames, side, side, 1] }),
  layers.TimeDistributed({ layer: look }),
  layers.Dropout({ rate: 0.2 }),
  layers.Bidirectional({ layer: layers.LSTM({ units: 48, returnSequences: true }) }),
  layers.Dense({ units: 10, activation: "softmax" }),
]);
model.summary();
const epochs = budget(1, 6);
const learningRate = optimizers.schedules.CosineDecay({ initialLearningRate: 0.002, decaySteps: epochs * Math.ceil(train.x.dim(0) / 32) });
model.compile({ optimizer: optimizers.Adam({ learningRate }), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
await model.fit(train.x, train.y, { epochs, batchSize: 32 });
const { accuracy } = await model.evaluate(test.x, test.y, { verbose: 0 });

const said = await ops.argmax(await model.predict(test.x, { verbose: 0 }), -1).data();
const truth = await test.y.data();
for (let clip = 0; clip < 3; clip++) {
  const part = (values: ArrayLike<number>): string => Array.from({ length: frames }, (_, frame) => values[clip * frames + frame]).join(" ");
  console.log(`clip ${clip}: shown ${part(truth)}, seen ${part(said)}`);
}
figure("accuracy per frame", accuracy!, { atLeast: 0.95 });
