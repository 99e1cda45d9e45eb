/** Random forests: digits and diabetes, out of bag, what matters to them, and how fast they grow. */
import { datasets } from "nabla";
import { RandomForestClassifier, RandomForestRegressor } from "nabla/classical";
import { barChart, imageGrid, lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, picture, figure } = example("random-forest");

// Classes: digits.
const [[x, y], [xTest, yTest]] = await datasets.digits.loadData();
const nEstimators = budget(20, 300);
const start = performance.now();
const forest = await new RandomForestClassifier({ nEstimators, oobScore: true, seed: 1 }).fit(x, y);
console.log(`${nEstimators} trees on ${x.dim(0)} digits in ${((performance.now() - start) / 1000).toFixed(2)} s`);
figure("digits, held out", await forest.score(xTest, yTest), { atLeast: 0.965 });
figure("digits, out of bag", forest.oobScore, { atLeast: 0.96 });
const pixels = await forest.featureImportances.data();
picture(
  "forest-pixels.png",
  await imageGrid([Array.from({ length: 8 }, (_, row) => Array.from(pixels.subarray(8 * row, 8 * row + 8)))], { scale: 24 }),
);

// More trees do not overfit.
const counts = budget([1, 5], [1, 2, 5, 10, 20, 50, 100, 200]);
const held: number[] = [];
const outOfBag: number[] = [];
for (const trees of counts) {
  const grown = await new RandomForestClassifier({ nEstimators: trees, oobScore: true, seed: 2 }).fit(x, y);
  held.push(await grown.score(xTest, yTest));
  outOfBag.push(grown.oobScore);
}
picture(
  "forest-trees.svg",
  lineChart({
    title: "Digits: accuracy by number of trees",
    xLabel: "trees",
    yLabel: "accuracy",
    xScale: "log",
    series: [
      { name: "held out", x: counts, y: held },
      { name: "out of bag", x: counts, y: outOfBag, dashed: true },
    ],
  }),
);

// Numbers: the progression of diabetes.
const [[patients, progression], [others, theirs]] = await datasets.diabetes.loadData();
const regressor = await new RandomForestRegressor({ nEstimators, maxFeatures: 0.4, minSamplesLeaf: 3, oobScore: true, seed: 1 }).fit(
  patients,
  progression,
);
figure("diabetes, R^2 held out", await regressor.score(others, theirs), { atLeast: 0.35 });
figure("diabetes, R^2 out of bag", regressor.oobScore, { atLeast: 0.35 });
const importances = Array.from(await regressor.featureImportances.data());
picture(
  "forest-diabetes.svg",
  barChart({
    title: "What the progression of diabetes follows from",
    xLabel: "share of the error taken away",
    names: datasets.diabetes.featureNames,
    values: importances,
  }),
);
