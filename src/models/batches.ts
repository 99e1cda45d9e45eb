/** Where the batches of training, evaluation and prediction come from. */
import { BatchBuffer } from "../data/array-source.ts";
import { isDataset } from "../data/dataset-brand.ts";
import { shuffled } from "../data/random-indices.ts";
import { type HostValues, isHostTypedArray, isPlainObject, StringTensor, Tensor } from "../graph/index.ts";
import { makeDefaultSeed } from "../random/index.ts";
import type { NamedArray } from "./data-binding.ts";
import type { BatchStream } from "./fit-options.ts";
import { otherData } from "./other-data.ts";
import type { TrainingData } from "./training-data.ts";

/** The arrays of a step, and data laid out like them. */
export interface Batch {
  readonly arrays: readonly HostValues[];
  readonly layout: TrainingData;
}

/** Batches, pass after pass. */
export interface Batches {
  /** Batches of a pass; Infinity without end, null where it is not known. */
  readonly steps: number | null;
  /** Goes to the start of a pass, unless it stands there. */
  rewind(): void;
  /** The next batch; null at the end of what there is. */
  next(): Batch | null | Promise<Batch | null>;
  /** Where it stands: plain values. */
  place(): unknown;
  /** Goes to where `place()` said. Throws ValueError where it was said of other data. */
  goTo(where: string, place: unknown): void | Promise<void>;
}

/** Place among the rows of arrays. */
interface RowPlace {
  readonly count: number;
  readonly batchSize: number;
  readonly seed: number | null;
  readonly pass: number;
  readonly position: number;
}

/** Whether data is a stream of batches, not arrays. */
export function isStream(data: unknown): data is BatchStream {
  if (isDataset(data)) return true;
  if (
    data instanceof Tensor ||
    data instanceof StringTensor ||
    data === null ||
    Array.isArray(data) ||
    isHostTypedArray(data) ||
    isPlainObject(data)
  )
    return false;
  if (typeof data === "function") return !("node" in data);
  return typeof data === "object" && (Symbol.asyncIterator in data || Symbol.iterator in data || "next" in data);
}

/** The batches of one epoch after another; the last one of a pass may be smaller. */
export class EpochBatches implements Batches {
  readonly steps: number;
  readonly #data: TrainingData;
  readonly #buffers: readonly BatchBuffer[];
  readonly #count: number;
  readonly #batchSize: number;
  #seed: number | null;
  #order: Int32Array | null = null;
  #pass = 0;
  #position = 0;

  constructor(data: TrainingData, batchSize: number, shuffle: boolean) {
    this.#buffers = [...data.inputs, ...data.targets, ...data.weights].flatMap((array: NamedArray | null) =>
      array === null ? [] : [new BatchBuffer(array.host)],
    );
    this.#data = data;
    this.#count = data.count;
    this.steps = Math.ceil(data.count / batchSize);
    this.#batchSize = batchSize;
    this.#seed = shuffle ? makeDefaultSeed() : null;
    this.#start();
  }

  /** Goes back to the start of a pass, unless it stands there. */
  rewind(): void {
    if (this.#position !== 0) this.#start();
  }

  /** The next batch, of the next pass after the last; valid until the next call. */
  next(): Batch {
    if (this.#position >= this.#count) this.#start();
    const start = this.#position;
    this.#position = Math.min(this.#count, start + this.#batchSize);
    const arrays: HostValues[] = [];
    for (const buffer of this.#buffers) arrays.push(buffer.rows(start, this.#position, this.#order));
    return { arrays, layout: this.#data };
  }

  place(): RowPlace {
    return { count: this.#count, batchSize: this.#batchSize, seed: this.#seed, pass: this.#pass, position: this.#position };
  }

  goTo(where: string, place: unknown): void {
    const { count, batchSize, seed, pass, position } = place as RowPlace;
    if (count !== this.#count || batchSize !== this.#batchSize || (seed === null) !== (this.#seed === null)) {
      const said = (rows: number, size: number, shuffled: boolean): string =>
        `${rows} samples in batches of ${size}, ${shuffled ? "" : "not "}shuffled`;
      throw otherData(where, said(count, batchSize, seed !== null), said(this.#count, this.#batchSize, this.#seed !== null));
    }
    this.#seed = seed;
    this.#pass = seed === null ? pass : pass - 1;
    this.#start();
    this.#position = position;
  }

  #start(): void {
    this.#position = 0;
    if (this.#seed !== null) this.#order = shuffled(this.#count, this.#seed, this.#pass++);
  }
}
