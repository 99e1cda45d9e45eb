/** A user's data made ready for a model, which may have to be traced first to know what it takes. */
import { ValueError } from "../errors.ts";
import { withParts } from "../parts/part.ts";
import type { Model } from "./model.ts";
import { rareData } from "./parts.ts";
import { type GivenData, prepareData, prepareInputs, prepareReadyData, type TrainingData } from "./training-data.ts";

type AnyModel = Model<unknown, unknown>;

/** Reads, matches and checks data; finds out about a model that is no graph by tracing it once. */
export async function prepared(where: string, model: AnyModel, given: GivenData): Promise<TrainingData> {
  await inferFrom(where, model, given.x);
  return await prepareData(where, model.session.plan(), given);
}

/** Inputs alone, for predictions. */
export async function preparedInputs(where: string, model: AnyModel, x: unknown): Promise<TrainingData> {
  await inferFrom(where, model, x);
  return await prepareInputs(where, model.session.plan(), x);
}

async function inferFrom(where: string, model: AnyModel, x: unknown): Promise<void> {
  if (model.inputSlots !== null) return;
  const { hostDataOf } = await withParts(() => rareData.get());
  const { structure, arrays } = await hostDataOf(where, x);
  const shapes = arrays.map(({ host }) => [null, ...host.shape.slice(1)]);
  if (
    model.buildFor(
      shapes,
      arrays.map(({ texts }) => texts !== undefined),
    )
  )
    return;
  if (arrays.some(({ texts }) => texts !== undefined)) {
    throw new ValueError({
      where,
      problem: "a model that is a class of its own does not take texts",
      expected: "numbers",
      received: "texts",
      advice: 'turn them into numbers first (dataset.map with TextVectorization), or make the model from Input({ dtype: "string" })',
    });
  }
  model.session.infer(structure, arrays);
}

/** The same without waiting where nothing has to be computed first. */
export function preparedSoon(where: string, model: AnyModel, given: GivenData): TrainingData | Promise<TrainingData> {
  if (!model.session.isPlanned) return prepared(where, model, given);
  const ready = withParts(() => prepareReadyData(where, model.session.plan(), given));
  if (ready instanceof Promise) return ready.then((data) => data ?? prepared(where, model, given));
  return ready ?? prepared(where, model, given);
}
