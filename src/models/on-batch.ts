/** Single steps on one batch. */
import { type ConcreteShape, dataTensor, flattenTree, type HostValues, unflattenTree } from "../graph/index.ts";
import type { BatchOptions } from "./fit-options.ts";
import type { Model } from "./model.ts";
import { preparedInputs } from "./model-data.ts";
import { preparedSoon } from "./ready-data.ts";
import { stepArrays } from "./step-arrays.ts";
import type { GivenData, TrainingData } from "./training-data.ts";

type AnyModel = Model<unknown, unknown>;

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

/** `Model.predictOnBatch`; `airAfter` gives the event loop air. */
export async function predictOnBatch(model: AnyModel, x: unknown, airAfter: (bytes: number) => Promise<void>): Promise<unknown> {
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
