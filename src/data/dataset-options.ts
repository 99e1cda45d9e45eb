/** Options of data sets. */
import type { ElementData } from "./element.ts";
import type { PaddingOptions } from "./transformations/padded-batch.ts";

/** What makes the elements of a generator-like source: a function that starts anew, or something that can be iterated over. */
export type GeneratorSource<T = ElementData> = (() => Iterable<T> | AsyncIterable<T>) | Iterable<T> | AsyncIterable<T>;

/** Options of `shuffle`. */
export interface ShuffleOptions {
  /** Default: one that `setRandomSeed` decides. */
  readonly seed?: number | null;
  /** Whether every pass has an order of its own. Default true. */
  readonly reshuffleEachIteration?: boolean;
}

/** Options of `map`. */
export interface MapOptions {
  /** Elements that are worked on at the same time: worth it where the function waits, as for files. Default 1. */
  readonly numParallelCalls?: number | null;
  /** Whether the elements keep their order. Default true. */
  readonly deterministic?: boolean;
}

/** Options of `paddedBatch`. */
export interface PaddedBatchOptions extends PaddingOptions {
  readonly dropRemainder?: boolean;
}

/** Options of `bucketBySequenceLength`. */
export interface BucketOptions<T> extends PaddedBatchOptions {
  /** Length of an element; a tensor of one element counts by its value. */
  readonly elementLengthFunc: (element: T) => unknown;
  /** Upper ends of the buckets, ascending, not included in them. */
  readonly bucketBoundaries: readonly number[];
  /** Batch size of every bucket: one more than boundaries, the last for what is longer than all. */
  readonly bucketBatchSizes: readonly number[];
}

/** Options of `interleave`. */
export interface InterleaveOptions {
  /** Data sets that are read in turn. Default 8. */
  readonly cycleLength?: number;
  /** Elements taken of each before the next. Default 1. */
  readonly blockLength?: number;
}

/** Options of `window`. */
export interface WindowOptions {
  /** Elements between the starts of two windows. Default: the window's size. */
  readonly shift?: number | null;
  /** Elements between two of one window. Default 1. */
  readonly stride?: number;
  /** Whether shorter windows at the end are left out. Default false. */
  readonly dropRemainder?: boolean;
}
