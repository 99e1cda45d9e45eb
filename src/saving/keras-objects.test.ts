import { describe, expect, it } from "vitest";
import {
  activations,
  initializers,
  Layer,
  layers,
  losses,
  metrics,
  modelFromJSON,
  ops,
  optimizers,
  regularizers,
  saving,
  Sequential,
  type Tensor,
  tensor,
} from "../index.ts";

class Halve extends Layer {
  static override readonly className = "Halve";
  override call(x: Tensor): Tensor {
    return ops.divide(x, 2);
  }
}

describe("Keras's JSON of any object", () => {
  it("comes back as an object of the same class with the same configuration", () => {
    const objects = [
      layers.Dense({ units: 3, activation: "relu", kernelRegularizer: "l2" }),
      new Sequential([layers.Dense({ units: 2, inputDim: 3 })]),
      losses.Huber({ delta: 2 }),
      metrics.Precision({ thresholds: 0.3 }),
      optimizers.Adam({
        learningRate: optimizers.schedules.ExponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5 }),
      }),
      optimizers.schedules.CosineDecay({ initialLearningRate: 0.1, decaySteps: 10 }),
      initializers.HeNormal({ seed: 1 }),
      regularizers.L1L2({ l1: 0.1, l2: 0.2 }),
      layers.dtypePolicyOf("test", "mixed_bfloat16"),
      layers.LocalResponseNormalization({ depthRadius: 2 }),
      losses.Logistic({ reduction: "sum" }),
      metrics.Perplexity({ fromLogits: true }),
    ];
    for (const object of objects) {
      const json = saving.serializeKerasObject(object) as { class_name: string };
      const text = JSON.parse(JSON.stringify(json)) as unknown;
      const back = saving.deserializeKerasObject(text);
      expect((back as object).constructor).toBe((object as object).constructor);
      expect(saving.serializeKerasObject(back)).toEqual(json);
    }
  });

  it("names what Keras lacks by the package of nabla, and reads it under Keras's modules too", () => {
    const json = losses.serialize(losses.Exponential({ name: "boost" }));
    expect(json).toMatchObject({ module: "nabla.losses", class_name: "Exponential", registered_name: "nabla>Exponential" });
    const old = { ...json, module: "keras.losses", registered_name: null };
    for (const read of [losses.deserialize(old), saving.deserializeKerasObject(old)])
      expect((read as losses.ExponentialLoss).name).toBe("boost");
    expect(metrics.serialize(metrics.Perplexity())).toMatchObject({ module: "nabla.metrics", registered_name: "nabla>Perplexity" });
    class Steeper extends losses.Exponential {
      static override readonly className: string = "Steeper";
    }
    expect(losses.serialize(new Steeper())).toMatchObject({ module: null, registered_name: "Steeper" });
  });

  it("goes through lists and objects, and keeps plain data, tensors and functions", async () => {
    const given = { a: [1, "two", null], loss: losses.MeanSquaredError(), act: activations.relu };
    const json = saving.serializeKerasObject(given) as Record<string, unknown>;
    expect(json.a).toEqual([1, "two", null]);
    expect(json.act).toMatchObject({ class_name: "function", config: "relu" });
    const back = saving.deserializeKerasObject(json) as typeof given;
    expect(back.act).toBe(activations.relu);
    expect(back.loss).toBeInstanceOf(losses.Loss);
    const table = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(saving.serializeKerasObject(table)).toEqual({
      class_name: "__tensor__",
      config: {
        value: [
          [1, 2],
          [3, 4],
        ],
        dtype: "float32",
      },
    });
    expect(await (saving.deserializeKerasObject(saving.serializeKerasObject(table)) as Tensor).array()).toEqual(await table.array());
    expect(() => saving.serializeKerasObject(table.add(1))).toThrow(/not been computed/);
    expect(() => saving.serializeKerasObject(new Map())).toThrow(/no configuration/);
    expect(() => saving.deserializeKerasObject({ module: "mine", class_name: "Unknown", config: {} })).toThrow(/nobody knows/);
  });
});

describe("registered names", () => {
  it("are found by Keras's names: a decorator, a name, an object, a scope that closes with its block", () => {
    class Third extends Layer {
      static override readonly className = "Third";
      override call(x: Tensor): Tensor {
        return ops.divide(x, 3);
      }
    }
    expect(saving.getRegisteredName(Third)).toBe("Third");
    expect(saving.registerKerasSerializable({ package: "parts" })(Third)).toBe(Third);
    expect(saving.getRegisteredName(Third)).toBe("parts>Third");
    expect(saving.getRegisteredObject("parts>Third")).toBe(Third);
    expect(saving.getRegisteredObject("Halve")).toBeNull();
    expect(saving.getRegisteredObject("Halve", { customObjects: { Halve } })).toBe(Halve);
    const json = new Sequential([layers.Dense({ units: 2, inputDim: 3 }), new Halve()]).toJSON();
    expect(() => modelFromJSON(json)).toThrow(/Halve/);
    {
      using scope = new saving.CustomObjectScope({ Halve });
      expect(modelFromJSON(json).layers.at(-1)).toBeInstanceOf(Halve);
      expect(scope.customObjects).toEqual({ Halve });
    }
    expect(() => modelFromJSON(json)).toThrow(/Halve/);
    expect(saving.deserializeKerasObject(saving.serializeKerasObject(new Halve()), { customObjects: { Halve } })).toBeInstanceOf(Halve);
  });
});
