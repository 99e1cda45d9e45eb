/** Data sets that are computed as they are read. */
import { ValueError } from "../errors.ts";
import { formatShape } from "../graph/index.ts";
import { makeDefaultSeed } from "../random/index.ts";
import type { FileSource } from "../saving/source.ts";
import { checkOptions } from "../serialization/index.ts";
import type {
  BucketOptions,
  GeneratorSource,
  InterleaveOptions,
  MapOptions,
  PaddedBatchOptions,
  ShuffleOptions,
  WindowOptions,
} from "./dataset-options.ts";
import { type Element, type ElementData, type HostElement, hostElement, type HostLeaf, tensorsOf } from "./element.ts";
import { iteratorOf } from "./iterator-of.ts";
import { randomIndices } from "./random-indices.ts";
import { type ElementReader, readerOf } from "./reader.ts";
import { rowReader, RowTable } from "./rows.ts";
import { unstackElement } from "./stack.ts";
import { csvColumns, csvOptionNames, type CsvOptions } from "./tables/csv.ts";
import { parquetColumns, parquetOptionNames, type ParquetOptions } from "./tables/parquet.ts";
import { type RowLayout, tableElement } from "./tables/table-elements.ts";
import { batchReader } from "./transformations/batch.ts";
import { bucketReader } from "./transformations/bucket.ts";
import { interleaveReader } from "./transformations/interleave.ts";
import { mapReader } from "./transformations/map.ts";
import { padStack } from "./transformations/padded-batch.ts";
import { prefetchReader } from "./transformations/prefetch.ts";
import { shuffleReader } from "./transformations/shuffle.ts";
import { windowReader } from "./transformations/window.ts";

/**
 * A sequence of elements (tensors in lists and objects), made as it is read, again at every pass. `fit` takes a data set
 * of batches: `x`, `[x, y]` or `[x, y, sampleWeight]`.
 *
 * @example
 * const training = Dataset.fromTensors([x, y]).shuffle(1000).batch(32).prefetch(2);
 * await model.fit(training, null, { epochs: 5 });
 */
export class Dataset<T extends Element = Element> implements AsyncIterable<T> {
  /** Tells it from other data where the class itself is not at hand. */
  readonly isDataset = true;
  /** Number of elements: Infinity where there is no end, null where it is not known. */
  readonly cardinality: number | null;
  readonly #open: () => ElementReader;

  /** `open` starts a pass. Use the static methods. */
  constructor(open: () => ElementReader, cardinality: number | null) {
    this.#open = open;
    this.cardinality = cardinality;
  }

  /** Starts a pass over the elements as host arrays; for training loops. */
  open(): ElementReader {
    return this.#open();
  }

  /** One element per sample: the arrays (a tensor, a list or an object of them) are cut along their first axis. */
  static fromTensors<const E extends Element = Element>(data: E | ElementData): Dataset<E> {
    const where = "Dataset.fromTensors";
    const whole = hostElement(where, data);
    const countOf = ({ leaves }: HostElement): number => {
      const counts = leaves.map(({ shape }) => shape[0]);
      if (counts.length > 0 && counts[0] !== undefined && counts.every((count) => count === counts[0])) return counts[0];
      throw new ValueError({
        where,
        problem: "the arrays have different numbers of samples",
        expected: "the same first axis in all",
        received: leaves.map(({ shape }) => formatShape(shape)).join(", "),
      });
    };
    const rows = (element: HostElement): ElementReader => {
      const count = countOf(element);
      let next = 0;
      return rowReader(new RowTable(element), () => (next < count ? next++ : -1));
    };
    if (!(whole instanceof Promise)) return new Dataset<E>(() => rows(whole), countOf(whole));
    // The error of a tensor that cannot be computed belongs to whoever reads.
    whole.catch(() => undefined);
    return new Dataset<E>(() => {
      let reader: ElementReader | null = null;
      return { next: async () => await (reader ??= rows(await whole)).next() };
    }, null);
  }

  /** The same as `fromTensors`, by TensorFlow's name. */
  static fromTensorSlices<const E extends Element = Element>(data: E | ElementData): Dataset<E> {
    return Dataset.fromTensors<E>(data);
  }

  /**
   * The values of a generator: a function that is called for every pass (`function* () {...}`, also `async`), or an object
   * that can be iterated over. Values are tensors, typed arrays or nested arrays, in lists and objects.
   */
  static fromGenerator<E extends Element = Element>(source: GeneratorSource): Dataset<E> {
    return new Dataset<E>(() => {
      const iterator = iteratorOf("Dataset.fromGenerator", source);
      return {
        next: async () => {
          const result = await iterator.next();
          return result.done === true ? undefined : await hostElement("Dataset.fromGenerator", result.value);
        },
      };
    }, null);
  }

