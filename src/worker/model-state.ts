/** A model on its way between threads: its configuration, the values of its variables, the state of its optimizer. */
import type { DType, TypedArray } from "../dtype/index.ts";
import { StateError, ValueError } from "../errors.ts";
import { type ConcreteShape, dataTensor, type Variable } from "../graph/index.ts";
import { type Model, modelFromJSON } from "../models/index.ts";
import { resumeSeeds, seedState } from "../random/index.ts";
import type { Config, CustomObjects } from "../serialization/index.ts";

/** Any model. */
export type AnyModel = Model<unknown, unknown>;

/** The value of a variable. */
export interface VariableValue {
  readonly path: string;
  readonly shape: ConcreteShape;
  readonly dtype: DType;
  readonly data: TypedArray;
}

/** The values of a model's variables and, where it is compiled, of its optimizer's. */
export interface ModelValues {
  readonly variables: readonly VariableValue[];
  /** Null where the model is not compiled, or its optimizer has not begun. */
  readonly optimizer: readonly VariableValue[] | null;
}

/** A whole model. */
export interface ModelState {
  readonly json: Config;
  readonly values: ModelValues;
  /** Where the default seeds of the sender stand, so that shuffling goes on as it would there. */
  readonly seeds: readonly [seed: number, count: number];
}

/** The configuration, checked: functions cannot be sent. */
export function configOf(where: string, model: AnyModel): Config {
  if (!model.built) {
    throw new StateError({
      where,
      problem: "the weights of the model do not exist yet",
      advice: "give its first layer an inputShape, call it once, or build(inputShape)",
    });
  }
  const json = JSON.stringify(model.toJSON(), (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? { $number: String(value) } : value,
  );
  return JSON.parse(json, (_, value: unknown) =>
    typeof value === "object" && value !== null && "$number" in value ? Number(value.$number) : value,
  ) as Config;
}

/** Copies of all values. */
export async function valuesOf(model: AnyModel): Promise<ModelValues> {
  const optimizer = model.compiled && model.optimizer.built ? await Promise.all(model.optimizer.variables.map(valueOf)) : null;
  return { variables: await Promise.all(model.variables.map(valueOf)), optimizer };
}

async function valueOf(variable: Variable): Promise<VariableValue> {
  return { path: variable.path, shape: variable.shape, dtype: variable.dtype, data: await variable.data() };
}

/** The buffers of values, to be moved. */
export function buffersOf({ variables, optimizer }: ModelValues): ArrayBuffer[] {
  return [...variables, ...(optimizer ?? [])].map(({ data }) => data.buffer as ArrayBuffer);
}

/** Gives a model of the same layers the values. Throws ValueError where it has others. */
export function setValues(where: string, model: AnyModel, { variables, optimizer }: ModelValues): void {
  const assign = (targets: readonly Variable[], values: readonly VariableValue[], what: string): void => {
    const fits = targets.length === values.length && targets.every(({ shape }, i) => shape.join() === values[i]!.shape.join());
    if (!fits) {
      throw new ValueError({
        where,
        problem: `the ${what} of the two models differ`,
        expected: values.map(({ path, shape }) => `${path} [${shape.join(", ")}]`).join(", "),
        received: targets.map(({ path, shape }) => `${path} [${shape.join(", ")}]`).join(", "),
        advice: "pass a model with the same layers, or a cloneModel of it",
      });
    }
    targets.forEach((variable, i) => variable.assign(dataTensor(values[i]!.data, values[i]!.shape, values[i]!.dtype)));
  };
  assign(model.variables, variables, "weights");
  if (optimizer === null || !model.compiled) return;
  if (!model.optimizer.built) model.optimizer.build(model.trainableWeights);
  assign(model.optimizer.variables, optimizer, "states of the optimizer");
}

/** The whole model. */
export async function stateOf(where: string, model: AnyModel): Promise<ModelState> {
  return { json: configOf(where, model), values: await valuesOf(model), seeds: seedState() };
}

/** The model again, compiled as it was. */
export function modelOf({ json, values, seeds }: ModelState, customObjects: CustomObjects): AnyModel {
  const model = modelFromJSON(json, { customObjects }) as unknown as AnyModel;
  const { compile_config: compiled } = json as { compile_config?: Config };
  if (compiled !== undefined) model.compileFromConfig(compiled, customObjects);
  setValues("worker", model, values);
  resumeSeeds(seeds);
  return model;
}
