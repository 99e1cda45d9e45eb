/** How well a score tells two classes apart. */
import { ValueError } from "../errors.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";

/** One point for each score that occurs, from "nobody is positive" to "all are". */
export interface RocCurve {
  /** A sample is positive where its score is at least this; Infinity at the first point. */
  readonly thresholds: Float64Array;
  /** Share of the positive samples that are found: the true positive rate, recall. */
  readonly sensitivity: Float64Array;
  /** Share of the negative samples that are left alone: one minus the false positive rate. */
  readonly specificity: Float64Array;
  /** Area under the curve: the probability that a positive sample scores higher than a negative one (half where they tie). */
  readonly auc: number;
}

/**
 * The receiver operating characteristic: exact, a point for each score that occurs. Labels are 0 or 1. Throws ValueError
 * where a class is missing, a label is neither, or a score is NaN.
 *
 * @example
 * const { auc } = await evaluation.rocCurve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // 0.75
 */
export async function rocCurve(labels: TensorLike, scores: TensorLike): Promise<RocCurve> {
  const where = "rocCurve";
  const read = async (x: TensorLike): Promise<Float64Array> => Float64Array.from(await ops.convertToTensor(x).data());
  const [truth, values] = await Promise.all([read(labels), read(scores)]);
  const bad = (problem: string, expected: string, received: string): ValueError => new ValueError({ where, problem, expected, received });
  if (truth.length !== values.length) throw bad("labels and scores differ in number", String(truth.length), String(values.length));
  const odd = truth.findIndex((label) => label !== 0 && label !== 1);
  if (odd >= 0) throw bad("a label is neither 0 nor 1", "0 or 1", `${truth[odd]!} at ${odd}`);
  const missing = values.findIndex(Number.isNaN);
  if (missing >= 0) throw bad("a score is NaN", "numbers", `NaN at ${missing}`);
  const positives = truth.reduce((sum, label) => sum + label, 0);
  const negatives = truth.length - positives;
  if (positives === 0 || negatives === 0)
    throw bad("there is one class only", "samples of both", `${positives} positive, ${negatives} negative`);
  const order = Array.from(values.keys()).sort((a, b) => values[b]! - values[a]!);
  const [thresholds, sensitivity, specificity] = [[Infinity], [0], [1]];
  let [found, disturbed, area] = [0, 0, 0];
  for (let i = 0; i < order.length;) {
    const threshold = values[order[i]!]!;
    const [before, beforeDisturbed] = [found, disturbed];
    for (; i < order.length && values[order[i]!] === threshold; i++) {
      if (truth[order[i]!] === 1) found++;
      else disturbed++;
    }
    area += ((disturbed - beforeDisturbed) * (found + before)) / 2;
    thresholds.push(threshold);
    sensitivity.push(found / positives);
    specificity.push(1 - disturbed / negatives);
  }
  return {
    thresholds: Float64Array.from(thresholds),
    sensitivity: Float64Array.from(sensitivity),
    specificity: Float64Array.from(specificity),
    auc: area / (positives * negatives),
  };
}
