/** What forests for classes and for numbers share. */
import type { Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { platform } from "../../platform/index.ts";
import { checkOptions } from "../../serialization/index.ts";
import { type Matrix, readMatrix } from "../../data/samples.ts";
import { checkChoice, checkNumber, floatTensor } from "../estimator.ts";
import { Pace } from "../pace.ts";
import { binned, mostBins } from "./bins.ts";
import type { Growth, Tree } from "./grow.ts";
import { growForest } from "./workers.ts";

/** Options of both forests. */
export interface ForestOptions {
  /** Number of trees. Default 100. */
  readonly nEstimators?: number;
  /** Depth at most; null (default): until the leaves are pure. */
  readonly maxDepth?: number | null;
  /** Samples that a node must have to be split. Default 2. */
  readonly minSamplesSplit?: number;
  /** Samples that a leaf must have. Default 1. */
  readonly minSamplesLeaf?: number;
  /** What a split must bring at least. Default 0. */
  readonly minImpurityDecrease?: number;
  /** Features looked at per split: a number, a share below 1, "sqrt", "log2", or null for all. Default "sqrt"; null for numbers. */
  readonly maxFeatures?: number | "sqrt" | "log2" | null;
  /** Whether each tree sees a sample drawn with replacement. Default true. */
  readonly bootstrap?: boolean;
  /** Samples drawn per tree: a number, a share below 1; null (default): as many as there are. */
  readonly maxSamples?: number | null;
  /** Whether `oobScore` and the predictions behind it are wanted. Default false. */
  readonly oobScore?: boolean;
  /** Bins per feature at most, 2 to 256. Default 256. */
  readonly maxBins?: number;
  /** Threads. Default: as many as the machine has. The trees do not depend on it. */
  readonly threads?: number | null;
  /** Default 0. */
  readonly seed?: number;
}

/** Options with their defaults. */
export type CompleteForestOptions = Required<ForestOptions>;

const optionNames = [
  "nEstimators",
  "criterion",
  "maxDepth",
  "minSamplesSplit",
  "minSamplesLeaf",
  "minImpurityDecrease",
  "maxFeatures",
  "bootstrap",
  "maxSamples",
  "oobScore",
  "maxBins",
  "threads",
  "seed",
];

/** Checks options and fills in defaults. */
export function forestOptions(
  where: string,
  options: ForestOptions,
  known: readonly string[],
  maxFeatures: ForestOptions["maxFeatures"] & (string | null),
): CompleteForestOptions {
  checkOptions(where, options, [...optionNames, ...known]);
  const complete: CompleteForestOptions = {
    nEstimators: 100,
    maxDepth: null,
    minSamplesSplit: 2,
    minSamplesLeaf: 1,
    minImpurityDecrease: 0,
    maxFeatures,
    bootstrap: true,
    maxSamples: null,
    oobScore: false,
    maxBins: mostBins,
    threads: null,
    seed: 0,
    ...options,
  };
  const { nEstimators, maxDepth, minSamplesSplit, minSamplesLeaf, minImpurityDecrease, maxBins, threads, maxSamples } = complete;
  const whole = (name: string, value: number, least: number): void =>
    checkNumber(where, name, value, Number.isInteger(value) && value >= least, `a whole number from ${least}`);
  whole("nEstimators", nEstimators, 1);
  if (maxDepth !== null) whole("maxDepth", maxDepth, 1);
  whole("minSamplesSplit", minSamplesSplit, 2);
  whole("minSamplesLeaf", minSamplesLeaf, 1);
  checkNumber(where, "minImpurityDecrease", minImpurityDecrease, minImpurityDecrease >= 0, "a number from 0");
  checkNumber(
    where,
    "maxBins",
    maxBins,
    Number.isInteger(maxBins) && maxBins >= 2 && maxBins <= mostBins,
    `a whole number from 2 to ${mostBins}`,
  );
  if (threads !== null) whole("threads", threads, 1);
  if (maxSamples !== null) checkNumber(where, "maxSamples", maxSamples, maxSamples > 0, "a share below 1, or a whole number from 1");
  if (typeof complete.maxFeatures === "number")
    checkNumber(where, "maxFeatures", complete.maxFeatures, complete.maxFeatures > 0, "a share below 1, or a whole number from 1");
  else checkChoice(where, "maxFeatures", complete.maxFeatures, ["sqrt", "log2", null]);
  if (complete.oobScore && !complete.bootstrap)
    checkNumber(where, "bootstrap", NaN, false, "true where oobScore is wanted: without it no sample is out of bag");
  return complete;
}

/** A number, or a share of `total`; at least 1. */
function amount(value: number, total: number): number {
  return Math.max(1, Math.min(total, value < 1 ? Math.floor(value * total) : Math.floor(value)));
}

/** A grown forest. */
export interface Forest {
  readonly features: number;
  readonly outputs: number;
  readonly trees: readonly Tree[];
  readonly importance: Float64Array;
}

/** Grows a forest from checked data. */
export async function forestOf(
  matrix: Matrix,
  parts: Pick<Growth, "labels" | "classes" | "targets" | "weights" | "criterion">,
  options: CompleteForestOptions,
): Promise<Forest> {
  const { rows, columns } = matrix;
  const { maxFeatures, maxSamples, bootstrap, maxDepth, nEstimators, seed, threads } = options;
  const perSplit =
    maxFeatures === null
      ? columns
      : maxFeatures === "sqrt"
        ? Math.max(1, Math.floor(Math.sqrt(columns)))
        : maxFeatures === "log2"
          ? Math.max(1, Math.floor(Math.log2(columns)))
          : amount(maxFeatures, columns);
  const growth: Growth = {
    rows,
    features: columns,
    ...binned(matrix, options.maxBins),
    ...parts,
    maxDepth: maxDepth ?? 2 ** 30,
    minSamplesSplit: options.minSamplesSplit,
    minSamplesLeaf: options.minSamplesLeaf,
    minImpurityDecrease: options.minImpurityDecrease,
    maxFeatures: perSplit,
    drawn: bootstrap ? (maxSamples === null ? rows : amount(maxSamples, rows)) : 0,
  };
  const trees = await growForest(growth, nEstimators, seed, threads ?? platform.concurrency());
  const importance = new Float64Array(columns);
  for (const tree of trees) {
    const total = tree.importance.reduce((sum, value) => sum + value, 0);
    if (total > 0) tree.importance.forEach((value, feature) => (importance[feature]! += value / total));
  }
  const total = importance.reduce((sum, value) => sum + value, 0);
  return {
    features: columns,
    outputs: parts.criterion === "squared_error" ? 1 : parts.classes,
    trees,
    importance: total > 0 ? importance.map((value) => value / total) : importance,
  };
}

/** Means of the trees' values. Shapes: [n, features] -> [n, outputs]. `onlyUnseen`: of trees that did not see the sample; NaN where all did. */
export async function predictForest({ trees, outputs }: Forest, matrix: Matrix, onlyUnseen: boolean = false): Promise<Float64Array> {
  const { rows, columns, values } = matrix;
  const means = new Float64Array(rows * outputs);
  const counts = new Int32Array(rows);
  const pace = new Pace();
  // Tree by tree, so that a tree stays in the cache.
  for (const tree of trees) {
    if (pace.isDue) await pace.turn();
    const { feature, threshold, left, right, draws } = tree;
    for (let row = 0; row < rows; row++) {
      if (onlyUnseen && draws[row] !== 0) continue;
      let node = 0;
      for (let asked = feature[0]!; asked >= 0; asked = feature[node]!)
        node = values[row * columns + asked]! <= threshold[node]! ? left[node]! : right[node]!;
      counts[row]!++;
      for (let k = 0; k < outputs; k++) means[row * outputs + k]! += tree.values[node * outputs + k]!;
    }
  }
  for (let row = 0; row < rows; row++) for (let k = 0; k < outputs; k++) means[row * outputs + k]! /= counts[row]!;
  return means;
}

/** Checks features against those that a forest was grown from, and gives the means of its trees. */
export async function predictRows(
  where: string,
  forest: Forest,
  x: TensorLike,
): Promise<{ readonly rows: number; readonly means: Float64Array }> {
  const matrix = await readMatrix(where, x, forest.features);
  return { rows: matrix.rows, means: await predictForest(forest, matrix) };
}

/** Importances as a tensor. */
export function importanceTensor({ importance }: Forest): Tensor {
  return floatTensor(importance, [importance.length]);
}
