/** A user's data made ready for steps: matched with the model, checked, weighted. */
import type { DType } from "../dtype/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { sampleCount } from "../data/array-source.ts";
import { formatShape } from "../graph/index.ts";
import { withParts } from "../parts/part.ts";
import type { CompiledLoss } from "./compile-loss.ts";
import { checkClassNumbers, checkTargetShape, matchSlots, type NamedArray, readMatches, type Slot } from "./data-binding.ts";
import { rareData } from "./parts.ts";

/** Arrays of one call of fit, evaluate, predict or a step. */
export interface TrainingData {
  readonly inputs: readonly NamedArray[];
  /** One per output of the model; null where the output has no loss and no target was given. */
  readonly targets: readonly (NamedArray | null)[];
  /** None, one for all outputs, or one per output. */
  readonly weights: readonly (NamedArray | null)[];
  /** Number of samples. */
  readonly count: number;
}

/** What the model says about its inputs and outputs. */
export interface DataPlan {
  readonly inputs: readonly Slot[];
  readonly inputKeys: readonly string[] | null;
  readonly outputs: readonly Slot[];
  readonly outputKeys: readonly string[] | null;
  readonly loss: CompiledLoss | null;
  /** Whether a class of one's own says what a training step is, and so what it needs. */
  readonly hasOwnStep: boolean;
}

/** The pieces that a user passes. */
export interface GivenData {
  readonly x: unknown;
  readonly y: unknown;
  readonly sampleWeight: unknown;
  readonly classWeight: Readonly<Record<number, number>> | null;
}

type InputPlan = Pick<DataPlan, "inputs" | "inputKeys"> & Partial<Pick<DataPlan, "hasOwnStep">>;

/** Inputs matched with the plan. For `withParts`. */
export function matchInputs(where: string, plan: InputPlan, x: unknown): ReturnType<typeof matchSlots> {
  const matches = matchSlots(where, "input", x, plan.inputs, plan.inputKeys, () => false);
  if (plan.hasOwnStep !== true) return matches;
  // What a step of one's own makes of its data, before the model sees it, is its affair.
  return matches.map((match) => match && { ...match, expectation: { ...match.expectation, anyShape: true } });
}

async function matchedInputs(where: string, plan: InputPlan, x: unknown): Promise<ReturnType<typeof matchSlots>> {
  return await withParts(() => matchInputs(where, plan, x));
}

/** Targets and weights of the plan's outputs, matched; `null` y means that the model needs none. For `withParts`. */
export function matchTargets(
  where: string,
  plan: DataPlan,
  given: GivenData,
): { targets: ReturnType<typeof matchSlots>; weights: ReturnType<typeof matchSlots> } {
  const loss = plan.loss;
  const needs = (index: number): boolean => loss !== null && loss.outputs[index]?.identifier !== null;
  const isGiven = given.y !== null && given.y !== undefined;
  if (!isGiven && !plan.hasOwnStep && plan.outputs.some((_, index) => needs(index))) {
    throw missingTargets(where);
  }
  const slots = plan.outputs.map(({ name }, index): Slot => ({ name, shape: null, dtype: targetDType(plan, index) }));
  const targets = isGiven
    ? matchSlots(where, "target", given.y, slots, plan.outputKeys, (index) => !needs(index))
    : plan.outputs.map(() => null);
  const weight = given.sampleWeight;
  if (weight === null || weight === undefined) return { targets, weights: [] };
  return { targets, weights: rareData.get().matchWeights(where, plan, weight) };
}

/** The error for a loss without targets. */
export function missingTargets(where: string): ValueError {
  return new ValueError({
    where,
    problem: "the targets are missing",
    expected: "one array of targets per output that has a loss",
    received: "none",
  });
}

/** Class numbers are int32; what a built-in loss compares is float32; a user's own loss sees the data's dtype. */
function targetDType(plan: DataPlan, output: number): DType | null {
  const kind = plan.loss?.kindOf(output) ?? "none";
  if (kind === "classNumbers") return "int32";
  return kind === "elementwise" ? "float32" : null;
}

/** Reads and checks everything before any step runs. */
export async function prepareData(where: string, plan: DataPlan, given: GivenData): Promise<TrainingData> {
  const inputs = await readMatches(where, await matchedInputs(where, plan, given.x));
  const matched = await withParts(() => matchTargets(where, plan, given));
  const targets = await readMatches(where, matched.targets);
  const weights = await readMatches(where, matched.weights);
  return await withParts(() => checked(where, plan, given, inputs as NamedArray[], targets, weights));
}

/** Inputs alone, for predictions. */
export async function prepareInputs(where: string, plan: InputPlan, x: unknown): Promise<TrainingData> {
  const inputs = (await readMatches(where, await matchedInputs(where, plan, x))) as NamedArray[];
  return { inputs, targets: [], weights: [], count: sampleCount(where, inputs) };
}

/** Everything together, with the checks that need all of it. For `withParts`. */
export function checked(
  where: string,
  plan: DataPlan,
  given: GivenData,
  inputs: NamedArray[],
  targets: (NamedArray | null)[],
  weights: (NamedArray | null)[],
): TrainingData {
  const present = (arrays: readonly (NamedArray | null)[]): NamedArray[] => arrays.filter((array) => array !== null);
  const count = sampleCount(where, [...inputs, ...present(targets), ...present(weights)]);
  targets.forEach((target, index) => {
    if (target !== null) checkTarget(where, plan, target, index);
  });
  for (const weight of present(weights)) rareData.get().checkWeights(where, weight.host);
  const classWeight = given.classWeight;
  if (classWeight === null) return { inputs, targets, weights, count };
  return { inputs, targets, weights: [rareData.get().withClassWeights(where, classWeight, targets, weights)], count };
}

function checkTarget(where: string, plan: DataPlan, target: NamedArray, index: number): void {
  const loss = plan.loss;
  const prediction = plan.outputs[index]!.shape;
  if (loss === null || prediction === null) return;
  const kind = loss.kindOf(index);
  const classes = prediction.at(-1);
  if (kind === "classNumbers") {
    const rank = target.host.shape.length;
    const fits = rank === prediction.length - 1 || (rank === prediction.length && target.host.shape.at(-1) === 1);
    if (!fits) {
      throw new ShapeError({
        where,
        problem: `the ${target.label} holds class numbers and has the wrong number of axes`,
        expected: `${formatShape(prediction.slice(0, -1))}, one class number per prediction`,
        received: formatShape(target.host.shape),
        advice: rank === prediction.length ? 'one-hot rows need the loss "categorical_crossentropy"' : "reshape the targets",
      });
    }
    if (typeof classes === "number") checkClassNumbers(where, target, classes, loss.ignoredClass(index));
  } else if (kind === "elementwise") {
    checkTargetShape(where, target, prediction, loss.nameOf(index));
  }
}
