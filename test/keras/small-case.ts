/** Recorded activations, regularizers and constraints, compared with what the same ones give here. */
import * as activations from "../../src/activations/index.ts";
import { gradients } from "../../src/autodiff/index.ts";
import { evaluate } from "../../src/backends/reference/index.ts";
import * as constraints from "../../src/constraints/index.ts";
import type { Tensor } from "../../src/graph/index.ts";
import * as regularizers from "../../src/regularizers/index.ts";
import { camelCaseKeys } from "../../src/serialization/index.ts";
import { type Case, closeConfig, difference, revive, type StoredArray, toTensor } from "./cases.ts";
import type { Evaluate } from "./op-case.ts";

activations.registerActivations();
regularizers.registerRegularizers();
constraints.registerConstraints();

const className = (entry: Case): string => entry["class_name"] as string;

/** What an activation differs in, or null: values, gradient. */
export async function checkActivationCase(entry: Case, evaluateOn: Evaluate = evaluate): Promise<string | null> {
  const tolerance = { rtol: 5e-6, atol: 1e-6 };
  const activation: (x: Tensor, options?: object) => Tensor = activations.get(entry["activation"] as string);
  const x = toTensor(entry["input"] as StoredArray);
  const options = camelCaseKeys(revive(entry["kwargs"] ?? {}) as Record<string, unknown>);
  const y = Object.keys(options).length > 0 ? activation(x, options) : activation(x);
  const [gradient] = gradients([y], [x], { cotangents: [toTensor(entry["cotangent"] as StoredArray)] });
  const [value, slope] = await evaluateOn([y, gradient!]);
  const problem = difference(value!, entry["output"] as StoredArray, tolerance);
  if (problem !== null) return problem;
  const wrong = difference(slope!, entry["input_grad"] as StoredArray, {
    ...tolerance,
    skip: (entry["kinks"] ?? []) as number[],
  });
  return wrong === null ? null : `gradient: ${wrong}`;
}

/** What a regularizer differs in, or null: the penalty, its gradient, the same of a copy, the configuration. */
export async function checkRegularizerCase(entry: Case, evaluateOn: Evaluate = evaluate): Promise<string | null> {
  const tolerance = { rtol: 2e-6, atol: 1e-6 };
  const regularizer = regularizers.regularizerRegistry.classOf(className(entry)).fromConfig(entry["kwargs"] as Record<string, unknown>);
  const x = toTensor(entry["input"] as StoredArray);
  const penalty = regularizer(x);
  const again = regularizers.deserialize(regularizers.serialize(regularizer));
  const [value, slope, copy] = await evaluateOn([penalty, gradients([penalty], [x])[0]!, again(x)]);
  return (
    difference(value!, entry["output"] as StoredArray, tolerance) ??
    difference(slope!, entry["input_grad"] as StoredArray, tolerance) ??
    difference(copy!, entry["output"] as StoredArray, tolerance) ??
    closeConfig(regularizer.getConfig(), entry["config"])
  );
}

/** What a constraint differs in, or null: the weights it gives, the same of a copy, the configuration. */
export async function checkConstraintCase(entry: Case, evaluateOn: Evaluate = evaluate): Promise<string | null> {
  const tolerance = { rtol: 2e-6, atol: 1e-6 };
  const constraint = constraints.constraintRegistry.classOf(className(entry)).fromConfig(entry["kwargs"] as Record<string, unknown>);
  const w = toTensor(entry["input"] as StoredArray);
  const again = constraints.deserialize(constraints.serialize(constraint));
  const [value, copy] = await evaluateOn([constraint(w), again(w)]);
  return (
    difference(value!, entry["output"] as StoredArray, tolerance) ??
    difference(copy!, entry["output"] as StoredArray, tolerance) ??
    closeConfig(constraint.getConfig(), entry["config"])
  );
}
