/** Training, evaluation and prediction: the loops over batches. */
// Not from the barrel: with it esbuild counts every callback, and what it loads later, as reached from here.
import type { Callback, CallbackParameters, Logs } from "../callbacks/callback.ts";
import { CallbackList } from "../callbacks/callback-list.ts";
import type { Resumption, TrainingRun } from "../callbacks/callback-model.ts";
import { History } from "../callbacks/history.ts";
import { ProgressBar } from "../callbacks/progress-bar.ts";
import { maxEpochs, maxStepsPerEpoch } from "../config/index.ts";
import { ValueError } from "../errors.ts";
import { type ConcreteShape, dataTensor, flattenTree, type HostValues, unflattenTree } from "../graph/index.ts";
import { describe } from "../layers/describe.ts";
import { withParts } from "../parts/part.ts";
import { airAfter, airIsDue, takeAir } from "../runtime/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { isStopped, runBatches, runStep } from "./batch-loop.ts";
import { type Batches, EpochBatches, isStream } from "./batches.ts";
import {
  type BatchOptions,
  type EvaluateOptions,
  type FitOptions,
  fitOptionNames,
  type PredictOptions,
  verboseOf,
  wholeNumber,
} from "./fit-options.ts";
import type { Model } from "./model.ts";
import { prepared, preparedInputs, preparedSoon } from "./model-data.ts";
import { RowCollector } from "./row-collector.ts";
import { rareData } from "./parts.ts";
import { stepArrays } from "./step-arrays.ts";
import type { BatchPreparation } from "./stream-batches.ts";
import { type GivenData, sliceData, type TrainingData, valueChecks } from "./training-data.ts";

type AnyModel = Model<unknown, unknown>;
type ClassWeight = Readonly<Record<number, number>> | null;

/** `Model.fit`. */
export async function fit(model: AnyModel, x: unknown, y: unknown, options: FitOptions): Promise<History> {
  const where = `${model.label}.fit`;
  checkOptions(where, options, fitOptionNames);
  model.session.require(where);
  const epochs = Math.min(wholeNumber(where, "epochs", options.epochs ?? 1, 0), maxEpochs() ?? Infinity);
  const initialEpoch = wholeNumber(where, "initialEpoch", options.initialEpoch ?? 0, 0);
  const batchSize = wholeNumber(where, "batchSize", options.batchSize ?? 32, 1);
  const validationBatchSize = wholeNumber(where, "validationBatchSize", options.validationBatchSize ?? batchSize, 1);
  const stepsPerEpoch = options.stepsPerEpoch == null ? null : wholeNumber(where, "stepsPerEpoch", options.stepsPerEpoch, 1);
  const validationSteps = options.validationSteps == null ? null : wholeNumber(where, "validationSteps", options.validationSteps, 1);
  const signal = options.signal ?? null;

  const { batches, rest } = isStream(x)
    ? {
        batches: await model.session.queue.lend(async () =>
          (await streams()).trainingStream(
            where,
            x,
            y,
            options,
            epochs - initialEpoch,
            preparing(where, model, options.classWeight ?? null),
          ),
        ),
        rest: null,
      }
    : await trainingArrays(where, model, x, y, options, batchSize);
  const steps = limited(stepsPerEpoch ?? batches.steps);
  const validation = await validationBatches(where, model, options.validationData ?? null, rest, validationBatchSize, validationSteps);

  const history = new History();
  history.setModel(model);
  const verbosity = verboseOf(where, options.verbose);
  const all = [...(verbosity === 0 ? [] : [new ProgressBar()]), ...(options.callbacks ?? []), history];
  const callbacks = callbackList(model, all, { verbose: verbosity, epochs, steps, validates: validation !== null });
  model.history = history;
  model.stopTraining = false;

  const course: TrainingRun = {
    data: () => batches.place(),
    get aborted() {
      return aborted(signal);
    },
    resume: null,
  };
  model.session.run = course;
  let logs: Logs = {};
  await callbacks.call("onTrainBegin", {});
  let resume = course.resume;
  if (resume !== null) await restore(where, model, batches, resume, signal);
  for (let epoch = resume?.epoch ?? initialEpoch; epoch < epochs && !isStopped(model, signal); epoch++) {
    // An epoch that was interrupted goes on with its metrics and its place in the data.
    const done = resume?.batch ?? 0;
    let epochLogs: Logs = resume?.logs ?? {};
    resume = null;
    if (done === 0) model.resetMetrics();
    await callbacks.callAt("onEpochBegin", epoch, {});
    if (stepsPerEpoch === null && done === 0) batches.rewind();
    const limit = steps ?? Infinity;
    const ended = await runBatches({ model, kind: "train", batches, callbacks, signal, first: done, limit, logs: epochLogs });
    epochLogs = ended.logs;
    // The data has come to its end: an epoch without a step is none.
    if (ended.index === 0 && !isStopped(model, signal)) break;
    if (validation !== null && !aborted(signal) && isDue(where, epoch, options.validationFreq ?? 1)) {
      const values = await evaluateBatches(model, validation, validationSteps, callbacks, signal);
      epochLogs = { ...epochLogs, ...Object.fromEntries(Object.entries(values).map(([key, value]) => [`val_${key}`, value])) };
    }
    await callbacks.callAt("onEpochEnd", epoch, epochLogs);
    logs = epochLogs;
  }
  model.finishTraining();
  await callbacks.call("onTrainEnd", logs);
  model.session.run = null;
  return history;
}

