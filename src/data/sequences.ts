/** Lists and arrays made ready for models: padded sequences, one-hot rows, rows of length 1. */
import { type DType, hostArray, type TypedArray } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { dataTensor, isHostTypedArray, type Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { normalize as normalized } from "../ops/nn/normalization.ts";
import { max } from "../ops/numpy/reduce.ts";
import { checkOptions } from "../serialization/index.ts";

/** Numbers of one sequence. */
export type NumberSequence = readonly number[] | Float32Array | Float64Array | Int32Array | Uint8Array;

/** Options of `padSequences`. */
export interface PadSequencesOptions {
  /** Length of all rows. Default: that of the longest sequence. */
  readonly maxlen?: number | null;
  /** Default "int32". */
  readonly dtype?: DType;
  /** Where short sequences are filled up: "pre" (default) or "post". */
  readonly padding?: "pre" | "post";
  /** Where long sequences are cut: "pre" (default) or "post". */
  readonly truncating?: "pre" | "post";
  /** What they are filled with. Default 0. */
  readonly value?: number;
}

/**
 * Sequences of different lengths as the rows of one array. Shapes: n lists -> [n, maxlen].
 *
 * @example
 * await padSequences([[1], [2, 3]]).array(); // [[0, 1], [2, 3]]
 */
export function padSequences(sequences: readonly NumberSequence[], options: PadSequencesOptions = {}): Tensor {
  const where = "padSequences";
  checkOptions(where, options, ["maxlen", "dtype", "padding", "truncating", "value"]);
  const { dtype = "int32", padding = "pre", truncating = "pre", value = 0 } = options;
  for (const [name, side] of Object.entries({ padding, truncating })) {
    if (side !== "pre" && side !== "post")
      throw new ValueError({ where, problem: `${name} has no such choice`, expected: '"pre", "post"', received: JSON.stringify(side) });
  }
  const given: unknown = sequences;
  if (!Array.isArray(given) || !given.every((sequence) => Array.isArray(sequence) || isHostTypedArray(sequence)))
    throw new ValueError({
      where,
      problem: "these are no sequences",
      expected: "a list of lists of numbers",
      received: (JSON.stringify(given) ?? typeof given).slice(0, 120),
    });
  const length = options.maxlen ?? Math.max(0, ...sequences.map((sequence) => sequence.length));
  if (!(Number.isInteger(length) && length >= 0))
    throw new ValueError({ where, problem: "maxlen is a whole number", expected: "0 or more", received: String(length) });
  const values = hostArray(dtype, sequences.length * length).fill(value);
  sequences.forEach((sequence, row) => {
    const kept =
      sequence.length <= length ? sequence : truncating === "pre" ? sequence.slice(sequence.length - length) : sequence.slice(0, length);
    values.set(kept, row * length + (padding === "pre" ? length - kept.length : 0));
  });
  return dataTensor(values, [sequences.length, length], dtype);
}

/**
 * Class numbers as one-hot rows, float32. A last axis of extent 1 is dropped. `numClasses`: default one more than the
 * largest. Shapes: [..] -> [.., numClasses]. Throws ValueError for what is no class number.
 */
export async function toCategorical(x: TensorLike, options: { readonly numClasses?: number | null } = {}): Promise<Tensor> {
  const where = "toCategorical";
  checkOptions(where, options, ["numClasses"]);
  const tensor = asTensor(x);
  const labels: TypedArray = await tensor.data();
  const classes = options.numClasses ?? (await max(tensor).item()) + 1;
  const wrong = Array.from(labels).find((label) => !(Number.isInteger(label) && label >= 0 && label < classes));
  if (wrong !== undefined)
    throw new ValueError({
      where,
      problem: "this is no class number",
      expected: `whole numbers from 0 to ${classes - 1}`,
      received: String(wrong),
    });
  const rows = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => (rows[i * classes + label] = 1));
  const shape = tensor.shape as readonly number[];
  return dataTensor(rows, [...(shape.length > 1 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape), classes], "float32");
}

/** x divided by its norm of `order` (default 2) along `axis` (default -1); vectors of length 0 stay. Shapes: any -> the same. */
export function normalize(x: TensorLike, options: { readonly axis?: number; readonly order?: number } = {}): Tensor {
  checkOptions("normalize", options, ["axis", "order"]);
  return normalized(x, { axis: options.axis ?? -1, order: options.order ?? 2 });
}
