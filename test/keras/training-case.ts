/** A recorded training: history, what callbacks were told in what order, single batches and the summary, compared with what happens here. */
import * as callbacks from "../../src/callbacks/index.ts";
import type { Tensor } from "../../src/graph/index.ts";
import { resetAutoNames } from "../../src/layers/index.ts";
import { type Model, modelFromJSON } from "../../src/models/index.ts";
import { summaryText } from "../../src/models/summary.ts";
import { camelCaseKeys } from "../../src/serialization/index.ts";
import { type Case, isStored, revive, type StoredArray, toTensor } from "./cases.ts";
import { compare, type Near, numbers, type Pair, tolerances, underPolicy } from "./model-case.ts";

type Event = [hook: string, number: number | null, logs: Record<string, number>];

/** Writes down what it is told, as the recorder of the cases does. */
class Told extends callbacks.Callback {
  readonly events: Event[] = [];
  #note(hook: string, number: number | null, logs: callbacks.Logs | undefined): void {
    this.events.push([hook, number, { ...logs }]);
  }
  override onTrainBegin(logs: callbacks.Logs): void {
    this.#note("on_train_begin", null, logs);
  }
  override onTrainEnd(logs: callbacks.Logs): void {
    this.#note("on_train_end", null, logs);
  }
  override onEpochBegin(epoch: number, logs: callbacks.Logs): void {
    this.#note("on_epoch_begin", epoch, logs);
  }
  override onEpochEnd(epoch: number, logs: callbacks.Logs): void {
    this.#note("on_epoch_end", epoch, logs);
  }
  override onTrainBatchBegin(batch: number, logs: callbacks.Logs): void {
    this.#note("on_train_batch_begin", batch, logs);
  }
  override onTrainBatchEnd(batch: number, logs: callbacks.Logs): void {
    this.#note("on_train_batch_end", batch, logs);
  }
  override onTestBegin(logs: callbacks.Logs): void {
    this.#note("on_test_begin", null, logs);
  }
  override onTestEnd(logs: callbacks.Logs): void {
    this.#note("on_test_end", null, logs);
  }
  override onTestBatchBegin(batch: number, logs: callbacks.Logs): void {
    this.#note("on_test_batch_begin", batch, logs);
  }
  override onTestBatchEnd(batch: number, logs: callbacks.Logs): void {
    this.#note("on_test_batch_end", batch, logs);
  }
}

/** Arrays as tensors, wherever they stand. */
function tensors(value: unknown): unknown {
  if (isStored(value)) return toTensor(value);
  if (Array.isArray(value)) return value.map(tensors);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, tensors(v)]));
  return value;
}

const one = (list: readonly unknown[]): unknown => (list.length > 1 ? list : list[0]);
const byName = (names: readonly string[], list: readonly unknown[]): unknown => Object.fromEntries(names.map((name, i) => [name, list[i]]));

function callbackOf([name, kwargs]: [string, Record<string, unknown>]): callbacks.Callback {
  if (name === "LearningRateScheduler") {
    return callbacks.LearningRateScheduler((_epoch: number, rate: number) => rate * (kwargs["by"] as number));
  }
  const make = (callbacks as unknown as Record<string, (options: object) => callbacks.Callback>)[name]!;
  return make(camelCaseKeys(kwargs));
}

function eventsDiffer(found: readonly Event[], wanted: readonly Event[], near: Near): string | null {
  const names = (events: readonly Event[]): string => events.map(([hook, number]) => `${hook} ${number}`).join(", ");
  if (names(found) !== names(wanted)) return `callbacks are told ${names(found)} instead of ${names(wanted)}`;
  for (const [i, [hook, number, logs]] of wanted.entries()) {
    const wrong = numbers(`logs of ${hook} ${number}`, found[i]![2], logs, near);
    if (wrong !== null) return wrong;
  }
  return null;
}

async function batch(model: Model, step: Record<string, unknown>, x: unknown, y: unknown, near: Near): Promise<string | null> {
  const kind = step["kind"] as "train" | "test" | "predict";
  if (kind === "predict") {
    const found = [await (model.predictOnBatch as (x: unknown) => Promise<Tensor | Tensor[]>)(x)].flat();
    return await compare(
      found.map((tensor, i): Pair => [`predictOnBatch ${i}`, tensor, (step["result"] as StoredArray[])[i]]),
      near,
    );
  }
  const options = camelCaseKeys(tensors(step["options"]) as Record<string, unknown>);
  const run = (model as unknown as Record<string, (x: unknown, y: unknown, o: object) => Promise<Record<string, number>>>)[
    `${kind}OnBatch`
  ]!;
  return numbers(`${kind}OnBatch`, await run.call(model, x, y, options), step["result"] as Record<string, number>, near);
}

