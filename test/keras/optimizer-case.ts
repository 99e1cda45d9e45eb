/** Recorded steps of an optimizer and values of a schedule, compared with what the same ones give here. */
import { evaluate } from "../../src/backends/reference/index.ts";
import { dataTensor, Variable } from "../../src/graph/index.ts";
import * as optimizers from "../../src/optimizers/index.ts";
import { camelCaseKeys } from "../../src/serialization/index.ts";
import { type Case, closeConfig, decode, difference, revive, type StoredArray, toTensor } from "./cases.ts";
import type { RunState } from "./live-state.ts";
import type { Evaluate } from "./op-case.ts";
import { TracedState } from "./traced-state.ts";

optimizers.registerOptimizers();
const className = (entry: Case): string => entry["class_name"] as string;

/** What an optimizer differs in, or null: configuration, variables after each step, its state. */
export async function checkOptimizerCase(entry: Case, state: RunState = new TracedState()): Promise<string | null> {
  const tolerance = { rtol: 5e-5, atol: 1e-6 };
  const optimizer = optimizers.optimizerRegistry
    .classOf(className(entry))
    .fromConfig(revive(className(entry) === "LossScaleOptimizer" ? entry["config"] : entry["kwargs"]) as Record<string, unknown>);
  const problem = closeConfig(optimizer.getConfig(), entry["config"]);
  if (problem !== null) return problem;
  const variables = (entry["initial"] as StoredArray[]).map((stored, i) => {
    const { shape, data } = decode(stored);
    return new Variable(data, { shape, name: `v${i}` });
  });
  const after = entry["after_step"] as StoredArray[][];
  for (const [step, gradients] of (entry["gradients"] as StoredArray[][]).entries()) {
    await state.run(() => optimizer.apply(gradients.map(toTensor), variables));
    for (const [i, variable] of variables.entries()) {
      const wrong = difference(await state.value(variable), after[step]![i]!, tolerance);
      if (wrong !== null) return `step ${step}, variable ${i}: ${wrong}`;
    }
  }
  const slots = entry["optimizer_variables"] as { path: string; value: StoredArray }[];
  for (const [i, slot] of slots.entries()) {
    const variable = optimizer.variables[i];
    if (variable?.path !== slot.path) return `state ${i} is ${variable?.path} instead of ${slot.path}`;
    const wrong = difference(await state.value(variable), slot.value, tolerance);
    if (wrong !== null) return `${slot.path}: ${wrong}`;
  }
  if (slots.length !== optimizer.variables.length) return `${optimizer.variables.length} state variables instead of ${slots.length}`;
  if (entry["after_finalize"] !== undefined) {
    await state.run(() => optimizer.finalizeVariableValues());
    for (const [i, variable] of variables.entries()) {
      const wrong = difference(await state.value(variable), (entry["after_finalize"] as StoredArray[])[i]!, tolerance);
      if (wrong !== null) return `after the last step, variable ${i}: ${wrong}`;
    }
  }
  return null;
}

/** What a schedule differs in, or null: configuration, values. */
export async function checkScheduleCase(entry: Case, evaluateOn: Evaluate = evaluate): Promise<string | null> {
  const tolerance = { rtol: 2e-6, atol: 1e-6 };
  const { scheduleRegistry, serialize, deserialize } = optimizers.schedules;
  const schedule = scheduleRegistry.classOf(className(entry)).fromConfig(camelCaseKeys(entry["kwargs"] as Record<string, unknown>));
  const again = deserialize(serialize(schedule));
  const steps = Int32Array.from(entry["steps"] as number[]);
  const [values] = await evaluateOn([again(dataTensor(steps, [steps.length], "int32"))]);
  return closeConfig(schedule.getConfig(), entry["config"]) ?? difference(values!, entry["values"] as StoredArray, tolerance);
}
