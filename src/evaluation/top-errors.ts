/** Top-k errors, and tables of what a network says. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";

/**
 * Shares of samples whose label is not among the k classes with the largest scores, for each k of `ks` (ILSVRC: [1, 5]).
 * Equal scores count for the class with the smaller number. Shapes: labels `[batch]`, scores `[batch, classes]`.
 *
 * @example
 * const [top1, top5] = await evaluation.topErrors(labels, await model.predict(images));
 */
export async function topErrors(labels: TensorLike, scores: TensorLike, ks: readonly number[] = [1, 5]): Promise<number[]> {
  const [truth, predicted] = [ops.convertToTensor(labels), ops.convertToTensor(scores)];
  const [count, classes] = predicted.shape;
  if (predicted.rank !== 2 || truth.size !== count) {
    throw new ShapeError({
      where: "topErrors",
      problem: "labels and scores do not belong together",
      expected: "labels [batch] and scores [batch, classes]",
      received: `${formatShape(truth.shape)} and ${formatShape(predicted.shape)}`,
    });
  }
  const [label, score] = await Promise.all([truth.data(), predicted.data()]);
  const ranks = Array.from(label, (wanted, sample) => {
    if (!(wanted >= 0 && wanted < classes!))
      throw new ValueError({
        where: "topErrors",
        problem: "a label is no class",
        expected: `0 to ${classes! - 1}`,
        received: `${wanted} at ${sample}`,
      });
    const row = sample * classes!;
    const own = score[row + wanted]!;
    let rank = 0;
    for (let other = 0; other < classes!; other++)
      if (!(score[row + other]! < own) && other !== wanted && (score[row + other]! !== own || other < wanted)) rank++;
    return rank;
  });
  return ks.map((k) => ranks.filter((rank) => rank >= k).length / Math.max(1, ranks.length));
}

/** Options of `topTable`. */
export interface TopTableOptions {
  /** Name of each class. */
  readonly classNames: readonly string[];
  /** Number of classes for each sample. Default 5. */
  readonly top?: number;
  /** Right class of each sample, to be marked. */
  readonly labels?: ArrayLike<number> | null;
  /** What each sample is called. Default: its number. */
  readonly names?: readonly string[] | null;
}

/**
 * For each sample the classes with the largest scores, as text with a bar for each, the right one marked, as in the
 * figure 4 of Krizhevsky and others, 2012. Shapes: scores `[batch, classes]`, probabilities.
 */
export async function topTable(scores: TensorLike, { classNames, top = 5, labels = null, names = null }: TopTableOptions): Promise<string> {
  const predicted = ops.convertToTensor(scores);
  const k = Math.min(top, predicted.dim(1));
  const [values, places] = ops.topK(predicted, k);
  const [data, classes] = await Promise.all([values.data(), places.data()]);
  const width = Math.max(...classNames.map((name) => name.length));
  const blocks = Array.from({ length: predicted.dim(0) }, (_, sample) => {
    const truth = labels === null ? "" : `: ${classNames[labels[sample]!] ?? "?"}`;
    const rows = Array.from({ length: k }, (_, rank) => {
      const [label, value] = [classes[sample * k + rank]!, data[sample * k + rank]!];
      const bar = "█".repeat(Math.max(0, Math.round(20 * Math.min(1, value))));
      const mark = labels !== null && labels[sample] === label ? "*" : " ";
      return ` ${mark} ${(classNames[label] ?? String(label)).padEnd(width)} ${(100 * value).toFixed(1).padStart(5)} % ${bar}`;
    });
    return [`${names?.[sample] ?? `sample ${sample}`}${truth}`, ...rows].join("\n");
  });
  return blocks.join("\n\n");
}
