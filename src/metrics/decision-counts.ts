/** Counting decisions at thresholds: what precision, recall, AUC and their like are made of. */
import { ShapeError } from "../errors.ts";
import { concreteShape, dataTensor, formatShape, type Tensor, type Variable } from "../graph/index.ts";
import { sameRank } from "../losses/ranks.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import {
  add,
  clip,
  equal,
  greater,
  greaterEqual,
  less,
  logicalAnd,
  logicalOr,
  maximum,
  multiply,
  notEqual,
  subtract,
  where,
} from "../ops/numpy/arithmetic.ts";
import { arange } from "../ops/numpy/create.ts";
import { cast, ceil } from "../ops/numpy/elementwise.ts";
import { scatter, take } from "../ops/numpy/indexing.ts";
import { cumsum, sum } from "../ops/numpy/reduce.ts";
import { broadcastTo, expandDims, flip, reshape } from "../ops/numpy/shaping.ts";
import { toFloat } from "../ops/promote.ts";
import type { UpdateOptions } from "./metric.ts";
import { updateOptions } from "./update-weights.ts";

/** Kinds of decisions. */
export type Decision = "truePositives" | "falsePositives" | "trueNegatives" | "falseNegatives";

/** What predictions are compared with where only the k largest count: everything that is left is above. */
export const lowestScore = -1e10;

/** How decisions are counted. */
export interface CountingOptions {
  readonly thresholds: readonly number[];
  /** Only the k largest predictions of a sample count as positive. */
  readonly topK?: number | null;
  /** Only this class counts. */
  readonly classId?: number | null;
  /** Whether counts are per label (state `[thresholds, labels]`). */
  readonly multiLabel?: boolean;
  /** Weight of each label, where they are counted together. */
  readonly labelWeights?: readonly number[] | null;
  /** Whether the thresholds are 0, 1 / n, ... 1 (the ends may lie outside by an epsilon): one pass, however many there are. */
  readonly even?: boolean;
}

/** Adds the weighted number of each kind of decision, per threshold: a prediction above the threshold is positive. */
export function countDecisions(
  targets: Partial<Record<Decision, Variable>>,
  yTrue: TensorLike,
  yPred: TensorLike,
  update: UpdateOptions,
  options: CountingOptions,
): void {
  let [t, p] = sameRank(cast(asTensor(yTrue), "float32"), cast(toFloat(yPred), "float32"));
  const { sampleWeight = null, mask: given = null } = updateOptions(update);
  let weight = sampleWeight === null ? null : cast(asTensor(sampleWeight), "float32");
  const mask = given === null ? null : cast(asTensor(given), "float32");
  if (mask !== null) weight = weight === null ? mask : multiply(...sameRank(weight, mask));
  if (options.topK !== null && options.topK !== undefined) p = onlyLargest(p, options.topK);
  if (options.classId !== null && options.classId !== undefined) {
    const position = dataTensor(Int32Array.of(options.classId), [1], "int32");
    [t, p] = [take(t, position, -1), take(p, position, -1)];
  }
  const shape = concreteShape(p);
  if (weight !== null) {
    // A weight per sample counts for all of its classes.
    const trailing = Array.from({ length: Math.max(0, p.rank - weight.rank) }, (_, i) => i + weight!.rank);
    const aligned = trailing.length > 0 ? expandDims(weight, trailing) : sameRank(p, weight, false)[1];
    weight = broadcastTo(aligned, shape);
  }
  if (options.labelWeights !== null && options.labelWeights !== undefined) {
    const perLabel = broadcastTo(dataTensor(Float32Array.from(options.labelWeights), [options.labelWeights.length], "float32"), shape);
    weight = weight === null ? perLabel : multiply(weight, perLabel);
  }
  const actual = notEqual(t, 0);
  const labels = options.multiLabel === true ? shape.at(-1)! : 1;
  if (options.multiLabel === true && p.rank !== 2) {
    throw new ShapeError({
      where: "metrics",
      problem: "counts per label need predictions of two axes",
      expected: "[batch, labels]",
      received: formatShape(shape),
    });
  }
  const flat = (x: Tensor): Tensor => reshape(x, [p.size / labels, labels]);
  const counts = (options.even === true ? countInBuckets : countOneByOne)(
    flat(p),
    flat(broadcastTo(actual, shape)),
    weight === null ? null : flat(weight),
    options.thresholds,
  );
  for (const [kind, variable] of Object.entries(targets) as [Decision, Variable][]) {
    variable.assign(add(variable, reshape(counts[kind](), variable.shape)));
  }
}