  /**
   * The rows of a CSV file (a path or its bytes): objects of the columns, or `[features, label]`; all options of `readCsv`.
   *
   * @example
   * const rows = Dataset.fromCsv("iris.csv", { labelName: "target", features: "matrix" }).shuffle(150).batch(16);
   */
  static fromCsv(source: FileSource, options: CsvOptions & RowLayout = {}): Dataset {
    return fromTable("Dataset.fromCsv", options, csvOptionNames, (where, rest) => csvColumns(where, source, rest));
  }

  /** The rows of a Parquet file (a path or its bytes), as `fromCsv` gives them; all options of `readParquet`. */
  static fromParquet(source: FileSource, options: ParquetOptions & RowLayout = {}): Dataset {
    return fromTable("Dataset.fromParquet", options, parquetOptionNames, (where, rest) => parquetColumns(where, source, rest));
  }

  /** The whole numbers from `start` (default 0) up to, not including, `stop`. */
  static range(...bounds: [stop: number] | [start: number, stop: number, step?: number]): Dataset {
    const [start, stop, step] = bounds.length === 1 ? [0, bounds[0], 1] : [bounds[0], bounds[1], bounds[2] ?? 1];
    const count = Math.max(0, Math.ceil((stop - start) / step));
    if (!Number.isInteger(count))
      throw new ValueError({ where: "Dataset.range", problem: "the bounds are no numbers", received: bounds.join(", ") });
    const at = (i: number): HostElement => ({
      structure: "leaf",
      leaves: [{ values: Int32Array.of(start + i * step), shape: [], dtype: "int32" }],
    });
    return new Dataset(() => {
      let next = 0;
      return { next: () => (next < count ? at(next++) : undefined) };
    }, count);
  }

  /** Lists of the elements of several data sets, until the shortest ends. */
  static zip<const E extends readonly Element[]>(datasets: { readonly [I in keyof E]: Dataset<E[I]> }): Dataset<E> {
    if (!Array.isArray(datasets) || datasets.length === 0 || !datasets.every((part) => part instanceof Dataset))
      throw new ValueError({
        where: "Dataset.zip",
        problem: "this is no list of data sets",
        expected: "[dataset, dataset]",
        received: typeof datasets,
      });
    const lengths = datasets.map(({ cardinality }) => cardinality);
    return new Dataset(
      () => {
        const readers = datasets.map((dataset) => dataset.open());
        return {
          next: async () => {
            const parts = await Promise.all(readers.map(async (reader) => await reader.next()));
            const found = parts.filter((part) => part !== undefined);
            if (found.length < parts.length) return undefined;
            return { leaves: found.flatMap(({ leaves }) => leaves), structure: found.map(({ structure }) => structure) };
          },
        };
      },
      lengths.includes(null) ? null : Math.min(...(lengths as number[])),
    );
  }

  /** Lists of the elements of this and another data set, until the shorter ends. */
  zip<U extends Element>(other: Dataset<U>): Dataset<readonly [T, U]> {
    return Dataset.zip([this, other]);
  }

  /**
   * Every element replaced by what a function (it may be `async`) makes of it, `numParallelCalls` at a time.
   *
   * @example
   * const images = files.map(async (path) => await decode(path), { numParallelCalls: 4 });
   */
  map<U extends Element = Element>(
    f: (element: T) => ElementData | Element | Promise<ElementData | Element>,
    options: MapOptions = {},
  ): Dataset<U> {
    checkOptions("Dataset.map", options, ["numParallelCalls", "deterministic"]);
    const parallel = wholeNumber("Dataset.map", "numParallelCalls", options.numParallelCalls ?? 1, 1);
    const made = async (element: HostElement): Promise<HostElement> => await hostElement("Dataset.map", await f(tensorsOf(element) as T));
    return this.#derive<U>((reader) => mapReader(reader, made, parallel, options.deterministic ?? true), this.cardinality);
  }

  /** The elements of the data sets that a function makes of the elements, one data set after another. */
  flatMap<U extends Element = Element>(f: (element: T) => Dataset<U> | Promise<Dataset<U>>): Dataset<U> {
    return this.#derive<U>((reader) => interleaveReader(reader, opener("Dataset.flatMap", f), 1, 1), null);
  }

