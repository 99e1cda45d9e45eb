/** What `fit`, `evaluate` and `predict` run over where it is more than one set of arrays: streams, and validation. */
import type { Logs } from "../callbacks/callback.ts";
import { rowsOf } from "../data/rows-of.ts";
import { ValueError } from "../errors.ts";
import { describe } from "../layers/describe.ts";
import { type Batches, EpochBatches, isStream } from "./batches.ts";
import type { NamedArray } from "./data-binding.ts";
import { type BatchStream, type EvaluateOptions, type FitOptions, type PredictOptions, wholeNumber } from "./fit-options.ts";
import type { Model } from "./model.ts";
import { prepared, preparedInputs } from "./model-data.ts";
import { preparedSoon } from "./ready-data.ts";
import type { BatchPreparation } from "./stream-batches.ts";
import { openStream, refuseBeside, trainingStream } from "./streams.ts";
import type { GivenData, TrainingData } from "./training-data.ts";
import { valueChecks } from "./value-checks.ts";

type AnyModel = Model<unknown, unknown>;

/** What a run of `fit` trains on, and validates on. */
export interface TrainingSource {
  readonly batches: Batches;
  readonly validation: Validation | null;
}

/** The data of `fit` where it is a stream, or where there is something to validate on. `epochs` are still to be run. */
export async function trainingSource(
  where: string,
  model: AnyModel,
  x: unknown,
  y: unknown,
  options: FitOptions,
  batchSize: number,
  epochs: number,
): Promise<TrainingSource> {
  const validationBatchSize = wholeNumber(where, "validationBatchSize", options.validationBatchSize ?? batchSize, 1);
  const steps = options.validationSteps == null ? null : wholeNumber(where, "validationSteps", options.validationSteps, 1);
  const { batches, rest } = isStream(x)
    ? { batches: await streamToTrainOn(where, model, x, y, options, epochs), rest: null }
    : await trainingArrays(where, model, x, y, options, batchSize);
  const held = await validationBatches(where, model, options.validationData ?? null, rest, validationBatchSize, steps);
  return { batches, validation: held === null ? null : new Validation(where, held, steps, options.validationFreq ?? 1) };
}

async function streamToTrainOn(
  where: string,
  model: AnyModel,
  x: BatchStream,
  y: unknown,
  options: FitOptions,
  epochs: number,
): Promise<Batches> {
  const preparation = preparing(where, model, options.classWeight ?? null);
  return await model.session.queue.lend(() => trainingStream(where, x, y, options, epochs, preparation));
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

/** Samples `start` to `end` of all arrays. */
function sliceData(data: TrainingData, start: number, end: number): TrainingData {
  const slice = <T extends NamedArray | null>(array: T): T => (array === null ? array : { ...array, host: rowsOf(array.host, start, end) });
  return { inputs: data.inputs.map(slice), targets: data.targets.map(slice), weights: data.weights.map(slice), count: end - start };
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

/** What a run of `fit` validates on, and when. */
export class Validation {
  readonly #where: string;
  readonly #batches: Batches;
  readonly #steps: number | null;
  readonly #frequency: number | readonly number[];

  constructor(where: string, batches: Batches, steps: number | null, frequency: number | readonly number[]) {
    this.#where = where;
    this.#batches = batches;
    this.#steps = steps;
    this.#frequency = frequency;
  }

  /** What the validation of an epoch, by `evaluate`, adds to its logs: nothing where none is due. */
  async run(epoch: number, evaluate: (batches: Batches, limit: number | null) => Promise<Logs>): Promise<Logs> {
    if (!this.#isDue(epoch)) return {};
    const values = await evaluate(this.#batches, this.#steps);
    return Object.fromEntries(Object.entries(values).map(([key, value]) => [`val_${key}`, value]));
  }

  #isDue(epoch: number): boolean {
    const frequency = this.#frequency;
    if (typeof frequency === "number") return (epoch + 1) % wholeNumber(this.#where, "validationFreq", frequency, 1) === 0;
    return frequency.includes(epoch + 1);
  }
}

/** The stream that a model is evaluated on. */
export async function evaluationStream(
  where: string,
  model: AnyModel,
  x: BatchStream,
  y: unknown,
  options: EvaluateOptions,
  limit: number | null,
): Promise<Batches> {
  refuseBeside(where, { y, sampleWeight: options.sampleWeight, batchSize: options.batchSize });
  return await model.session.queue.lend(() =>
    openStream(where, x, { targets: true, limit, limitName: "steps" }, preparing(where, model, null)),
  );
}

/** The stream that a model predicts for, and the rows of its first batch. */
export async function predictionStream(
  where: string,
  model: AnyModel,
  x: BatchStream,
  options: PredictOptions,
  limit: number | null,
): Promise<{ readonly batches: Batches; readonly rows: number }> {
  refuseBeside(where, { batchSize: options.batchSize });
  const preparation: BatchPreparation = { prepare: (batch) => preparedInputs(where, model, batch.x), checks: () => [] };
  const batches = await model.session.queue.lend(() => openStream(where, x, { targets: false, limit, limitName: "steps" }, preparation));
  return { batches, rows: (await model.session.queue.lend(() => batches.peek())).count };
}

/** How the batches of a stream are made ready for the steps of a model. */
function preparing(where: string, model: AnyModel, classWeight: (FitOptions["classWeight"] & {}) | null): BatchPreparation {
  return {
    prepare: (batch) => preparedSoon(where, model, { ...batch, classWeight }),
    checks: (data) => valueChecks(where, model.session.plan(), data),
  };
}
