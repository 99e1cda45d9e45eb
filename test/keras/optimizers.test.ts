import { describe, expect, it } from "vitest";
import { dataTensor, type Tensor, trace, Variable } from "../../src/graph/index.ts";
import * as optimizers from "../../src/optimizers/index.ts";
import { type Case, testCases } from "./cases.ts";
import { checkOptimizerCase, checkScheduleCase } from "./optimizer-case.ts";
import { TracedState } from "./traced-state.ts";

optimizers.registerOptimizers();
const className = (entry: Case): string => entry["class_name"] as string;

describe("optimizers", () => {
  testCases("optimizers", className, (name) => optimizers.optimizerRegistry.has(name), checkOptimizerCase);

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

  it("clip the gradients of every call and decay weights in every call, also where gradients are accumulated", () => {
    const variable = new Variable([10], { name: "w" });
    const optimizer = optimizers.SGD({ learningRate: 1, weightDecay: 0.1, clipvalue: 1, gradientAccumulationSteps: 2 });
    const state = new TracedState();
    const values = [5, 0].map((gradient) => {
      state.run(() => optimizer.apply([dataTensor(Float32Array.of(gradient), [1], "float32")], [variable]));
      return state.value(variable).data[0];
    });
    expect(values).toEqual([9, Math.fround(Math.fround(9 - Math.fround(Math.fround(0.1) * 9)) - 0.5)]);
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
  const { scheduleRegistry } = optimizers.schedules;
  testCases("schedules", className, (name) => scheduleRegistry.has(name), checkScheduleCase);
});