  /** The elements of the data sets that a function makes of the elements, `blockLength` of each of `cycleLength` in turn. */
  interleave<U extends Element = Element>(
    f: (element: T) => Dataset<U> | Promise<Dataset<U>>,
    options: InterleaveOptions = {},
  ): Dataset<U> {
    const where = "Dataset.interleave";
    checkOptions(where, options, ["cycleLength", "blockLength"]);
    const cycle = wholeNumber(where, "cycleLength", options.cycleLength ?? 8, 1);
    const block = wholeNumber(where, "blockLength", options.blockLength ?? 1, 1);
    return this.#derive<U>((reader) => interleaveReader(reader, opener(where, f), cycle, block), null);
  }

  /** The elements for which a predicate (it may be `async`; a tensor of one element counts by its value) holds. */
  filter(predicate: (element: T) => unknown): Dataset<T> {
    const holds = async (element: HostElement): Promise<boolean> => {
      const answer: unknown = await predicate(tensorsOf(element) as T);
      if (typeof answer !== "object" || answer === null) return Boolean(answer);
      return (await numberOf("Dataset.filter", answer)) !== 0;
    };
    return this.#derive<T>((reader) => {
      const next = async (): Promise<HostElement | undefined> => {
        for (;;) {
          const element = await reader.next();
          if (element === undefined || (await holds(element))) return element;
        }
      };
      return { next };
    }, null);
  }

  /** The elements in random order, drawn from a buffer of the next `bufferSize` (all of them: a uniform order). */
  shuffle(bufferSize: number, options: ShuffleOptions = {}): Dataset<T> {
    checkOptions("Dataset.shuffle", options, ["seed", "reshuffleEachIteration"]);
    const size = wholeNumber("Dataset.shuffle", "bufferSize", bufferSize, 1);
    const seed = options.seed ?? makeDefaultSeed();
    let pass = 0;
    return this.#derive<T>((reader) => {
      const draw = randomIndices(seed, options.reshuffleEachIteration === false ? 0 : pass++);
      return shuffleReader(reader, size, draw);
    }, this.cardinality);
  }

  /** Elements stacked along a new first axis, `batchSize` at a time; the last one is smaller unless it is dropped. */
  batch(batchSize: number, options: { readonly dropRemainder?: boolean } = {}): Dataset<T> {
    checkOptions("Dataset.batch", options, ["dropRemainder"]);
    const size = wholeNumber("Dataset.batch", "batchSize", batchSize, 1);
    const drop = options.dropRemainder ?? false;
    return this.#derive<T>((reader) => batchReader(reader, size, drop), this.#batches(size, drop));
  }

  /** The same for elements of different shapes: each array is filled up at the end of its axes to the longest of the batch. */
  paddedBatch(batchSize: number, options: PaddedBatchOptions = {}): Dataset<T> {
    const where = "Dataset.paddedBatch";
    checkOptions(where, options, ["dropRemainder", "paddedShapes", "paddingValues"]);
    const size = wholeNumber(where, "batchSize", batchSize, 1);
    const drop = options.dropRemainder ?? false;
    return this.#derive<T>((reader) => batchReader(reader, size, drop, padStack(where, options)), this.#batches(size, drop));
  }

  /**
   * Padded batches of elements of similar length: little is filled up, and nothing else changes for a model that masks.
   *
   * @example
   * sentences.bucketBySequenceLength({ elementLengthFunc: (ids) => ids.dim(0), bucketBoundaries: [10, 20], bucketBatchSizes: [64, 32, 16] });
   */
  bucketBySequenceLength(options: BucketOptions<T>): Dataset<T> {
    const where = "Dataset.bucketBySequenceLength";
    checkOptions(where, options, [
      "elementLengthFunc",
      "bucketBoundaries",
      "bucketBatchSizes",
      "paddedShapes",
      "paddingValues",
      "dropRemainder",
    ]);
    const { elementLengthFunc, bucketBoundaries: boundaries, bucketBatchSizes: batchSizes } = options;
    const ascending = boundaries.every((boundary, i) => i === 0 || boundary > boundaries[i - 1]!);
    if (!ascending || batchSizes.length !== boundaries.length + 1)
      throw new ValueError({
        where,
        problem: "boundaries and batch sizes do not fit",
        expected: "ascending bucketBoundaries, and one batch size more than those",
        received: `${JSON.stringify(boundaries)} and ${JSON.stringify(batchSizes)}`,
      });
    for (const size of batchSizes) wholeNumber(where, "a batch size", size, 1);
    const lengthOf = async (element: HostElement): Promise<number> =>
      await numberOf(where, await elementLengthFunc(tensorsOf(element) as T));
    const stack = padStack(where, options);
    const drop = options.dropRemainder ?? false;
    return this.#derive<T>((reader) => bucketReader(reader, { lengthOf, boundaries, batchSizes }, drop, stack), null);
  }

  /**
   * Windows of `size` elements that follow one another, stacked along a new first axis (TensorFlow's `window`, each window
   * batched).
   *
   * @example
   * await Dataset.range(4).window(2, { shift: 1, dropRemainder: true }).toArray(); // [0, 1], [1, 2], [2, 3]
   */
  window(size: number, options: WindowOptions = {}): Dataset<T> {
    const where = "Dataset.window";
    checkOptions(where, options, ["shift", "stride", "dropRemainder"]);
    const layout = {
      size: wholeNumber(where, "size", size, 1),
      shift: wholeNumber(where, "shift", options.shift ?? size, 1),
      stride: wholeNumber(where, "stride", options.stride ?? 1, 1),
      drop: options.dropRemainder ?? false,
    };
    return this.#derive<T>((reader) => windowReader(reader, layout), null);
  }

  /** The rows of the elements, one after another. Inverse of `batch`. */
  unbatch(): Dataset<T> {
    return this.#derive<T>((reader) => {
      let rows: HostElement[] = [];
      const next = async (): Promise<HostElement | undefined> => {
        while (rows.length === 0) {
          const element = await reader.next();
          if (element === undefined) return undefined;
          rows = unstackElement(element).reverse();
        }
        return rows.pop();
      };
      return { next };
    }, null);
  }

  /** The elements `count` times; without end where it is left out. */
  repeat(count: number | null = null): Dataset<T> {
    const times = count === null || count === -1 ? Infinity : wholeNumber("Dataset.repeat", "count", count, 0);
    const length = this.cardinality === null ? null : this.cardinality === 0 || times === 0 ? 0 : this.cardinality * times;
    return new Dataset<T>(() => {
      let [pass, reader, any] = [0, times === 0 ? null : this.#open(), false];
      const next = async (): Promise<HostElement | undefined> => {
        while (reader !== null) {
          const element = await reader.next();
          if (element !== undefined) {
            any = true;
            return element;
          }
          // A pass without elements would be repeated for ever.
          reader = ++pass < times && any ? this.#open() : null;
        }
        return undefined;
      };
      return { next };
    }, length);
  }

  /** The elements kept in memory: computed once, by the first pass that comes to its end. */
  cache(): Dataset<T> {
    let kept: readonly HostElement[] | null = null;
    return new Dataset<T>(() => {
      if (kept !== null) return readerOf(kept);
      const reader = this.#open();
      const seen: HostElement[] = [];
      const next = async (): Promise<HostElement | undefined> => {
        const element = await reader.next();
        if (element === undefined) kept ??= seen;
        else seen.push(element);
        return element;
      };
      return { next };
    }, this.cardinality);
  }

  /** The next `count` elements are made while the present one is used. */
  prefetch(count: number): Dataset<T> {
    const ahead = wholeNumber("Dataset.prefetch", "count", count, 0);
    if (ahead === 0) return this;
    return this.#derive<T>((reader) => prefetchReader(reader, ahead), this.cardinality);
  }

  /** The first `count` elements. */
  take(count: number): Dataset<T> {
    const most = count === -1 ? Infinity : wholeNumber("Dataset.take", "count", count, 0);
    const length = this.cardinality === null ? null : Math.min(most, this.cardinality);
    return this.#derive<T>((reader) => {
      let taken = 0;
      return { next: () => (taken++ < most ? reader.next() : undefined) };
    }, length);
  }

  /** The elements after the first `count`. */
  skip(count: number): Dataset<T> {
    const first = wholeNumber("Dataset.skip", "count", count, 0);
    const length = this.cardinality === null ? null : Math.max(0, this.cardinality - first);
    return this.#derive<T>((reader) => {
      let left = first;
      const next = async (): Promise<HostElement | undefined> => {
        for (; left > 0; left--) if ((await reader.next()) === undefined) return undefined;
        return await reader.next();
      };
      return { next };
    }, length);
  }

  /** Every `count`-th element, from the `index`-th on: one part of `count`. */
  shard(count: number, index: number): Dataset<T> {
    const parts = wholeNumber("Dataset.shard", "count", count, 1);
    const part = wholeNumber("Dataset.shard", "index", index, 0);
    if (part >= parts)
      throw new ValueError({
        where: "Dataset.shard",
        problem: "there is no such part",
        expected: `0 to ${parts - 1}`,
        received: String(part),
      });
    const length = this.cardinality === null ? null : Math.ceil(Math.max(0, this.cardinality - part) / parts);
    return this.#derive<T>((reader) => {
      let place = 0;
      const next = async (): Promise<HostElement | undefined> => {
        for (;;) {
          const element = await reader.next();
          if (element === undefined || place++ % parts === part) return element;
        }
      };
      return { next };
    }, length);
  }

  /** Lists of the element's number, from `start` on, and the element. */
  enumerate(start = 0): Dataset<readonly [Element, T]> {
    const last = 2 ** 31 - 1;
    const numbers = Dataset.range(start, this.cardinality === null ? last : Math.min(last, start + this.cardinality));
    return Dataset.zip<readonly [Element, T]>([numbers, this]);
  }

  /** The elements of this, then those of another data set. */
  concatenate(other: Dataset<T>): Dataset<T> {
    const length = this.cardinality === null || other.cardinality === null ? null : this.cardinality + other.cardinality;
    return new Dataset<T>(() => {
      let [reader, second] = [this.#open(), false];
      const next = async (): Promise<HostElement | undefined> => {
        const element = await reader.next();
        if (element !== undefined || second) return element;
        [reader, second] = [other.open(), true];
        return await reader.next();
      };
      return { next };
    }, length);
  }

  /** `for await (const element of dataset)`. */
  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    const reader = this.#open();
    for (;;) {
      const element = await reader.next();
      if (element === undefined) return;
      yield tensorsOf(element) as T;
    }
  }

  /** All elements. Throws ValueError where there is no end. */
  async toArray(): Promise<T[]> {
    if (this.cardinality === Infinity)
      throw new ValueError({ where: "Dataset.toArray", problem: "the data set has no end", advice: "take(n) first" });
    const elements: T[] = [];
    for await (const element of this) elements.push(element);
    return elements;
  }

  #batches(size: number, drop: boolean): number | null {
    return this.cardinality === null ? null : drop ? Math.floor(this.cardinality / size) : Math.ceil(this.cardinality / size);
  }

  #derive<U extends Element>(make: (reader: ElementReader) => ElementReader, cardinality: number | null): Dataset<U> {
    return new Dataset<U>(() => make(this.#open()), cardinality);
  }
}