/** Goes to where a run was interrupted. A step on any batch makes all variables there are; then they get their values. */
async function restore(where: string, model: AnyModel, batches: Batches, resume: Resumption, signal: AbortSignal | null): Promise<void> {
  const batch = await batches.next();
  if (batch !== null) await runStep(model, model.session.logStep("train", batch.layout), batch, signal, signal === null ? {} : { signal });
  await batches.goTo(where, resume.data);
  resume.restore();
}

/** Batches of arrays in memory, and what of them is kept for validation. */
async function trainingArrays(
  where: string,
  model: AnyModel,
  x: unknown,
  y: unknown,
  options: FitOptions,
  batchSize: number,
): Promise<{ batches: Batches; rest: TrainingData | null }> {
  const split = options.validationSplit ?? 0;
  const given: GivenData = { x, y, sampleWeight: options.sampleWeight ?? null, classWeight: options.classWeight ?? null };
  const data = await prepared(where, model, given);
  const shuffle = options.shuffle ?? true;
  if (split === 0 || options.validationData != null) return { batches: new EpochBatches(data, batchSize, shuffle), rest: null };
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
  // Classes have weights where the model is trained, not where it is validated.
  const unweighted = options.classWeight == null ? data : await prepared(where, model, { ...given, classWeight: null });
  return { batches: new EpochBatches(sliceData(data, 0, at), batchSize, shuffle), rest: sliceData(unweighted, at, data.count) };
}

/** How the batches of a stream are made ready for the steps of a model. */
function preparing(where: string, model: AnyModel, classWeight: ClassWeight): BatchPreparation {
  return {
    prepare: (batch) => preparedSoon(where, model, { ...batch, classWeight }),
    checks: (data) => valueChecks(where, model.session.plan(), data),
  };
}

/** What reads streams, loaded where it is not there yet. */
async function streams(): Promise<ReturnType<typeof rareData.get>> {
  return await withParts(() => rareData.get());
}

async function validationBatches(
  where: string,
  model: AnyModel,
  given: FitOptions["validationData"],
  rest: TrainingData | null,
  batchSize: number,
  steps: number | null,
): Promise<Batches | null> {
  if (given === null || given === undefined) return rest === null ? null : new EpochBatches(rest, batchSize, false);
  const what = `${where} (validationData)`;
  if (isStream(given)) {
    const { openStream } = await streams();
    return await model.session.queue.lend(() =>
      openStream(what, given, { targets: true, limit: steps, limitName: "validationSteps" }, preparing(what, model, null)),
    );
  }
  const list: readonly unknown[] = given;
  if (!Array.isArray(given) || list.length < 2 || list.length > 3) {
    throw new ValueError({
      where,
      problem: "validationData is a list",
      expected: "[x, y] or [x, y, sampleWeight]",
      received: describe(given),
    });
  }
  const [x, y, sampleWeight = null] = list;
  return new EpochBatches(await prepared(what, model, { x, y, sampleWeight, classWeight: null }), batchSize, false);
}

/** `Model.evaluate`. */
export async function evaluate(model: AnyModel, x: unknown, y: unknown, options: EvaluateOptions): Promise<Record<string, number>> {
  const where = `${model.label}.evaluate`;
  checkOptions(where, options, ["batchSize", "verbose", "sampleWeight", "steps", "callbacks"]);
  model.session.require(where);
  const limit = options.steps == null ? null : wholeNumber(where, "steps", options.steps, 1);
  let batches: Batches;
  if (isStream(x)) {
    const { openStream, refuseBeside } = await streams();
    refuseBeside(where, { y, sampleWeight: options.sampleWeight, batchSize: options.batchSize });
    batches = await model.session.queue.lend(() =>
      openStream(where, x, { targets: true, limit, limitName: "steps" }, preparing(where, model, null)),
    );
  } else {
    const batchSize = wholeNumber(where, "batchSize", options.batchSize ?? 32, 1);
    const data = await prepared(where, model, { x, y, sampleWeight: options.sampleWeight ?? null, classWeight: null });
    batches = new EpochBatches(data, batchSize, false);
  }
  const callbacks = observers(where, model, options, 1, stepsOf(batches, limit));
  return { ...(await evaluateBatches(model, batches, limit, callbacks, null)) };
}

function stepsOf(batches: Batches, limit: number | null): number | null {
  return limited(batches.steps === null ? limit : Math.min(limit ?? Infinity, batches.steps));
}

