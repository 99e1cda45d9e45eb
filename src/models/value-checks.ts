/** Checks of the values of every batch, and weights of samples. */
import { ValueError } from "../errors.ts";
import type { HostValues } from "../graph/index.ts";
import { checkClassNumbers, matchSlots, type Match, type Slot } from "./data-binding.ts";
import type { DataPlan, TrainingData } from "./training-data.ts";

/** Refuses values of one array of a batch. */
export type ValueCheck = (host: HostValues) => void;

/** What has to be checked of every batch although it is laid out like `data`; one entry per array of `stepArrays`. */
export function valueChecks(where: string, plan: DataPlan, data: TrainingData): (ValueCheck | null)[] {
  const targets = data.targets.flatMap((target, index): (ValueCheck | null)[] => {
    if (target === null) return [];
    const classes = plan.outputs[index]!.shape?.at(-1);
    if (plan.loss?.kindOf(index) !== "classNumbers" || typeof classes !== "number") return [null];
    const ignored = plan.loss.ignoredClass(index);
    return [(host) => checkClassNumbers(where, { label: target.label, host }, classes, ignored)];
  });
  const weights = data.weights.flatMap((weight): ValueCheck[] => (weight === null ? [] : [(host) => checkWeights(where, host)]));
  return [...data.inputs.map(() => null), ...targets, ...weights];
}

/** Weights of samples are numbers from 0. Throws ValueError. */
export function checkWeights(where: string, { values }: HostValues): void {
  for (let i = 0; i < values.length; i++) {
    if (values[i]! >= 0) continue;
    throw new ValueError({
      where,
      problem: "a sample weight is negative or no number",
      expected: "numbers from 0",
      received: "NaN or a negative number",
    });
  }
}

/** Weights of samples, for all outputs or, in a list or an object, by output. For `withParts`. */
export function matchWeights(where: string, plan: DataPlan, weight: unknown): (Match | null)[] {
  const perOutput = plan.outputs.length > 1 && (isList(weight) || isNamed(weight));
  const slots: Slot[] = (perOutput ? plan.outputs : plan.outputs.slice(0, 1)).map(({ name }) => ({
    name,
    shape: null,
    dtype: "float32",
  }));
  return matchSlots(where, "sample weight", weight, slots, plan.outputKeys, () => true);
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && typeof value[0] !== "number";
}

function isNamed(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
