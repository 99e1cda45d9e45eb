/** The first program of the lecture: a stack of two layers. The data: optical digits with a border, 10 x 10 = 100 pixels. */
import { datasets, ops, setRandomSeed, type Tensor } from "nabla";

setRandomSeed(1);
const [train, test] = await datasets.digits.loadData();
const prepare = (images: Tensor): Tensor => {
  const bordered = ops.pad(ops.divide(images, 16), [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
  return ops.reshape(bordered, [images.dim(0), 100]);
};
const xTrain = prepare(train[0]);
const yTrain = ops.oneHot(train[1], 10);
const xTest = prepare(test[0]);
const yTest = ops.oneHot(test[1], 10);

import { Sequential, layers } from "nabla";
const { Dense } = layers;
const model = new Sequential();
model.add(Dense({ units: 64, activation: "relu", inputDim: 100 }));
model.add(Dense({ units: 10, activation: "softmax" }));
model.compile({ loss: "categorical_crossentropy", optimizer: "sgd", metrics: ["accuracy"] });
await model.fit(xTrain, yTrain, { epochs: 5, batchSize: 32 });
const lossAndMetrics = await model.evaluate(xTest, yTest, { batchSize: 128 });
const classes = await model.predict(xTest);

console.log(lossAndMetrics);
console.log(
  `${classes.dim(0)} predictions, the first: ${await ops
    .argmax(classes, -1)
    .data()
    .then((labels) => labels[0])}`,
);
