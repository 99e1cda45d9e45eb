/** Batches of streams: data sets, generators, data that is made batch by batch. */
import { isDataset } from "../data/dataset-brand.ts";
import { type HostElement, isListOfParts, tensorsOf } from "../data/element.ts";
import { iteratorOf } from "../data/iterator-of.ts";
import { PyDataset } from "../data/py-dataset.ts";
import { ValueError } from "../errors.ts";
import { BatchRecipe } from "./batch-recipe.ts";
import type { Batch, Batches } from "./batches.ts";
import type { BatchStream } from "./fit-options.ts";
import { otherData } from "./other-data.ts";
import { stepArrays } from "./step-arrays.ts";
import type { TrainingData } from "./training-data.ts";
import type { ValueCheck } from "./value-checks.ts";

/** Place of a stream. */
interface StreamPlace {
  readonly passes: number;
  readonly taken: number;
}

/** What a stream gives for one batch. */
export interface GivenBatch {
  readonly x: unknown;
  readonly y: unknown;
  readonly sampleWeight: unknown;
}

/** How a stream's batches become data for steps. */
export interface BatchPreparation {
  /** Matches a batch with the model and checks it. */
  readonly prepare: (batch: GivenBatch) => TrainingData | Promise<TrainingData>;
  /** What has to be checked of every further batch that is laid out like this one. */
  readonly checks: (data: TrainingData) => readonly (ValueCheck | null)[];
}

/** Batches of a stream: x, [x, y] or [x, y, sampleWeight], made ready by `prepare`. */
export class StreamBatches implements Batches {
  readonly steps: number | null;
  readonly #where: string;
  readonly #source: BatchStream;
  readonly #preparation: BatchPreparation;
  readonly #targets: boolean;
  readonly #wraps: boolean;
  #read: (() => unknown) | null = null;
  #begun = false;
  #any = false;
  #passes = 0;
  /** Batches of this pass that were given. */
  #given = 0;
  /** A batch looked at before its turn. */
  #ahead: { readonly batch: Batch; readonly data: TrainingData } | null = null;
  /** What was learnt from the last element of a Dataset that had to be matched. */
  #recipe: BatchRecipe | null = null;
  /** The element that is being matched. */
  #element: HostElement | null = null;

  /**
   * `targets`: whether lists of two or three arrays are inputs, targets and weights even where they hold plain numbers;
   * `wraps`: whether the next pass begins after the end of one.
   */
  constructor(
    where: string,
    source: BatchStream,
    options: { readonly targets: boolean; readonly wraps: boolean },
    preparation: BatchPreparation,
  ) {
    this.#where = where;
    this.#source = source;
    this.#targets = options.targets;
    this.#wraps = options.wraps;
    this.#preparation = preparation;
    this.steps = isDataset(source) ? source.cardinality : source instanceof PyDataset ? (source.numBatches ?? Infinity) : null;
  }

  /** Whether a pass can be made again. */
  get repeats(): boolean {
    const source = this.#source;
    // An iterator goes on where it is; what gives iterators begins again.
    return typeof source === "function" || isDataset(source) || !("next" in source);
  }

