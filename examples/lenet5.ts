/**
 * LeNet-5 as it was published in 1998 learns MNIST: trainable subsampling, a table of connections, targets that are pictures
 * of the digits, the maximum a posteriori criterion.
 *
 *   npx tsx --conditions=source examples/lenet5.ts --full --data-dir DIR
 */
import { applications, callbacks, datasets, ops, optimizers, setRandomSeed, type TensorLike } from "nabla";
import { example } from "./example.ts";

const { budget, data, figure, full } = example("lenet5", { files: ["mnist/train-images-idx3-ubyte.gz"] });
setRandomSeed(1998);
const [[xTrain, yTrain], [xTest, yTest]] = await datasets.mnist.loadData({ dataDir: data("mnist") });
const { preprocessInput, maximumAPosteriori } = applications.lenet5;
const count = budget(2000, 60_000);
const epochs = budget(1, 16);
const batchSize = 64;

const model = applications.LeNet5({ classifierActivation: null });
model.summary();
const learningRate = optimizers.schedules.CosineDecay({ initialLearningRate: 0.002, decaySteps: (epochs * count) / batchSize });
model.compile({
  optimizer: optimizers.Adam({ learningRate }),
  loss: (yTrue: TensorLike, yPred: TensorLike) => maximumAPosteriori(yTrue, yPred),
  metrics: ["sparse_categorical_accuracy"],
});
const start = performance.now();
const train = ops.slice(preprocessInput(xTrain), [0, 0, 0, 0], [count, 32, 32, 1]);
const xHeldOut = preprocessInput(xTest);
const history = await model.fit(train, ops.slice(yTrain, [0], [count]), {
  epochs,
  batchSize,
  verbose: full ? 2 : 0,
  validationData: full ? [xHeldOut, yTest] : null,
  callbacks: [callbacks.TerminateOnNaN()],
});
const seconds = (performance.now() - start) / 1000;
const { sparse_categorical_accuracy: accuracy } = await model.evaluate(xHeldOut, yTest, { batchSize: 256, verbose: 0 });
console.log(`loss per epoch: ${history.history.loss!.map((loss) => loss.toFixed(3)).join(", ")}`);
figure("accuracy on MNIST's test images", accuracy!, { atLeast: 0.99 });
figure("seconds of training", seconds, { atMost: 300 });