/** Opens the data set that a function makes of an element. */
function opener<T, U extends Element>(
  where: string,
  f: (element: T) => Dataset<U> | Promise<Dataset<U>>,
): (element: HostElement) => Promise<ElementReader> {
  return async (element) => {
    const made: unknown = await f(tensorsOf(element) as T);
    if (made instanceof Dataset) return made.open();
    throw new ValueError({ where, problem: "the function gives no data set", expected: "a Dataset", received: typeof made });
  };
}

/** The number that a function gives: plain, or a tensor's only element. */
async function numberOf(where: string, answer: unknown): Promise<number> {
  const { leaves } = await hostElement(where, answer);
  return Number(leaves[0]?.values[0]);
}

function wholeNumber(where: string, name: string, value: unknown, least: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least) return value;
  throw new ValueError({ where, problem: `${name} is a whole number`, expected: `at least ${least}`, received: String(value) });
}

/** The rows of a table as elements. Not a private member of the class: bundlers keep classes that have static ones. */
function fromTable<O extends object>(
  where: string,
  options: O & RowLayout,
  names: readonly string[],
  read: (where: string, rest: O) => Promise<Map<string, HostLeaf>>,
): Dataset {
  checkOptions(where, options, [...names, "labelName", "features"]);
  const { labelName = null, features = "columns", ...rest } = options;
  let table: Promise<HostElement> | null = null;
  return new Dataset(() => {
    let reader: ElementReader | null = null;
    const open = async (): Promise<ElementReader> => {
      table ??= read(where, rest as O).then((columns) => tableElement(where, columns, { labelName, features }));
      // A file that could not be read may be there at the next pass.
      table.catch(() => (table = null));
      const whole = await table;
      const count = whole.leaves[0]!.shape[0]!;
      let next = 0;
      return rowReader(new RowTable(whole), () => (next < count ? next++ : -1));
    };
    return { next: async () => await (reader ??= await open()).next() };
  }, null);
}
