/** A user's data made ready for a model, which may have to be traced first to know what it takes. */
import { withParts } from "../parts/part.ts";
import type { Model } from "./model.ts";
import { rareData } from "./parts.ts";
import { type GivenData, prepareData, prepareInputs, type TrainingData } from "./training-data.ts";

type AnyModel = Model<unknown, unknown>;

/** Reads, matches and checks data; finds out about a model that is no graph by tracing it once. */
export async function prepared(where: string, model: AnyModel, given: GivenData): Promise<TrainingData> {
  if (model.inputSlots === null) await inferred(where, model, given.x);
  return await prepareData(where, model.session.plan(), given);
}

/** Inputs alone, for predictions. */
export async function preparedInputs(where: string, model: AnyModel, x: unknown): Promise<TrainingData> {
  if (model.inputSlots === null) await inferred(where, model, x);
  return await prepareInputs(where, model.session.plan(), x);
}

async function inferred(where: string, model: AnyModel, x: unknown): Promise<void> {
  const { inferFrom } = await withParts(() => rareData.get());
  await inferFrom(where, model, x);
}