/** What the table of a model differs in, or null: widths, borders, rows, sizes. */
function summaryDiffers(model: Model, wanted: Record<string, unknown> | null): string | null {
  if (wanted === null) return null;
  const { text, ...options } = wanted;
  const found = summaryText(model, camelCaseKeys(options));
  const trimmed = (s: string): string =>
    s
      .split("\n")
      .map((line) => line.trimEnd())
      .join("\n")
      .trimEnd();
  return trimmed(found) === trimmed(text as string) ? null : `summary is\n${found}\ninstead of\n${text as string}`;
}

/** What a case differs in, or null. */
export async function checkTrainingCase(entry: Case): Promise<string | null> {
  return await underPolicy(entry, check);
}

async function check(entry: Case): Promise<string | null> {
  resetAutoNames();
  const { trained: near } = tolerances[entry["policy"] as string]!;
  const model = modelFromJSON(entry["json"] as object);
  const stored = entry["weights"] as { path: string; value: StoredArray }[];
  const [ours, theirs] = [model.weights.map(({ path }) => path).join(), stored.map(({ path }) => path).join()];
  if (ours !== theirs) return `weights ${ours} instead of ${theirs}`;
  await model.setWeights(stored.map(({ value }) => toTensor(value)));
  const table = summaryDiffers(model, entry["summary"] as Record<string, unknown> | null);
  if (table !== null) return table;
  model.compileFromConfig(entry["compile_config"] as Record<string, unknown>);

  const outputNames = entry["output_names"] as string[];
  const inputs = tensors(entry["inputs"]) as unknown[];
  const targets = tensors(entry["targets"]) as unknown[];
  const inputNames = model.inputSlots!.map(({ name }) => name);
  const bound = (list: unknown[]): unknown => (entry["by_name"] === true ? byName(inputNames, list) : one(list));
  const meant = (list: unknown[]): unknown => (entry["named_targets"] === true ? byName(outputNames, list) : one(list));
  const [x, y] = [bound(inputs), meant(targets)];
  const { validation_data, ...fit } = entry["fit"] as Record<string, unknown>;
  const options: Record<string, unknown> = camelCaseKeys(tensors(fit) as Record<string, unknown>);
  if (Array.isArray(options["sampleWeight"])) options["sampleWeight"] = one(options["sampleWeight"] as unknown[]);
  if (validation_data !== undefined) {
    const [vx, ...rest] = tensors(validation_data) as unknown[][];
    options["validationData"] = [bound(vx!), ...rest.map(meant)];
  }
  const told = new Told();
  const made = (entry["callbacks"] as [string, Record<string, unknown>][]).map(callbackOf);
  const all = { ...options, shuffle: false, verbose: 0, callbacks: [...made, told] };
  const { history, epoch } = await (model.fit as (...args: unknown[]) => Promise<callbacks.History>)(x, y, all);
  const wrong =
    numbers("history", history, entry["history"] as Record<string, number[]>, near) ??
    (epoch.join() === (entry["epochs"] as number[]).join() ? null : `epochs ${epoch.join()}`) ??
    eventsDiffer(told.events, revive(entry["events"]) as Event[], near);
  if (wrong !== null) return wrong;
  const weightsAre = (key: string): Promise<string | null> =>
    compare(
      model.weights.map((weight, i): Pair => [`${weight.path} in ${key}`, weight.read(), (entry[key] as StoredArray[])[i]]),
      near,
    );
  const off = await weightsAre("final_weights");
  if (off !== null) return off;
  for (const [i, step] of (entry["batches"] as Record<string, unknown>[]).entries()) {
    const problem = await batch(model, step, x, y, near);
    if (problem !== null) return `batch ${i}: ${problem}`;
  }
  const batchSize = fit["batch_size"] as number;
  const evaluated = await model.evaluate(x as never, y as never, { batchSize, verbose: 0 });
  const predicted: Tensor[] = [await model.predict(x as never, { batchSize, verbose: 0 })].flat();
  return (
    numbers("evaluate", evaluated, entry["evaluate"] as Record<string, number>, near) ??
    (await compare(
      predicted.map((tensor, i): Pair => [`prediction ${i}`, tensor, (entry["predict"] as StoredArray[])[i]]),
      near,
    )) ??
    (await weightsAre("weights_in_the_end"))
  );
}
