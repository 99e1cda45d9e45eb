/** Data that is made ready without waiting, where nothing has to be computed first. */
import type { ArrayData } from "../data/array-source.ts";
import { readyHostArray } from "../data/ready-array.ts";
import { StringTensor } from "../graph/index.ts";
import { withParts } from "../parts/part.ts";
import type { Match, NamedArray } from "./data-binding.ts";
import type { Model } from "./model.ts";
import { prepared } from "./model-data.ts";
import { textArray } from "./text-array.ts";
import { checked, type DataPlan, type GivenData, matchInputs, matchTargets, type TrainingData } from "./training-data.ts";

/** Like `prepared`; a promise where something has to be computed first. */
export function preparedSoon(where: string, model: Model<unknown, unknown>, given: GivenData): TrainingData | Promise<TrainingData> {
  if (!model.session.isPlanned) return prepared(where, model, given);
  const ready = withParts(() => prepareReadyData(where, model.session.plan(), given));
  if (ready instanceof Promise) return ready.then((data) => data ?? prepared(where, model, given));
  return ready ?? prepared(where, model, given);
}

/** Like `prepareData`; undefined where a tensor has to be computed first. For `withParts`. */
function prepareReadyData(where: string, plan: DataPlan, given: GivenData): TrainingData | undefined {
  const inputs = readReadyMatches(where, matchInputs(where, plan, given.x));
  const matched = matchTargets(where, plan, given);
  const targets = readReadyMatches(where, matched.targets);
  const weights = readReadyMatches(where, matched.weights);
  if (inputs === undefined || targets === undefined || weights === undefined) return undefined;
  return checked(where, plan, given, inputs as NamedArray[], targets, weights);
}

/** Values of matches, where all are ready; undefined otherwise. */
function readReadyMatches(where: string, matches: readonly (Match | null)[]): (NamedArray | null)[] | undefined {
  const out: (NamedArray | null)[] = [];
  for (const match of matches) {
    if (match === null) {
      out.push(null);
      continue;
    }
    if (match.texts) {
      // Texts that come from a tensor may have to be read first.
      if (match.data instanceof StringTensor && !match.data.known) return undefined;
      out.push(textArray(where, match));
      continue;
    }
    const host = readyHostArray(where, match.data as ArrayData, match.expectation);
    if (host === undefined) return undefined;
    out.push({ label: match.expectation.label, host });
  }
  return out;
}
