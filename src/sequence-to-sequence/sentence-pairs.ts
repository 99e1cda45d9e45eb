/** Pairs of sequences as batches of similar lengths, for teacher forcing. */
import { shuffled } from "../data/random-indices.ts";
import { Dataset } from "../data/dataset.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import { makeDefaultSeed } from "../random/index.ts";
import { checkOptions } from "../serialization/index.ts";

/** A batch for a translator: what is read, the target from the start token on, and what is to be said after each token. */
export type TeacherForcedBatch = [inputs: [source: Tensor, target: Tensor], labels: Tensor];

/** Options of `teacherForcedPairs`. */
export interface TeacherForcedPairsOptions {
  readonly startToken: number;
  readonly endToken: number;
  /** Default 0. */
  readonly padToken?: number;
  /** Tokens of a batch on either side, padding included: a batch of sequences of length n has `tokensPerBatch / n` pairs. Default 2048. */
  readonly tokensPerBatch?: number;
  /** Lengths to which sequences are filled up, start and end token included: every one makes one compiled program. Default: chosen by the lengths. */
  readonly bucketLengths?: readonly number[] | null;
  /** Whether every pass has an order of its own. Default true. */
  readonly shuffle?: boolean;
  /** Default: one that `setRandomSeed` decides. */
  readonly seed?: number | null;
}

const optionNames = ["startToken", "endToken", "padToken", "tokensPerBatch", "bucketLengths", "shuffle", "seed"];

/**
 * Batches `[[source, target], labels]` of pairs of similar lengths, all int32 `[batch, length]`: the source with its end
 * token, the target behind the start token, and as labels the target with its end token. Both sides of a batch have the
 * same length, one of few, so that `fit` compiles few programs; filling up changes no result where padding is masked.
 * Throws ValueError for an empty sequence and ShapeError for one longer than the largest bucket.
 *
 * @example
 * const batches = text.teacherForcedPairs(sources, targets, { startToken: 1, endToken: 2, tokensPerBatch: 2048 });
 * await model.fit(batches, null, { epochs: 10 });
 */
export function teacherForcedPairs(
  sources: readonly ArrayLike<number>[],
  targets: readonly ArrayLike<number>[],
  options: TeacherForcedPairsOptions,
): Dataset {
  const where = "teacherForcedPairs";
  checkOptions(where, options, optionNames);
  const { startToken, endToken, padToken = 0, tokensPerBatch = 2048, shuffle = true } = options;
  const lengths = checkedLengths(where, sources, targets);
  const buckets = options.bucketLengths == null ? chosenBuckets(lengths) : [...options.bucketLengths].sort((a, b) => a - b);
  const longest = buckets.at(-1)!;
  const tooLong = lengths.findIndex((length) => length > longest);
  if (tooLong >= 0)
    throw new ShapeError({
      where,
      problem: `pair ${tooLong} is longer than the largest bucket`,
      expected: `at most ${longest} tokens, start or end token included`,
      received: `${lengths[tooLong]} tokens`,
      advice: "leave the pair out, cut it, or give a larger bucket",
    });
  const bucketOf = lengths.map((length) => buckets.findIndex((bucket) => length <= bucket));
  const sizes = buckets.map((length) => Math.max(1, Math.floor(tokensPerBatch / length)));
  const seed = options.seed ?? makeDefaultSeed();
  let pass = 0;

  const batch = (rows: readonly number[], length: number): TeacherForcedBatch => {
    const filled = (): Int32Array => new Int32Array(rows.length * length).fill(padToken);
    const [source, target, labels] = [filled(), filled(), filled()];
    rows.forEach((row, i) => {
      const [from, to] = [sources[row]!, targets[row]!];
      source.set(from, i * length);
      source[i * length + from.length] = endToken;
      target[i * length] = startToken;
      target.set(to, i * length + 1);
      labels.set(to, i * length);
      labels[i * length + to.length] = endToken;
    });
    const tensor = (values: Int32Array): Tensor => dataTensor(values, [rows.length, length], "int32");
    return [[tensor(source), tensor(target)], tensor(labels)];
  };
  return Dataset.fromGenerator(function* () {
    const order = shuffle ? shuffled(lengths.length, seed, pass) : Int32Array.from(lengths.keys());
    const groups = buckets.map((): number[] => []);
    for (const row of order) groups[bucketOf[row]!]!.push(row);
    const batches = groups.flatMap((rows, bucket) =>
      Array.from({ length: Math.ceil(rows.length / sizes[bucket]!) }, (_, i) => ({
        rows: rows.slice(i * sizes[bucket]!, (i + 1) * sizes[bucket]!),
        length: buckets[bucket]!,
      })),
    );
    const turns = shuffle ? shuffled(batches.length, seed, pass + 2 ** 20) : batches.keys();
    pass++;
    for (const turn of turns) yield batch(batches[turn]!.rows, batches[turn]!.length);
  });
}

/** Length of each pair, the longer side with one more token. Throws ValueError. */
function checkedLengths(where: string, sources: readonly ArrayLike<number>[], targets: readonly ArrayLike<number>[]): number[] {
  if (sources.length !== targets.length || sources.length === 0)
    throw new ValueError({
      where,
      problem: "every source has one target",
      expected: "two lists of the same length, at least 1",
      received: `${sources.length} sources, ${targets.length} targets`,
    });
  return sources.map((source, i) => {
    const target = targets[i]!;
    if (source.length > 0 && target.length > 0) return Math.max(source.length, target.length) + 1;
    throw new ValueError({
      where,
      problem: `the ${source.length === 0 ? "source" : "target"} of pair ${i} is empty`,
      expected: "at least one token",
      received: "none",
      advice: "leave empty lines out",
    });
  });
}

/** At most six lengths that waste little: cut where the sorted lengths give sixths, the longest last; multiples of two. */
function chosenBuckets(lengths: readonly number[]): number[] {
  const sorted = [...lengths].sort((a, b) => a - b);
  const shares = [1 / 5, 2 / 5, 3 / 5, 4 / 5, 0.96, 1];
  const cuts = shares.map((share) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!);
  return [...new Set(cuts.map((cut) => 2 * Math.ceil(cut / 2)))];
}
