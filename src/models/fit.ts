/** Training, evaluation and prediction over data in memory. */
import { type Callback, CallbackList, History, type Logs, ProgressBar } from "../callbacks/index.ts";
import { BatchBuffer } from "../data/array-source.ts";
import { hostArray, type TypedArray } from "../dtype/index.ts";
import { nearestNames, UnknownNameError, ValueError } from "../errors.ts";
import { dataTensor, flattenTree, type HostValues, sizeOf, type Tensor, unflattenTree } from "../graph/index.ts";
import { describe } from "../layers/layer-options.ts";
import { makeDefaultSeed } from "../random/index.ts";
import { airIsDue, takeAir } from "../runtime/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { hostDataOf } from "./input-structure.ts";
import type { Model } from "./model.ts";
import { shuffled } from "./shuffle.ts";
import type { DataStructure, NamedArray } from "./data-binding.ts";
import { type LogStep } from "./step.ts";
import { type GivenData, prepareData, prepareInputs, prepareReadyData, sliceData, stepArrays, type TrainingData } from "./training-data.ts";

type AnyModel = Model<unknown, unknown>;

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
  /** `[x, y]` or `[x, y, sampleWeight]`. */
  readonly validationData?: readonly [DataStructure, DataStructure | null, (DataStructure | null)?] | null;
  /** Whether the samples are shuffled before every epoch; repeats after `setRandomSeed`. Default true. */
  readonly shuffle?: boolean;
  /** Weight of each class in the loss. */
  readonly classWeight?: Readonly<Record<number, number>> | null;
  /** Weight of each sample in the loss. */
  readonly sampleWeight?: DataStructure | null;
  /** Number of the first epoch. Default 0. */
  readonly initialEpoch?: number;
  /** Steps of an epoch; the next epoch goes on where it ended. Default: one pass over the data. */
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

