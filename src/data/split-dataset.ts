/** A data set in two parts. */
import { ValueError } from "../errors.ts";
import { makeDefaultSeed } from "../random/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { Dataset } from "./dataset.ts";
import type { Element, ElementData } from "./element.ts";
import { shuffled } from "./random-indices.ts";

/** Options of `splitDataset`. One of the sizes can be left out: it is the rest. */
export interface SplitOptions {
  /** Elements of the first part: a number, or a share below 1. */
  readonly leftSize?: number | null;
  /** Elements of the second part, from the end. */
  readonly rightSize?: number | null;
  /** Whether the elements are put into random order first. Default false. */
  readonly shuffle?: boolean;
  readonly seed?: number | null;
}

/**
 * Two data sets of the elements of one, which is read into memory; of arrays, one element per sample. Throws ValueError
 * for sizes that do not fit.
 *
 * @example
 * const [training, test] = await utils.splitDataset(dataset, { leftSize: 0.8 });
 */
export async function splitDataset<T extends Element = Element>(
  dataset: Dataset<T> | ElementData,
  options: SplitOptions = {},
): Promise<[Dataset<T>, Dataset<T>]> {
  const where = "splitDataset";
  checkOptions(where, options, ["leftSize", "rightSize", "shuffle", "seed"]);
  const given = dataset instanceof Dataset ? dataset : (Dataset.fromTensors(dataset) as unknown as Dataset<T>);
  const ordered = await given.toArray();
  const count = ordered.length;
  const order = options.shuffle === true ? shuffled(count, options.seed ?? makeDefaultSeed(), 0) : null;
  const elements = order === null ? ordered : ordered.map((_, i) => ordered[order[i]!]!);
  const { leftSize = null, rightSize = null } = options;
  if (leftSize === null && rightSize === null)
    throw new ValueError({ where, problem: "the sizes are missing", expected: "{ leftSize }, { rightSize } or both", received: "none" });
  const left = leftSize === null ? null : numberOf(where, "leftSize", leftSize, count);
  const right = rightSize === null ? null : numberOf(where, "rightSize", rightSize, count);
  const first = left ?? count - right!;
  // Two shares may both have been rounded up.
  const shares = rightSize !== null && rightSize < 1 && leftSize !== null && leftSize < 1 && leftSize + rightSize <= 1;
  const second = right === null ? count - first : shares ? Math.min(right, count - first) : right;
  if (first + second > count || first === 0 || second === 0) {
    throw new ValueError({
      where,
      problem: "the parts do not fit the data",
      expected: `two parts of at least one element, together at most ${count}`,
      received: `${first} and ${second}`,
    });
  }
  const part = (list: readonly T[]): Dataset<T> => Dataset.fromGenerator<T>(() => list);
  return [part(elements.slice(0, first)), part(elements.slice(count - second))];
}

function numberOf(where: string, name: string, size: number, count: number): number {
  if (Number.isInteger(size) && size >= 0 && size <= count) return size;
  if (size > 0 && size < 1) return Math.round(size * count);
  throw new ValueError({
    where,
    problem: `${name} does not fit the data`,
    expected: `a share below 1, or up to ${count}`,
    received: String(size),
  });
}