  rewind(): void {
    if (this.#begun && this.repeats) this.#start();
  }

  /** The first batch of a pass, which stays the next one. Throws ValueError where there is none. */
  async peek(): Promise<TrainingData> {
    if (this.#ahead === null) {
      const batch = await this.#fresh();
      if (batch === null)
        throw new ValueError({ where: this.#where, problem: "the data is empty", expected: "at least one batch", received: "none" });
      this.#ahead = { batch, data: batch.layout };
    }
    this.#begun = false;
    return this.#ahead.data;
  }

  next(): Batch | null | Promise<Batch | null> {
    this.#begun = true;
    const ahead = this.#ahead;
    if (ahead !== null) {
      this.#ahead = null;
      this.#given++;
      return ahead.batch;
    }
    const fresh = this.#fresh();
    if (fresh instanceof Promise) return this.#counted(fresh);
    if (fresh !== null) this.#given++;
    return fresh;
  }

  async #counted(fresh: Promise<Batch | null>): Promise<Batch | null> {
    const batch = await fresh;
    if (batch !== null) this.#given++;
    return batch;
  }

  place(): StreamPlace {
    return { passes: this.#passes, taken: this.#given };
  }

  /** Passes that were made are begun again, for their numbers decide how a Dataset shuffles; batches that were taken are read again. */
  async goTo(where: string, place: unknown): Promise<void> {
    const { passes, taken } = place as StreamPlace;
    if (!this.repeats && (this.#passes > 1 || this.#given > 0))
      throw otherData(where, "a Dataset, or a function that gives a generator", "a generator that has begun");
    while (this.#passes < passes) this.#start();
    if (this.#given > taken) this.#start();
    while (this.#given < taken) if ((await this.next()) === null) throw otherData(where, `${taken} batches`, String(this.#given));
  }

  #start(): void {
    this.#passes++;
    this.#given = 0;
    this.#begun = false;
    this.#any = false;
    this.#ahead = null;
    if (isDataset(this.#source)) {
      const reader = this.#source.open();
      // A step reads its arrays before the next batch is asked for.
      reader.reuse?.();
      this.#read = () => reader.next();
      return;
    }
    const iterator = iteratorOf(this.#where, this.#source);
    this.#read = async () => {
      const result = await iterator.next();
      return result.done === true ? undefined : result.value;
    };
  }

  /** The next batch of this pass, or of the next one; null at the end of what there is. Waits only where the source does. */
  #fresh(): Batch | null | Promise<Batch | null> {
    if (this.#read === null) this.#start();
    const value = this.#read!();
    return value instanceof Promise ? this.#awaited(value) : this.#taken(value);
  }

  async #awaited(value: Promise<unknown>): Promise<Batch | null> {
    return await this.#taken(await value);
  }

  #taken(value: unknown): Batch | null | Promise<Batch | null> {
    if (value === undefined) {
      if (!this.#wraps || !this.repeats || !this.#any) return null;
      this.#start();
      return this.#fresh();
    }
    this.#any = true;
    if (!isDataset(this.#source)) return this.#matched(value);
    const element = value as HostElement;
    const arrays = this.#recipe?.arrays(element) ?? null;
    if (arrays !== null) return { arrays, layout: this.#recipe!.layout };
    this.#element = element;
    return this.#matched(tensorsOf(element));
  }

  #matched(value: unknown): Batch | Promise<Batch> {
    const data = this.#preparation.prepare(this.#unpacked(value));
    return data instanceof Promise ? this.#prepared(data) : this.#learnt(data);
  }

  async #prepared(data: Promise<TrainingData>): Promise<Batch> {
    return this.#learnt(await data);
  }

  #learnt(data: TrainingData): Batch {
    if (this.#element !== null) this.#recipe = BatchRecipe.of(this.#element, data, this.#preparation.checks(data));
    this.#element = null;
    return { arrays: stepArrays(data), layout: data };
  }

  #unpacked(value: unknown): GivenBatch {
    if (!Array.isArray(value) || !(isListOfParts(value) || (this.#targets && (value.length === 2 || value.length === 3))))
      return { x: value, y: null, sampleWeight: null };
    const parts: readonly unknown[] = value;
    if (parts.length > 3 || parts.length === 0) {
      throw new ValueError({
        where: this.#where,
        problem: "a batch is a list of one to three parts",
        expected: "x, [x, y] or [x, y, sampleWeight]",
        received: `a list of ${parts.length}`,
        advice: "several inputs stand in a list or object of their own: [[a, b], y]",
      });
    }
    return { x: parts[0], y: parts[1] ?? null, sampleWeight: parts[2] ?? null };
  }
}
