import { beforeAll, describe, expect, it } from "vitest";
import { cloneModel, Input, layers, Model, ops, Sequential, setBackend, tensor, type Tensor } from "../index.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});
const { Dense } = layers;

function branched(): Model {
  const inputs = Input({ shape: [4], name: "in" });
  const shared = Dense({ units: 4, activation: "tanh", name: "shared" });
  const inner = new Sequential({ name: "inner", layers: [Input({ shape: [4] }), Dense({ units: 3, name: "deep" })] });
  const outputs = layers.Add({ name: "sum" })([inner(shared(inputs)), inner(shared(shared(inputs)))]);
  return new Model({ inputs, outputs: ops.multiply(outputs, 2), name: "branched" });
}
const x = tensor([[1, -2, 3, 0.5]]);

describe("cloneModel", () => {
  it("copies functional models: shared layers, inner models and operations; weights are new", async () => {
    const model = branched();
    const copy = cloneModel(model);
    expect(copy.layers.map(({ name }) => name)).toEqual(model.layers.map(({ name }) => name));
    expect(copy.weights.map(({ path, shape }) => [path, shape])).toEqual(model.weights.map(({ path, shape }) => [path, shape]));
    expect(copy.weights.some((weight) => model.weights.includes(weight))).toBe(false);
    await copy.setWeights(await model.getWeights());
    expect(await (await copy.predict(x)).array()).toEqual(await (await model.predict(x)).array());
  });

  it("copies stacks, built or not", () => {
    const stack = new Sequential([Dense({ units: 2, inputDim: 4 }), Dense({ units: 1 })]);
    const copy = cloneModel(stack);
    expect(copy).toBeInstanceOf(Sequential);
    expect(copy.countParams()).toBe(stack.countParams());
    expect(cloneModel(new Sequential([Dense({ units: 2 })])).built).toBe(false);
  });

  it("lets a function make the layers, also those of inner models, and takes other inputs", () => {
    const seen: string[] = [];
    const cloneFunction = (layer: layers.Layer): layers.Layer => {
      seen.push(layer.name);
      const config = layer.getConfig();
      if (layer.className === "Dense" && layer.name === "deep") return Dense({ units: 5, name: "wide" });
      return (layer.constructor as unknown as { fromConfig(config: object): layers.Layer }).fromConfig(config);
    };
    const copy = cloneModel(branched(), { cloneFunction, recursive: true, inputTensors: Input({ shape: [4], name: "other" }) });
    expect(seen).toContain("deep");
    expect((copy.outputs as Tensor).shape).toEqual([null, 5]);
    seen.length = 0;
    cloneModel(branched(), { cloneFunction });
    expect(seen).toContain("inner");
    expect(seen).not.toContain("deep");
  });

  it("says what cannot be copied", () => {
    class Own extends Model {
      static override readonly className = "Own";
      override call(inputs: Tensor): Tensor {
        return inputs;
      }
    }
    expect(cloneModel(new Own())).toBeInstanceOf(Own);
    expect(() => cloneModel(new Own(), { cloneFunction: (layer) => layer })).toThrow(/class of its own/);
    expect(() => cloneModel(branched(), { cloneFunction: () => 3 as never })).toThrow(/must give a layer/);
    expect(() => cloneModel(branched(), { inputTensors: [x, x] })).toThrow(/do not fit/);
  });
});

describe("the configuration of compile", () => {
  it("compiles another model in the same way, the optimizer's state made", () => {
    const model = branched();
    expect(model.getCompileConfig()).toBeNull();
    model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae", "accuracy"], lossWeights: [2] });
    const config = JSON.parse(JSON.stringify(model.getCompileConfig())) as Record<string, unknown>;
    const copy = cloneModel(model);
    copy.compileFromConfig(config);
    expect(copy.getCompileConfig()).toEqual(config);
    expect(copy.optimizer).not.toBe(model.optimizer);
    expect(copy.optimizer.variables.length).toBe(2 + 2 * copy.trainableWeights.length);
    expect(() => copy.compileFromConfig({ los: "mse" })).toThrow(/no configuration of compile/);
  });
});