const fitOptionNames = [
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

/** `Model.fit`. */
export async function fit(model: AnyModel, x: unknown, y: unknown, options: FitOptions): Promise<History> {
  const where = `${model.label}.fit`;
  checkOptions(where, options, fitOptionNames);
  model.session.require(where);
  const epochs = wholeNumber(where, "epochs", options.epochs ?? 1, 0);
  const initialEpoch = wholeNumber(where, "initialEpoch", options.initialEpoch ?? 0, 0);
  const batchSize = wholeNumber(where, "batchSize", options.batchSize ?? 32, 1);
  const validationBatchSize = wholeNumber(where, "validationBatchSize", options.validationBatchSize ?? batchSize, 1);
  const stepsPerEpoch = options.stepsPerEpoch == null ? null : wholeNumber(where, "stepsPerEpoch", options.stepsPerEpoch, 1);
  const split = options.validationSplit ?? 0;
  const signal = options.signal ?? null;

  let data = await prepared(where, model, { x, y, sampleWeight: options.sampleWeight ?? null, classWeight: options.classWeight ?? null });
  let validation: TrainingData | null = null;
  if (options.validationData != null) {
    const given: readonly unknown[] = options.validationData;
    if (!Array.isArray(given) || given.length < 2 || given.length > 3) {
      throw new ValueError({
        where,
        problem: "validationData is a list",
        expected: "[x, y] or [x, y, sampleWeight]",
        received: describe(given),
      });
    }
    validation = await prepared(`${where} (validationData)`, model, {
      x: given[0],
      y: given[1],
      sampleWeight: given[2] ?? null,
      classWeight: null,
    });
  } else if (split !== 0) {
    if (!(split > 0 && split < 1))
      throw new ValueError({
        where,
        problem: "validationSplit is a share of the samples",
        expected: "0 <= validationSplit < 1",
        received: describe(split),
      });
    const at = Math.floor(data.count * (1 - split));
    if (at === 0 || at === data.count) {
      throw new ValueError({
        where,
        problem: "validationSplit leaves nothing to train or to validate with",
        expected: "samples on both sides",
        received: `${split} of ${data.count} samples`,
      });
    }
    validation = sliceData(data, at, data.count);
    data = sliceData(data, 0, at);
  }

  const history = new History();
  history.setModel(model);
  const verbosity = verboseOf(where, options.verbose);
  const steps = stepsPerEpoch ?? Math.ceil(data.count / batchSize);
  const callbacks = new CallbackList([...(verbosity === 0 ? [] : [new ProgressBar()]), ...(options.callbacks ?? []), history], model, {
    verbose: verbosity,
    epochs,
    steps,
  });
  model.history = history;
  model.stopTraining = false;

  const step = model.session.logStep("train", data);
  const batches = new EpochBatches(data, batchSize, options.shuffle ?? true);
  let logs: Logs = {};
  await callbacks.call("onTrainBegin", {});
  for (let epoch = initialEpoch; epoch < epochs && !stopped(model, signal); epoch++) {
    model.resetMetrics();
    await callbacks.callAt("onEpochBegin", epoch, {});
    if (stepsPerEpoch === null) batches.rewind();
    let epochLogs: Logs = {};
    for (let index = 0; index < steps && !stopped(model, signal); index++) {
      const begin = callbacks.callAt("onTrainBatchBegin", index, {});
      if (begin instanceof Promise) await begin;
      const out = await run(step, batches.next(), signal);
      if (out === null) break;
      epochLogs = step.logs(out);
      const end = callbacks.callAt("onTrainBatchEnd", index, epochLogs);
      if (end instanceof Promise) await end;
      if (airIsDue(0)) await takeAir();
    }
    if (validation !== null && !aborted(signal) && isDue(where, epoch, options.validationFreq ?? 1)) {
      const values = await evaluateData(model, validation, validationBatchSize, options.validationSteps ?? null, callbacks, signal);
      epochLogs = { ...epochLogs, ...Object.fromEntries(Object.entries(values).map(([key, value]) => [`val_${key}`, value])) };
    }
    await callbacks.callAt("onEpochEnd", epoch, epochLogs);
    logs = epochLogs;
  }
  model.finishTraining();
  await callbacks.call("onTrainEnd", logs);
  return history;
}

/** `Model.evaluate`. */
export async function evaluate(model: AnyModel, x: unknown, y: unknown, options: EvaluateOptions): Promise<Record<string, number>> {
  const where = `${model.label}.evaluate`;
  checkOptions(where, options, ["batchSize", "verbose", "sampleWeight", "steps", "callbacks"]);
  model.session.require(where);
  const batchSize = wholeNumber(where, "batchSize", options.batchSize ?? 32, 1);
  const data = await prepared(where, model, { x, y, sampleWeight: options.sampleWeight ?? null, classWeight: null });
  const verbosity = verboseOf(where, options.verbose);
  const steps = Math.min(options.steps ?? Infinity, Math.ceil(data.count / batchSize));
  const callbacks = new CallbackList([...(verbosity === 0 ? [] : [new ProgressBar()]), ...(options.callbacks ?? [])], model, {
    verbose: verbosity,
    epochs: 1,
    steps,
  });
  return { ...(await evaluateData(model, data, batchSize, options.steps ?? null, callbacks, null)) };
}

async function evaluateData(
  model: AnyModel,
  data: TrainingData,
  batchSize: number,
  limit: number | null,
  callbacks: CallbackList,
  signal: AbortSignal | null,
): Promise<Logs> {
  const steps = Math.min(limit ?? Infinity, Math.ceil(data.count / batchSize));
  const step = model.session.logStep("test", data);
  const batches = new EpochBatches(data, batchSize, false);
  model.resetMetrics();
  let logs: Logs = {};
  await callbacks.call("onTestBegin", {});
  for (let index = 0; index < steps && !aborted(signal); index++) {
    const begin = callbacks.callAt("onTestBatchBegin", index, {});
    if (begin instanceof Promise) await begin;
    const out = await run(step, batches.next(), signal);
    if (out === null) break;
    logs = step.logs(out);
    const end = callbacks.callAt("onTestBatchEnd", index, logs);
    if (end instanceof Promise) await end;
    if (airIsDue(0)) await takeAir();
  }
  await callbacks.call("onTestEnd", logs);
  return logs;
}

/** `Model.predict`. */
export async function predict(model: AnyModel, x: unknown, options: PredictOptions): Promise<unknown> {
  const where = `${model.label}.predict`;
  checkOptions(where, options, ["batchSize", "verbose", "steps", "callbacks"]);
  const batchSize = wholeNumber(where, "batchSize", options.batchSize ?? 32, 1);
  const data = await preparedInputs(where, model, x);
  const verbosity = verboseOf(where, options.verbose ?? 0);
  const steps = Math.min(options.steps ?? Infinity, Math.ceil(data.count / batchSize));
  const callbacks = new CallbackList([...(verbosity === 0 ? [] : [new ProgressBar()]), ...(options.callbacks ?? [])], model, {
    verbose: verbosity,
    epochs: 1,
    steps,
  });
  const step = model.session.outputStep(data);
  const batches = new EpochBatches(data, batchSize, false);
  const rows = Math.min(data.count, steps * batchSize);
  const collector = new RowCollector(rows);
  await callbacks.call("onPredictBegin", {});
  for (let index = 0; index < steps; index++) {
    await callbacks.callAt("onPredictBatchBegin", index, {});
    collector.add(await step.run(batches.next()));
    await callbacks.callAt("onPredictBatchEnd", index, {});
    if (airIsDue(0)) await takeAir();
  }
  await callbacks.call("onPredictEnd", {});
  return collector.result();
}

/** `Model.trainOnBatch`. */
export function trainOnBatch(
  model: AnyModel,
  x: unknown,
  y: unknown,
  options: BatchOptions,
): Record<string, number> | Promise<Record<string, number>> {
  return onBatch(model, "train", `${model.label}.trainOnBatch`, x, y, options);
}

/** `Model.testOnBatch`. */
export function testOnBatch(
  model: AnyModel,
  x: unknown,
  y: unknown,
  options: BatchOptions,
): Record<string, number> | Promise<Record<string, number>> {
  return onBatch(model, "test", `${model.label}.testOnBatch`, x, y, options);
}

/** `Model.predictOnBatch`. */
export async function predictOnBatch(model: AnyModel, x: unknown): Promise<unknown> {
  const data = await preparedInputs(`${model.label}.predictOnBatch`, model, x);
  const collector = new RowCollector(data.count);
  collector.add(await model.session.outputStep(data).run(stepArrays(data)));
  return collector.result();
}

function onBatch(
  model: AnyModel,
  kind: "train" | "test",
  where: string,
  x: unknown,
  y: unknown,
  options: BatchOptions,
): Record<string, number> | Promise<Record<string, number>> {
  model.session.require(where);
  const given: GivenData = { x, y, sampleWeight: options.sampleWeight ?? null, classWeight: options.classWeight ?? null };
  // What is ready needs no waiting: a small step costs little more than its arithmetic.
  const ready = model.inputSlots === null ? undefined : prepareReadyData(where, model.session.plan(), given);
  const go = (data: TrainingData): Record<string, number> | Promise<Record<string, number>> => {
    const step = model.session.logStep(kind, data);
    const out = step.run(stepArrays(data));
    return out instanceof Promise ? out.then((values) => step.logs(values)) : step.logs(out);
  };
  return ready === undefined ? prepared(where, model, given).then(go) : go(ready);
}

/** Reads, matches and checks data; finds out about a model that is no graph by tracing it once. */
async function prepared(where: string, model: AnyModel, given: GivenData): Promise<TrainingData> {
  await inferFrom(where, model, given.x);
  return await prepareData(where, model.session.plan(), given);
}

async function preparedInputs(where: string, model: AnyModel, x: unknown): Promise<TrainingData> {
  await inferFrom(where, model, x);
  return await prepareInputs(where, model.session.plan(), x);
}

async function inferFrom(where: string, model: AnyModel, x: unknown): Promise<void> {
  if (model.inputSlots !== null) return;
  const { structure, arrays } = await hostDataOf(where, x);
  if (model.buildFor(arrays.map(({ host }) => [null, ...host.shape.slice(1)]))) return;
  model.session.infer(structure, arrays);
}

/** Runs a step; null where it was aborted on its way. */
async function run(step: LogStep, arrays: readonly HostValues[], signal: AbortSignal | null): Promise<TypedArray[] | null> {
  try {
    const out = step.run(arrays, signal === null ? {} : { signal });
    return out instanceof Promise ? await out : out;
  } catch (error) {
    if (aborted(signal) && !(error instanceof ValueError)) return null;
    throw error;
  }
}

function aborted(signal: AbortSignal | null): boolean {
  return signal?.aborted === true;
}

function stopped(model: AnyModel, signal: AbortSignal | null): boolean {
  if (aborted(signal)) model.stopTraining = true;
  return model.stopTraining;
}

function isDue(where: string, epoch: number, frequency: number | readonly number[]): boolean {
  if (typeof frequency === "number") return (epoch + 1) % wholeNumber(where, "validationFreq", frequency, 1) === 0;
  return frequency.includes(epoch + 1);
}

function wholeNumber(where: string, name: string, value: unknown, least: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least) return value;
  throw new ValueError({ where, problem: `${name} is a whole number`, expected: `at least ${least}`, received: describe(value) });
}

