import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/backends/reference/index.ts";
import { dataTensor, type NdArray, type Tensor, trace, Variable } from "../../src/graph/index.ts";
import * as optimizers from "../../src/optimizers/index.ts";
import { camelCaseKeys } from "../../src/serialization/index.ts";
import { type Case, closeConfig, decode, difference, revive, type StoredArray, testCases, toTensor } from "./cases.ts";
import { TracedState } from "./traced-state.ts";

optimizers.registerOptimizers();
const className = (entry: Case): string => entry["class_name"] as string;

describe("optimizers", () => {
  const tolerance = { rtol: 5e-5, atol: 1e-6 };
  testCases(
    "optimizers",
    className,
    (name) => optimizers.optimizerRegistry.has(name),
    (entry) => {
      const optimizer = optimizers.optimizerRegistry
        .classOf(className(entry))
        .fromConfig(revive(className(entry) === "LossScaleOptimizer" ? entry["config"] : entry["kwargs"]) as Record<string, unknown>);
      const problem = closeConfig(optimizer.getConfig(), entry["config"]);
      if (problem !== null) return problem;
      const variables = (entry["initial"] as StoredArray[]).map((stored, i) => {
        const { shape, data } = decode(stored);
        return new Variable(data, { shape, name: `v${i}` });
      });
      const state = new TracedState();
      const after = entry["after_step"] as StoredArray[][];
      for (const [step, gradients] of (entry["gradients"] as StoredArray[][]).entries()) {
        state.run(() => optimizer.apply(gradients.map(toTensor), variables));
        for (const [i, variable] of variables.entries()) {
          const wrong = difference(state.value(variable), after[step]![i]!, tolerance);
          if (wrong !== null) return `step ${step}, variable ${i}: ${wrong}`;
        }
      }
      const slots = entry["optimizer_variables"] as { path: string; value: StoredArray }[];
      for (const [i, slot] of slots.entries()) {
        const variable = optimizer.variables[i];
        if (variable?.path !== slot.path) return `state ${i} is ${variable?.path} instead of ${slot.path}`;
        const wrong = difference(state.value(variable), slot.value, tolerance);
        if (wrong !== null) return `${slot.path}: ${wrong}`;
      }
      if (slots.length !== optimizer.variables.length) return `${optimizer.variables.length} state variables instead of ${slots.length}`;
      if (entry["after_finalize"] !== undefined) {
        state.run(() => optimizer.finalizeVariableValues());
        for (const [i, variable] of variables.entries()) {
          const wrong = difference(state.value(variable), (entry["after_finalize"] as StoredArray[])[i]!, tolerance);
          if (wrong !== null) return `after the last step, variable ${i}: ${wrong}`;
        }
      }
      return null;
    },
  );

  it("are found by name, and come back from their JSON", () => {
    for (const name of ["sgd", "SGD", "rmsprop", "RMSprop", "adam", "Adam", "adamw", "AdamW"]) {
      const optimizer = optimizers.get(name);
      expect(optimizer, name).toBeInstanceOf(optimizers.Optimizer);
      expect(optimizers.deserialize(optimizers.serialize(optimizer)).getConfig()).toEqual(optimizer.getConfig());
    }
    expect(() => optimizers.get("adamm")).toThrow(/"adam"/);
    expect(() => optimizers.Adam({ learning_rate: 1 } as object)).toThrow(/learningRate/);
  });

  it("keep slots of dead units away from subnormal numbers", () => {
    const variable = new Variable([1, 1], { name: "w" });
    const optimizer = optimizers.Adam();
    const state = new TracedState();
    state.run(() => optimizer.apply([dataTensor(Float32Array.of(1, 1), [2], "float32")], [variable]));
    const velocity = optimizer.variables.find((slot) => slot.name.endsWith("velocity"))!;
    const momentum = optimizer.variables.find((slot) => slot.name.endsWith("momentum"))!;
    state.set(velocity, Float32Array.of(1.0005e-30, 1e-3));
    state.set(momentum, Float32Array.of(1.05e-30, 1e-3));
    state.run(() => optimizer.apply([dataTensor(Float32Array.of(0, 0), [2], "float32")], [variable]));
    expect(Array.from(state.value(velocity).data)[0]).toBe(0);
    expect(Array.from(state.value(momentum).data)[0]).toBe(0);
    expect(Array.from(state.value(velocity).data)[1]).toBeGreaterThan(9e-4);
  });

  it("apply constraints after the update", () => {
    const variable = new Variable([1], { name: "w" });
    variable.constraint = (value: Tensor) => value.clip(0, 10);
    const state = new TracedState();
    state.run(() => optimizers.SGD({ learningRate: 1 }).apply([dataTensor(Float32Array.of(3), [1], "float32")], [variable]));
    expect(Array.from(state.value(variable).data)).toEqual([0]);
  });

  it("refuse gradients that do not fit and variables they do not know", () => {
    const [a, b] = [new Variable([1, 2], { name: "a" }), new Variable([1], { name: "b" })];
    const optimizer = optimizers.SGD();
    const gradient = dataTensor(Float32Array.of(1), [1], "float32");
    expect(() => trace(() => optimizer.apply([gradient], [a]))).toThrow(/another shape/);
    expect(() => trace(() => optimizer.apply([gradient], [b]))).toThrow(/not one that the optimizer was built for/);
    expect(() => optimizers.SGD({ clipnorm: 1, clipvalue: 1 })).toThrow(/only one/);
  });
});

describe("learning rate schedules", () => {
  const tolerance = { rtol: 2e-6, atol: 1e-6 };
  const { scheduleRegistry, serialize, deserialize } = optimizers.schedules;
  testCases(
    "schedules",
    className,
    (name) => scheduleRegistry.has(name),
    (entry) => {
      const schedule = scheduleRegistry.classOf(className(entry)).fromConfig(camelCaseKeys(entry["kwargs"] as Record<string, unknown>));
      const again = deserialize(serialize(schedule));
      const steps = Int32Array.from(entry["steps"] as number[]);
      const value = (step: Tensor): NdArray => evaluate([again(step)])[0]!;
      return (
        closeConfig(schedule.getConfig(), entry["config"]) ??
        difference(value(dataTensor(steps, [steps.length], "int32")), entry["values"] as StoredArray, tolerance)
      );
    },
  );
});
