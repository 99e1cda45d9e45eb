/**
 * Ten splits of tables, here and in scikit-learn (1.2.1), with the same rows held out: the figures of docs/lecture.md.
 *
 *   npx tsx --conditions=source bench/classical.ts [--splits 10] [--python python3]
 *
 * Prints a Markdown table: mean accuracy (R^2) here and there, and times of fitting. Python needs scikit-learn.
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { datasets, ops, type Tensor } from "../src/index.ts";
import { RandomForestClassifier, RandomForestRegressor, SVC } from "../src/classical/index.ts";
import { DictionaryLearning, sparseEncode, sparseObjective } from "../src/unsupervised/index.ts";

const { values } = parseArgs({ options: { splits: { type: "string", default: "10" }, python: { type: "string", default: "python3" } } });
const here = dirname(fileURLToPath(import.meta.url));

type Part = readonly [x: Tensor, y: Tensor];
const nested = async (x: Tensor): Promise<unknown> => x.array();

/** All optical digits as one table. */
async function digits(seed: number): Promise<readonly [Part, Part]> {
  const [[a, b], [c, d]] = await datasets.digits.loadData();
  const x = ops.reshape(ops.concatenate([ops.cast(a, "float32"), ops.cast(c, "float32")], 0), [1797, 64]);
  const y = ops.concatenate([ops.cast(b, "int32"), ops.cast(d, "int32")], 0);
  // A permutation of its own per seed: the sort of a pseudo-random key.
  const keys = Float64Array.from({ length: 1797 }, (_, i) => Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453).map(
    (v) => v - Math.floor(v),
  );
  const order = Int32Array.from(keys.keys()).sort((i, j) => keys[i]! - keys[j]!);
  const part = (rows: Int32Array): Part => [ops.take(x, rows, 0), ops.take(y, rows, 0)];
  return [part(order.subarray(0, 1258)), part(order.subarray(1258))];
}

/** Columns with mean 0 and deviation 1 in the training part. */
async function cancer(seed: number): Promise<readonly [Part, Part]> {
  const [[x, y], [xTest, yTest]] = await datasets.breastCancer.loadData({ testSplit: 0.3, seed });
  const [mean, deviation] = [ops.mean(x, 0), ops.std(x, 0)];
  const scaled = (rows: Tensor): Tensor => ops.divide(ops.subtract(rows, mean), deviation);
  return [
    [scaled(x), y],
    [scaled(xTest), yTest],
  ];
}

const tasks = {
  "svc cancer": { load: cancer, make: () => new SVC() },
  "svc digits": { load: digits, make: () => new SVC() },
  "forest digits": { load: digits, make: (seed: number) => new RandomForestClassifier({ seed }) },
  "forest cancer": { load: cancer, make: (seed: number) => new RandomForestClassifier({ seed }) },
  "forest diabetes": {
    load: (seed: number) => datasets.diabetes.loadData({ testSplit: 0.3, seed }),
    make: (seed: number) => new RandomForestRegressor({ seed }),
  },
};

const rows: string[] = [
  "| task | nabla | scikit-learn | difference, points | fit, nabla, s | fit, scikit-learn, s |",
  "| --- | ---: | ---: | ---: | ---: | ---: |",
];
const splits = Number(values.splits);
const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;

/** What scikit-learn makes of the same data. */
function peer(input: object): { score: number; seconds: number } {
  const child = spawnSync(values.python, [join(here, "peers", "classical.py")], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout) as { score: number; seconds: number };
}

for (const [name, { load, make }] of Object.entries(tasks)) {
  const own = { scores: [] as number[], seconds: [] as number[] };
  const theirs = { scores: [] as number[], seconds: [] as number[] };
  for (let seed = 0; seed < splits; seed++) {
    const [[x, y], [xTest, yTest]] = await load(seed);
    const data = { x: await nested(x), y: await nested(y), xTest: await nested(xTest), yTest: await nested(yTest) };
    const estimator = make(seed);
    const start = performance.now();
    await estimator.fit(x, y);
    own.seconds.push((performance.now() - start) / 1000);
    own.scores.push(await estimator.score(xTest, yTest));
    const { score, seconds } = peer({ task: name, seed, ...data });
    theirs.scores.push(score);
    theirs.seconds.push(seconds);
  }
  const difference = 100 * (mean(own.scores) - mean(theirs.scores));
  rows.push(
    `| ${name}, mean of ${splits} splits | ${mean(own.scores).toFixed(4)} | ${mean(theirs.scores).toFixed(4)} | ${difference.toFixed(2)} | ${mean(own.seconds).toFixed(3)} | ${mean(theirs.seconds).toFixed(3)} |`,
  );
}

// Dictionary learning: the objective that each reaches on the digits, both dictionaries judged by the same codes.
const [[images]] = await datasets.digits.loadData();
const flat = ops.divide(ops.reshape(ops.cast(images, "float32"), [1442, 64]), 16);
const x = ops.subtract(flat, ops.mean(flat, 1, true));
const alpha = 0.2;
const start = performance.now();
const learning = await new DictionaryLearning({ nComponents: 80, alpha, epochs: 40, batchSize: 128, transformMaxIter: 200 }).fit(x);
const seconds = (performance.now() - start) / 1000;
const { components, ...other } = peer({ task: "dictionary", seed: 0, x: await nested(x), alpha }) as unknown as {
  components: number[][];
  seconds: number;
  score: number;
};
const objective = async (dictionary: Tensor | number[][]): Promise<number> =>
  (await sparseObjective(x, await sparseEncode(x, dictionary, { alpha, algorithm: "coordinateDescent", tol: 1e-6 }), dictionary, alpha)) /
  1442;
const [ours, judged] = [await objective(learning.components), await objective(components)];
rows.push(
  `| dictionary of 80 atoms, mean objective (less is better) | ${ours.toFixed(4)} | ${judged.toFixed(4)} | ${(100 * (ours / judged - 1)).toFixed(2)} % | ${seconds.toFixed(1)} | ${other.seconds.toFixed(1)} |`,
);
const codesObjective = await objective(components);
rows.push(
  `| codes of that dictionary, mean objective | ${codesObjective.toFixed(5)} | ${other.score.toFixed(5)} | ${(100 * (codesObjective / other.score - 1)).toFixed(3)} % | | |`,
);
console.log(rows.join("\n"));
