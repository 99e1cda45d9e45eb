/** Support vector machines: kernels and their borders, ten splits of two tables, probabilities, many samples. */
import { existsSync } from "node:fs";
import { datasets, ops, tensor, type Tensor } from "nabla";
import { LinearSVC, SVC, type SVCOptions } from "nabla/classical";
import { decisionBoundary } from "nabla/visualization";
import { example } from "./example.ts";

const { full, budget, data, picture, figure } = example("svm");

// Borders of four kernels, on two measurements of the wines.
const [[wines, cultivars]] = await datasets.wine.loadData({ testSplit: 0 });
const plane = ops.take(wines, tensor(Int32Array.of(6, 9)), 1);
const kernels: Record<string, SVCOptions> = {
  linear: { kernel: "linear" },
  polynomial: { kernel: "poly", degree: 3, coef0: 1 },
  rbf: { kernel: "rbf", gamma: 1, C: 10 },
  custom: { kernel: (a, b) => 1 / (1 + (a[0]! - b[0]!) ** 2 + (a[1]! - b[1]!) ** 2), C: 10 },
};
for (const [name, options] of Object.entries(kernels)) {
  const svc = await new SVC(options).fit(plane, cultivars);
  console.log(`${name.padEnd(11)} ${svc.support.length} support vectors, accuracy ${(await svc.score(plane, cultivars)).toFixed(3)}`);
  const title = name === "custom" ? "SVC with a kernel of one's own, 1 / (1 + |a - b|^2)" : `SVC, ${name} kernel`;
  const labels = { xLabel: "flavanoids", yLabel: "color intensity", names: { 0: "cultivar 0", 1: "cultivar 1", 2: "cultivar 2" } };
  picture(
    `svm-${name}.svg`,
    await decisionBoundary({ title, ...labels, predict: (points) => svc.predict(points), x: plane, y: cultivars }),
  );
}

/** Columns with mean 0 and deviation 1 in the training part. */
function standardized(train: Tensor, test: Tensor): [Tensor, Tensor] {
  const scale = ops.add(ops.std(train, 0), 1e-9);
  const mean = ops.mean(train, 0);
  return [ops.divide(ops.subtract(train, mean), scale), ops.divide(ops.subtract(test, mean), scale)];
}

// Ten splits (bench/classical.ts runs the same splits through scikit-learn).
const splits = budget(2, 10);
let cancer = 0;
for (let seed = 0; seed < splits; seed++) {
  const [[x, y], [xTest, yTest]] = await datasets.breastCancer.loadData({ testSplit: 0.3, seed });
  const [a, b] = standardized(x, xTest);
  cancer += (await (await new SVC().fit(a, y)).score(b, yTest)) / splits;
}
figure(`breast cancer, mean of ${splits} splits`, cancer, { atLeast: 0.97 });
const [[x, y], [xTest, yTest]] = await datasets.digits.loadData();
const svc = await new SVC({ probability: true }).fit(x, y);
figure("digits, held out", await svc.score(xTest, yTest), { atLeast: 0.98 });
const probabilities = Array.from(await ops.max(await svc.predictProba(xTest), -1).data());
console.log(`mean probability of the named digit ${(probabilities.reduce((sum, p) => sum + p, 0) / probabilities.length).toFixed(3)}`);

// Many samples: a linear machine by dual coordinate descent.
if (full && existsSync(data("mnist/train-images-idx3-ubyte.gz"))) {
  const [[images, labels], [testImages, testLabels]] = await datasets.mnist.loadData({ dataDir: data("mnist") });
  const start = performance.now();
  const linear = await new LinearSVC({ C: 0.01, tol: 0.01 }).fit(ops.divide(images, 255), labels);
  console.log(`60,000 digits in ${((performance.now() - start) / 1000).toFixed(1)} s, passes per class ${linear.passes.join(" ")}`);
  figure("MNIST, linear machine", await linear.score(ops.divide(testImages, 255), testLabels), { atLeast: 0.91 });
}