function verboseOf(where: string, verbose: Verbose | undefined): 0 | 1 | 2 {
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

/** The batches of one epoch after another; the last one of a pass may be smaller. */
class EpochBatches {
  readonly #buffers: readonly BatchBuffer[];
  readonly #count: number;
  readonly #batchSize: number;
  readonly #seed: number | null;
  #order: Int32Array | null = null;
  #pass = 0;
  #position = 0;

  constructor(data: TrainingData, batchSize: number, shuffle: boolean) {
    this.#buffers = [...data.inputs, ...data.targets, ...data.weights].flatMap((array: NamedArray | null) =>
      array === null ? [] : [new BatchBuffer(array.host)],
    );
    this.#count = data.count;
    this.#batchSize = batchSize;
    this.#seed = shuffle ? makeDefaultSeed() : null;
    this.#start();
  }

  /** Goes back to the start of a pass, unless it stands there. */
  rewind(): void {
    if (this.#position !== 0) this.#start();
  }

  /** The arrays of the next batch; valid until the next call. */
  next(): HostValues[] {
    if (this.#position >= this.#count) this.#start();
    const start = this.#position;
    this.#position = Math.min(this.#count, start + this.#batchSize);
    return this.#buffers.map((buffer) => buffer.rows(start, this.#position, this.#order));
  }

  #start(): void {
    this.#position = 0;
    if (this.#seed !== null) this.#order = shuffled(this.#count, this.#seed, this.#pass++);
  }
}

/** Collects the outputs of batches into whole arrays. */
class RowCollector {
  readonly #rows: number;
  #tree: unknown = null;
  #leaves: { readonly values: TypedArray; readonly shape: number[]; readonly dtype: Tensor["dtype"] }[] = [];
  #filled = 0;

  constructor(rows: number) {
    this.#rows = rows;
  }

  add({ tree, values }: { readonly tree: unknown; readonly values: readonly TypedArray[] }): void {
    const tensors = flattenTree(tree);
    if (this.#tree === null) {
      this.#tree = tree;
      this.#leaves = tensors.map(({ shape, dtype }) => {
        const full = [this.#rows, ...(shape.slice(1) as number[])];
        return { values: hostArray(dtype, sizeOf(full)), shape: full, dtype };
      });
    }
    const rows = tensors[0]!.dim(0);
    values.forEach((part, index) => {
      const { values: whole, shape } = this.#leaves[index]!;
      whole.set(part, this.#filled * sizeOf(shape.slice(1)));
    });
    this.#filled += rows;
  }

  result(): unknown {
    return unflattenTree(
      this.#tree,
      this.#leaves.map(({ values, shape, dtype }) => dataTensor(values, shape, dtype)),
    );
  }
}
