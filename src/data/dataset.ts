/** Data sets that are computed as they are read. */
import { ValueError } from "../errors.ts";
import { formatShape } from "../graph/index.ts";
import { makeDefaultSeed } from "../random/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { type Element, type ElementData, type HostElement, hostElement, tensorsOf } from "./element.ts";
import { RowElement, RowTable } from "./rows.ts";
import { stackElements, unstackElement } from "./stack.ts";
import { randomIndices } from "./random-indices.ts";

/** Elements one after another; undefined at the end. Called again only when the call before is done. */
export interface ElementReader {
  next(): HostElement | undefined | Promise<HostElement | undefined>;
}

/** What makes the elements of a generator-like source: a function that starts anew, or something that can be iterated over. */
export type GeneratorSource<T = ElementData> = (() => Iterable<T> | AsyncIterable<T>) | Iterable<T> | AsyncIterable<T>;

/** Options of `shuffle`. */
export interface ShuffleOptions {
  /** Default: one that `setRandomSeed` decides. */
  readonly seed?: number | null;
  /** Whether every pass has an order of its own. Default true. */
  readonly reshuffleEachIteration?: boolean;
}

/** A reader of elements that are all there. */
function readerOf(elements: readonly HostElement[]): ElementReader {
  let next = 0;
  return { next: () => elements[next++] };
}

/**
 * A sequence of elements (tensors in lists and objects), made as it is read, again at every pass. `fit` takes a data set
 * of batches: `x`, `[x, y]` or `[x, y, sampleWeight]`.
 *
 * @example
 * const training = Dataset.fromTensors([x, y]).shuffle(1000).batch(32).prefetch(2);
 * await model.fit(training, null, { epochs: 5 });
 */
export class Dataset<T extends Element = Element> implements AsyncIterable<T> {
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
      const table = new RowTable(element);
      let next = 0;
      return { next: () => (next < count ? new RowElement(table, next++) : undefined) };
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

  /** Every element replaced by what a function (it may be `async`) makes of it. */
  map<U extends Element = Element>(f: (element: T) => ElementData | Element | Promise<ElementData | Element>): Dataset<U> {
    return this.#derive<U>((reader) => {
      const next = async (): Promise<HostElement | undefined> => {
        const element = await reader.next();
        return element === undefined ? undefined : await hostElement("Dataset.map", await f(tensorsOf(element) as T));
      };
      return { next };
    }, this.cardinality);
  }

  /** The elements for which a predicate (it may be `async`; a tensor of one element counts by its value) holds. */
  filter(predicate: (element: T) => unknown): Dataset<T> {
    const holds = async (element: HostElement): Promise<boolean> => {
      const answer: unknown = await predicate(tensorsOf(element) as T);
      if (typeof answer !== "object" || answer === null) return Boolean(answer);
      const { leaves } = await hostElement("Dataset.filter", answer);
      return leaves[0]?.values[0] !== 0;
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
      const buffer: HostElement[] = [];
      let ended = false;
      const give = (): HostElement | undefined => {
        if (buffer.length === 0) return undefined;
        const chosen = draw(buffer.length);
        const element = buffer[chosen]!;
        const last = buffer.pop()!;
        if (chosen < buffer.length) buffer[chosen] = last;
        return element;
      };
      // Without waiting as long as the source does not wait.
      const next = (): HostElement | undefined | Promise<HostElement | undefined> => {
        while (!ended && buffer.length < size) {
          const element = reader.next();
          if (element instanceof Promise) return element.then((known) => (keep(known), next()));
          keep(element);
        }
        return give();
      };
      const keep = (element: HostElement | undefined): void => {
        if (element === undefined) ended = true;
        else buffer.push(element);
      };
      return { next };
    }, this.cardinality);
  }

  /** Elements stacked along a new first axis, `batchSize` at a time; the last one is smaller unless it is dropped. */
  batch(batchSize: number, options: { readonly dropRemainder?: boolean } = {}): Dataset<T> {
    checkOptions("Dataset.batch", options, ["dropRemainder"]);
    const size = wholeNumber("Dataset.batch", "batchSize", batchSize, 1);
    const drop = options.dropRemainder ?? false;
    const count = this.cardinality === null ? null : drop ? Math.floor(this.cardinality / size) : Math.ceil(this.cardinality / size);
    return this.#derive<T>((reader) => {
      let rows: HostElement[] = [];
      let ended = false;
      const give = (): HostElement | undefined => {
        const full = rows;
        rows = [];
        return full.length === 0 || (drop && full.length < size) ? undefined : stackElements(full);
      };
      const keep = (element: HostElement | undefined): void => {
        if (element === undefined) ended = true;
        else rows.push(element);
      };
      const next = (): HostElement | undefined | Promise<HostElement | undefined> => {
        while (!ended && rows.length < size) {
          const element = reader.next();
          if (element instanceof Promise) return element.then((known) => (keep(known), next()));
          keep(element);
        }
        return give();
      };
      return { next };
    }, count);
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
    return this.#derive<T>((reader) => {
      const queue: Promise<HostElement | undefined>[] = [];
      let last: Promise<unknown> = Promise.resolve();
      const ask = (): void => {
        const asked = last.then(() => reader.next());
        // Whoever takes it from the queue sees the error.
        last = asked.catch(() => undefined);
        queue.push(asked);
      };
      return {
        next: async () => {
          while (queue.length <= ahead) ask();
          return await queue.shift();
        },
      };
    }, this.cardinality);
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

  #derive<U extends Element>(make: (reader: ElementReader) => ElementReader, cardinality: number | null): Dataset<U> {
    return new Dataset<U>(() => make(this.#open()), cardinality);
  }
}

/** An iterator of a source; throws ValueError for what cannot be iterated over. */
export function iteratorOf(where: string, source: unknown): Iterator<unknown> | AsyncIterator<unknown> {
  const made: unknown = typeof source === "function" ? (source as () => unknown)() : source;
  if (typeof made === "object" && made !== null) {
    if (Symbol.asyncIterator in made) return (made as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in made) return (made as Iterable<unknown>)[Symbol.iterator]();
    if ("next" in made && typeof made.next === "function") return made as unknown as Iterator<unknown>;
  }
  throw new ValueError({
    where,
    problem: "this cannot be iterated over",
    expected: "a generator function, a generator, or an object with [Symbol.iterator] or [Symbol.asyncIterator]",
    received: made === null ? "null" : typeof made,
  });
}

function wholeNumber(where: string, name: string, value: unknown, least: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least) return value;
  throw new ValueError({ where, problem: `${name} is a whole number`, expected: `at least ${least}`, received: String(value) });
}
