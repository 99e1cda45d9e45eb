import { describe, expect, it } from "vitest";
import { errors, Input, layers, Model, modelFromJSON } from "../../index.ts";
import { operationCall } from "../../models/operation-registry.ts";
import { keras2Config } from "./keras2-config.ts";
import { tensorflowFunctions } from "./keras2-operations.ts";
import { keras2Training } from "./keras2-training.ts";

describe("configurations of Keras 2", () => {
  it("every function of TensorFlow's between layers is an operation that is here", () => {
    for (const { module, className } of Object.values(tensorflowFunctions))
      expect(operationCall({ module: `keras.src.ops.${module}`, class_name: className, config: {} })).toBeTypeOf("function");
  });

  it("a function that is not here is refused by its name", () => {
    const entry = { class_name: "TFOpLambda", config: { name: "tf.signal.fft", function: "signal.fft" }, inbound_nodes: [["x", 0, 0, {}]] };
    expect(() => keras2Config(entry)).toThrow(errors.UnknownNameError);
    expect(() => keras2Config(entry)).toThrow(/signal\.fft/);
    const transposing = {
      ...entry,
      config: { name: "m", function: "linalg.matmul" },
      inbound_nodes: [["x", 0, 0, { b: ["x", 0, 0], transpose_b: true }]],
    };
    expect(() => keras2Config(transposing)).toThrow(/transpose_b = true/);
  });

  it("keys of older versions have their present meaning", () => {
    const policy = { class_name: "Policy", config: { name: "mixed_float16" } };
    const initializer = {
      class_name: "VarianceScaling",
      config: { scale: 1, mode: "fan_in", distribution: "normal", seed: null, dtype: "float32" },
    };
    const converted = keras2Config({
      class_name: "Dense",
      config: { name: "d", units: 2, dtype: policy, kernel_initializer: initializer, batch_input_shape: [null, 3] },
    });
    expect(converted.config).toEqual({
      name: "d",
      units: 2,
      dtype: "mixed_float16",
      kernel_initializer: {
        class_name: "VarianceScaling",
        config: { scale: 1, mode: "fan_in", distribution: "truncated_normal", seed: null },
      },
    });
  });

  it("calls of a model within a model count from its own graph where Keras 2 did", () => {
    const inner = { class_name: "Functional", name: "inner", config: { name: "inner", layers: [], input_layers: [], output_layers: [] } };
    const input = { class_name: "InputLayer", name: "i", config: { name: "i", batch_input_shape: [null, 2] }, inbound_nodes: [] };
    const model = (output: number): unknown =>
      keras2Config({
        class_name: "Functional",
        config: {
          name: "m",
          layers: [input, { ...inner, inbound_nodes: [[["i", 0, 0, {}]], [["inner", output - 1, 0, {}]]] }],
          input_layers: [["i", 0, 0]],
          output_layers: [["inner", output, 0]],
        },
      });
    const { config } = model(2) as { config: { layers: { inbound_nodes: unknown }[]; output_layers: unknown } };
    expect(JSON.stringify(config.layers[1]!.inbound_nodes)).toContain('["inner",0,0]');
    // Keras 3 counts outputs of functional models from 1, whichever way Keras 2 counted.
    expect(config.output_layers).toEqual([["inner", 2, 0]]);
    expect((model(1) as typeof model & { config: { output_layers: unknown } }).config.output_layers).toEqual([["inner", 2, 0]]);
  });

  it("what stands in Keras 3's form already stays", () => {
    const x = Input({ shape: [3], name: "x" });
    const json = new Model({ inputs: x, outputs: layers.Dense({ units: 2, name: "d" })(x), name: "m" }).toJSON();
    expect(modelFromJSON(keras2Config(json)).toJSON()).toEqual(json);
  });

  it("rates that decayed become schedules, wrapped metrics their functions, reductions the default", () => {
    const compiled = keras2Training(
      {
        loss: { class_name: "Huber", config: { reduction: "auto", name: "h", delta: 0.5, fn: "huber" } },
        metrics: [[{ class_name: "MeanMetricWrapper", config: { name: "out_off", dtype: "float32", fn: "mean_absolute_error" } }]],
        weighted_metrics: [[null]],
        optimizer_config: { class_name: "Adam", config: { name: "Adam", lr: 0.5, decay: 0.1, epsilon: null } },
      },
      ["out"],
    );
    expect(compiled).toEqual({
      optimizer: {
        class_name: "Adam",
        config: {
          name: "Adam",
          learning_rate: {
            module: "keras.optimizers.schedules",
            class_name: "InverseTimeDecay",
            config: { initial_learning_rate: 0.5, decay_steps: 1, decay_rate: 0.1, staircase: false },
            registered_name: null,
          },
        },
      },
      loss: { class_name: "Huber", config: { name: "h", delta: 0.5 } },
      loss_weights: null,
      metrics: [[{ class_name: "mean_absolute_error", config: { name: "off" } }]],
      weighted_metrics: null,
    });
  });
});