type Counts = Readonly<Record<Decision, () => Tensor>>;

/** Every prediction against every threshold. Shapes: all [n, labels] -> [thresholds, labels]. */
function countOneByOne(p: Tensor, actual: Tensor, weight: Tensor | null, thresholds: readonly number[]): Counts {
  const limits = dataTensor(Float32Array.from(thresholds), [thresholds.length, 1, 1], "float32");
  const predicted = greater(expandDims(p, 0), limits);
  const positive = broadcastTo(expandDims(actual, 0), concreteShape(predicted));
  const no = (x: Tensor): Tensor => equal(x, false);
  const total = (hit: Tensor): Tensor => {
    const hits = cast(hit, "float32");
    return sum(weight === null ? hits : multiply(hits, expandDims(weight, 0)), 1);
  };
  return {
    truePositives: () => total(logicalAnd(positive, predicted)),
    falsePositives: () => total(logicalAnd(no(positive), predicted)),
    trueNegatives: () => total(logicalAnd(no(positive), no(predicted))),
    falseNegatives: () => total(logicalAnd(positive, no(predicted))),
  };
}

/**
 * Weights are added up in the bucket between two thresholds that a prediction lies in; what is above a threshold is the
 * sum of the buckets from there on. Shapes: all [n, labels] -> [thresholds, labels].
 */
function countInBuckets(p: Tensor, actual: Tensor, weight: Tensor | null, thresholds: readonly number[]): Counts {
  const count = thresholds.length;
  const [rows, labels] = concreteShape(p) as [number, number];
  // A prediction must be strictly above a threshold: bucket i is (i, i + 1] / (count - 1).
  const exact = subtract(ceil(multiply(clip(p, 0, 1), count - 1)), 1);
  const lowest = thresholds[0]! < 0;
  const bucket = cast(maximum(exact, 0), "int32");
  const inside = lowest ? null : greaterEqual(exact, 0);
  const position = add(multiply(bucket, labels), broadcastTo(arange(labels), [rows, labels]));
  const above = (counted: Tensor): Tensor => {
    const kept = inside === null ? counted : where(inside, counted, 0);
    const buckets = scatter(reshape(position, [rows * labels, 1]), reshape(kept, [rows * labels]), [count * labels]);
    return flip(cumsum(flip(reshape(buckets, [count, labels]), 0), 0), 0);
  };
  const ones = weight ?? cast(equal(p, p), "float32");
  const [positives, negatives] = [where(actual, ones, 0), where(actual, 0, ones)];
  const [tp, fp] = [above(positives), above(negatives)];
  return {
    truePositives: () => tp,
    falsePositives: () => fp,
    trueNegatives: () => subtract(sum(negatives, 0), fp),
    falseNegatives: () => subtract(sum(positives, 0), tp),
  };
}

/** Predictions that are not among the k largest of their row replaced by the lowest; among equal ones the first count. */
function onlyLargest(p: Tensor, k: number): Tensor {
  const classes = p.dim(-1);
  const own = expandDims(p, -1);
  const other = expandDims(p, -2);
  const position = arange(classes);
  const before = less(reshape(position, [1, classes]), reshape(position, [classes, 1]));
  const ahead = logicalOr(greater(other, own), logicalAnd(equal(other, own), before));
  return where(less(sum(cast(ahead, "int32"), -1), k), p, lowestScore);
}
