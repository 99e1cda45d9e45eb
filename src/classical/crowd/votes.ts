/** Labels that several people gave. */
import { ShapeError, ValueError } from "../../errors.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { formatShape, type Tensor } from "../../graph/index.ts";
import { readNumbers } from "../../data/samples.ts";
import { labelTensor } from "../estimator.ts";

/** Answers: one row per item, one column per annotator; -1 where somebody was not asked. */
export interface Votes {
  readonly items: number;
  readonly annotators: number;
  readonly classes: number;
  readonly answers: Int32Array;
}

/** Reads and checks answers. Throws ShapeError and ValueError for what are none, and for an item that nobody labelled. */
export async function readVotes(where: string, votes: TensorLike, classes: number | null): Promise<Votes> {
  const { shape, values } = await readNumbers(where, votes);
  if (shape.length !== 2 || values.length === 0)
    throw new ShapeError({ where, problem: "votes are a table", expected: "[items, annotators]", received: formatShape(shape) });
  const [items, annotators] = shape as [number, number];
  const known = classes ?? values.reduce((most, value) => Math.max(most, value), -1) + 1;
  const bad = values.findIndex((value) => !(Number.isInteger(value) && value >= -1 && value < known));
  if (bad >= 0)
    throw new ValueError({
      where,
      problem: `the answer of annotator ${bad % annotators} to item ${Math.floor(bad / annotators)} is no class`,
      expected: `whole numbers from 0 to ${known - 1}, or -1 for no answer`,
      received: String(values[bad]),
    });
  const answers = Int32Array.from(values);
  for (let item = 0; item < items; item++)
    if (answers.subarray(item * annotators, (item + 1) * annotators).every((answer) => answer < 0))
      throw new ValueError({ where, problem: `nobody labelled item ${item}`, expected: "at least one answer per item", received: "none" });
  return { items, annotators, classes: known, answers };
}

/** Number of votes for each class: `[items, classes]`. */
export function tally({ items, annotators, classes, answers }: Votes): Float64Array {
  const counts = new Float64Array(items * classes);
  for (let item = 0; item < items; item++)
    for (let annotator = 0; annotator < annotators; annotator++) {
      const answer = answers[item * annotators + annotator]!;
      if (answer >= 0) counts[item * classes + answer]!++;
    }
  return counts;
}

/**
 * The class that most annotators chose, of several the smallest. Shapes: votes [items, annotators], -1 for no answer ->
 * int32 [items].
 */
export async function majorityVote(votes: TensorLike): Promise<Tensor> {
  const read = await readVotes("majorityVote", votes, null);
  return labelTensor(largest(tally(read), read.classes));
}

/** Position of the largest of each row, the first of several. */
export function largest(rows: Float64Array, columns: number): Int32Array {
  return Int32Array.from({ length: rows.length / columns }, (_, row) => {
    let best = 0;
    for (let k = 1; k < columns; k++) if (rows[row * columns + k]! > rows[row * columns + best]!) best = k;
    return best;
  });
}