/** A number of steps, at most `config.maxStepsPerEpoch()`. */
function limited(steps: number | null): number | null {
  const most = maxStepsPerEpoch();
  return most === null ? steps : Math.min(steps ?? Infinity, most);
}

/** Callbacks of an evaluation or prediction. */
function observers(
  where: string,
  model: AnyModel,
  options: EvaluateOptions | PredictOptions,
  verbose: 0 | 1,
  steps: number | null,
): CallbackList {
  const verbosity = verboseOf(where, options.verbose ?? verbose);
  const list = [...(verbosity === 0 ? [] : [new ProgressBar()]), ...(options.callbacks ?? [])];
  return callbackList(model, list, { verbose: verbosity, epochs: 1, steps });
}

/** Callbacks that may call the model themselves. */
function callbackList(model: AnyModel, callbacks: readonly Callback[], parameters: CallbackParameters): CallbackList {
  return new CallbackList(callbacks, model, parameters, (code) => model.session.queue.lend(code));
}

async function evaluateBatches(
  model: AnyModel,
  batches: Batches,
  limit: number | null,
  callbacks: CallbackList,
  signal: AbortSignal | null,
): Promise<Logs> {
  const steps = stepsOf(batches, limit) ?? Infinity;
  model.resetMetrics();
  batches.rewind();
  await callbacks.call("onTestBegin", {});
  const { logs } = await runBatches({ model, kind: "test", batches, callbacks, signal, first: 0, limit: steps, logs: {} });
  await callbacks.call("onTestEnd", logs);
  return logs;
}

/** `Model.predict`. */
export async function predict(model: AnyModel, x: unknown, options: PredictOptions): Promise<unknown> {
  const where = `${model.label}.predict`;
  checkOptions(where, options, ["batchSize", "verbose", "steps", "callbacks"]);
  const limit = options.steps == null ? null : wholeNumber(where, "steps", options.steps, 1);
  let batches: Batches;
  let rows = 0;
  if (isStream(x)) {
    const { openStream, refuseBeside } = await streams();
    refuseBeside(where, { batchSize: options.batchSize });
    const preparation: BatchPreparation = { prepare: (batch) => preparedInputs(where, model, batch.x), checks: () => [] };
    const stream = await model.session.queue.lend(() => openStream(where, x, { targets: false, limit, limitName: "steps" }, preparation));
    rows = (await model.session.queue.lend(() => stream.peek())).count;
    batches = stream;
  } else {
    const batchSize = wholeNumber(where, "batchSize", options.batchSize ?? 32, 1);
    const data = await preparedInputs(where, model, x);
    batches = new EpochBatches(data, batchSize, false);
    rows = Math.min(data.count, (limit ?? Infinity) * batchSize);
  }
  const steps = stepsOf(batches, limit);
  const callbacks = observers(where, model, options, 0, steps);
  const collector = new RowCollector(rows);
  await callbacks.call("onPredictBegin", {});
  for (let index = 0; index < (steps ?? Infinity); index++) {
    const next = model.session.queue.lend(() => batches.next());
    const batch = next instanceof Promise ? await next : next;
    if (batch === null) break;
    const begun = callbacks.callAt("onPredictBatchBegin", index, {});
    if (begun instanceof Promise) await begun;
    const given = model.session.stepArrays(batch.arrays, batch.layout);
    const running = model.session.outputStep(batch.layout).run(given instanceof Promise ? await given : given);
    collector.add(running instanceof Promise ? await running : running);
    const ended = callbacks.callAt("onPredictBatchEnd", index, {});
    if (ended instanceof Promise) await ended;
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
  const { tree, values } = await model.session.outputStep(data).run(await model.session.stepArrays(stepArrays(data), data));
  await airAfter(values.reduce((bytes, { byteLength }) => bytes + byteLength, 0));
  const leaves = flattenTree(tree).map(({ shape, dtype }, index) => dataTensor(values[index]!, shape as ConcreteShape, dtype));
  return unflattenTree(tree, leaves);
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
  const data = preparedSoon(where, model, given);
  const go = (data: TrainingData): Record<string, number> | Promise<Record<string, number>> => {
    const step = model.session.logStep(kind, data);
    const run = (arrays: readonly HostValues[]): Record<string, number> | Promise<Record<string, number>> => {
      const out = step.run(arrays);
      return out instanceof Promise ? out.then(() => step.logs()) : step.logs();
    };
    const arrays = model.session.stepArrays(stepArrays(data), data);
    return arrays instanceof Promise ? arrays.then(run) : run(arrays);
  };
  return data instanceof Promise ? data.then(go) : go(data);
}

function aborted(signal: AbortSignal | null): boolean {
  return signal?.aborted === true;
}

function isDue(where: string, epoch: number, frequency: number | readonly number[]): boolean {
  if (typeof frequency === "number") return (epoch + 1) % wholeNumber(where, "validationFreq", frequency, 1) === 0;
  return frequency.includes(epoch + 1);
}
