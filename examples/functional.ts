/** The second program of the lecture: a functional model. The data: optical digits enlarged to 28 x 28 = 784 pixels. */
import { datasets, ops, setRandomSeed } from "nabla";

setRandomSeed(1);
const [[images, digits]] = await datasets.digits.loadData();
const data = ops.reshape(ops.divide(ops.image.resize(images, [28, 28]), 16), [images.dim(0), 784]);
const labels = ops.oneHot(digits, 10);

import { Input, Model, layers } from "nabla";
const inputs = Input({ shape: [784] });
let x = layers.Dense({ units: 64, activation: "relu" })(inputs);
x = layers.Dense({ units: 64, activation: "relu" })(x);
const predictions = layers.Dense({ units: 10, activation: "softmax" })(x);
const model = new Model({ inputs, outputs: predictions });
model.compile({ optimizer: "rmsprop", loss: "categorical_crossentropy", metrics: ["accuracy"] });
await model.fit(data, labels);

console.log(await model.evaluate(data, labels, { verbose: 0 }));
