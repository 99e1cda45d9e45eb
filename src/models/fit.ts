/** Training, evaluation and prediction: the loops over batches. */
// Not from the barrel: with it esbuild counts every callback, and what it loads later, as reached from here.
import type { Callback, CallbackParameters, Logs } from "../callbacks/callback.ts";
import { CallbackList } from "../callbacks/callback-list.ts";
import type { Resumption, TrainingRun } from "../callbacks/callback-model.ts";
import { History } from "../callbacks/history.ts";
import { ProgressBar } from "../callbacks/progress-bar.ts";
import { maxEpochs, maxStepsPerEpoch } from "../config/index.ts";
import { withParts } from "../parts/part.ts";
import { airIsDue, takeAir } from "../runtime/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { isStopped, runBatches, runStep } from "./batch-loop.ts";
import { type Batches, EpochBatches, isStream } from "./batches.ts";
import { type EvaluateOptions, type FitOptions, fitOptionNames, type PredictOptions, verboseOf, wholeNumber } from "./fit-options.ts";
import type { Model } from "./model.ts";
import { prepared, preparedInputs } from "./model-data.ts";
import { RowCollector } from "./row-collector.ts";
import { rareData } from "./parts.ts";

type AnyModel = Model<unknown, unknown>;

/** `Model.fit`. */
export async function fit(model: AnyModel, x: unknown, y: unknown, options: FitOptions): Promise<History> {
  const where = `${model.label}.fit`;
  checkOptions(where, options, fitOptionNames);
  model.session.require(where);
  const epochs = Math.min(wholeNumber(where, "epochs", options.epochs ?? 1, 0), maxEpochs() ?? Infinity);
  const initialEpoch = wholeNumber(where, "initialEpoch", options.initialEpoch ?? 0, 0);
  const batchSize = wholeNumber(where, "batchSize", options.batchSize ?? 32, 1);
  const stepsPerEpoch = options.stepsPerEpoch == null ? null : wholeNumber(where, "stepsPerEpoch", options.stepsPerEpoch, 1);
  const signal = options.signal ?? null;
  const { sampleWeight = null, classWeight = null } = options;
  const { batches, validation } = asksForMore(x, options)
    ? await (await rare()).trainingSource(where, model, x, y, options, batchSize, epochs - initialEpoch)
    : {
        batches: new EpochBatches(await prepared(where, model, { x, y, sampleWeight, classWeight }), batchSize, options.shuffle ?? true),
        validation: null,
      };
  const steps = limited(stepsPerEpoch ?? batches.steps);

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
    if (validation !== null && !aborted(signal)) {
      const values = await validation.run(epoch, (held, limit) => evaluateBatches(model, held, limit, callbacks, signal));
      epochLogs = { ...epochLogs, ...values };
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

/** Whether there is more to a run of `fit` than one set of arrays. */
function asksForMore(x: unknown, options: FitOptions): boolean {
  const { validationData, validationSteps, validationBatchSize, validationSplit = 0 } = options;
  return isStream(x) || validationSplit !== 0 || [validationData, validationSteps, validationBatchSize].some((value) => value != null);
}

/** What trains on more than arrays, loaded where it is not there yet. */
async function rare(): Promise<ReturnType<typeof rareData.get>> {
  return await withParts(() => rareData.get());
}

/** `Model.evaluate`. */
export async function evaluate(model: AnyModel, x: unknown, y: unknown, options: EvaluateOptions): Promise<Record<string, number>> {
  const where = `${model.label}.evaluate`;
  checkOptions(where, options, ["batchSize", "verbose", "sampleWeight", "steps", "callbacks"]);
  model.session.require(where);
  const limit = options.steps == null ? null : wholeNumber(where, "steps", options.steps, 1);
  let batches: Batches;
  if (isStream(x)) batches = await (await rare()).evaluationStream(where, model, x, y, options, limit);
  else {
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
    ({ batches, rows } = await (await rare()).predictionStream(where, model, x, options, limit));
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

function aborted(signal: AbortSignal | null): boolean {
  return signal?.aborted === true;
}
