/** Options of training, evaluation and prediction. */
import type { Callback } from "../callbacks/index.ts";
import type { Dataset, GeneratorSource } from "../data/index.ts";
import { nearestNames, UnknownNameError, ValueError } from "../errors.ts";
import { describe } from "../layers/describe.ts";
import type { DataStructure } from "./data-binding.ts";

/** Batches made as they are needed: a Dataset, a generator function, a generator, or anything that can be iterated over. */
export type BatchStream = Dataset | GeneratorSource<unknown>;

/** How much is printed: 0 nothing, 1 a progress bar (one line per epoch where output is no terminal), 2 one line per epoch. */
export type Verbose = 0 | 1 | 2 | "auto";

/** Options of `fit`. */
export interface FitOptions {
  /** Samples per step. Default 32. */
  readonly batchSize?: number | null;
  /** Default 1. */
  readonly epochs?: number;
  /** Default "auto", which is 1. */
  readonly verbose?: Verbose;
  readonly callbacks?: readonly Callback[] | null;
  /** Share of the samples, from the end, that is kept for validation. Default 0. */
  readonly validationSplit?: number;
  /** `[x, y]` or `[x, y, sampleWeight]`, or batches as `fit` takes them. */
  readonly validationData?: readonly [DataStructure, DataStructure | null, (DataStructure | null)?] | BatchStream | null;
  /** Whether the samples are shuffled before every epoch; repeats after `setRandomSeed`. Default true. */
  readonly shuffle?: boolean;
  /** Weight of each class in the loss. */
  readonly classWeight?: Readonly<Record<number, number>> | null;
  /** Weight of each sample in the loss. */
  readonly sampleWeight?: DataStructure | null;
  /** Number of the first epoch. Default 0. */
  readonly initialEpoch?: number;
  /** Steps of an epoch; the next epoch goes on where it ended. Default: one pass over the data. Needed for data without end. */
  readonly stepsPerEpoch?: number | null;
  readonly validationSteps?: number | null;
  /** Default: batchSize. */
  readonly validationBatchSize?: number | null;
  /** Validation after every so many epochs, or after these (counted from 1). Default 1. */
  readonly validationFreq?: number | readonly number[];
  /** Stops training when it is aborted; `fit` then gives the History so far. */
  readonly signal?: AbortSignal | null;
}

/** Options of `evaluate`. */
export interface EvaluateOptions {
  readonly batchSize?: number | null;
  readonly verbose?: Verbose;
  readonly sampleWeight?: DataStructure | null;
  /** Most steps. Default: all data. */
  readonly steps?: number | null;
  readonly callbacks?: readonly Callback[] | null;
}

/** Options of `predict`. */
export interface PredictOptions {
  readonly batchSize?: number | null;
  readonly verbose?: Verbose;
  readonly steps?: number | null;
  readonly callbacks?: readonly Callback[] | null;
}

/** Options of a step on one batch. */
export interface BatchOptions {
  readonly sampleWeight?: DataStructure | null;
  readonly classWeight?: Readonly<Record<number, number>> | null;
}

/** Names of the options of `fit`. */
export const fitOptionNames: readonly string[] = [
  "batchSize",
  "epochs",
  "verbose",
  "callbacks",
  "validationSplit",
  "validationData",
  "shuffle",
  "classWeight",
  "sampleWeight",
  "initialEpoch",
  "stepsPerEpoch",
  "validationSteps",
  "validationBatchSize",
  "validationFreq",
  "signal",
];

/** A whole number from `least` on. Throws ValueError for anything else. */
export function wholeNumber(where: string, name: string, value: unknown, least: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least) return value;
  throw new ValueError({ where, problem: `${name} is a whole number`, expected: `at least ${least}`, received: describe(value) });
}

/** What `verbose` means. Throws UnknownNameError for anything else. */
export function verboseOf(where: string, verbose: Verbose | undefined): 0 | 1 | 2 {
  if (verbose === undefined || verbose === "auto") return 1;
  if (verbose === 0 || verbose === 1 || verbose === 2) return verbose;
  const near = typeof verbose === "string" ? nearestNames(verbose, ["auto"]) : [];
  throw new UnknownNameError({
    where,
    problem: "verbose has no such choice",
    expected: '0, 1, 2, "auto"',
    received: describe(verbose),
    ...(near.length > 0 ? { advice: 'perhaps "auto"' } : {}),
  });
}
