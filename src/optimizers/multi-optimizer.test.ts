import { beforeAll, describe, expect, it } from "vitest";
import { layers, loadModel, optimizers, saving, Sequential, setBackend, setRandomSeed, tensor, Variable } from "../index.ts";

beforeAll(() => setBackend("reference"));

const { Adam, LossScaleOptimizer, MultiOptimizer, OptimizerMap, SGD } = optimizers;
const variable = (path: string): Variable => new Variable([1, 2], { name: path.split("/").at(-1)!, path });

describe("OptimizerMap", () => {
  it("finds the optimizer of a whole path before it looks for expressions", () => {
    const [exact, all, rest] = [Adam(), SGD(), Adam()];
    const map = OptimizerMap(rest, { optimizerMap: { "encoder/dense/kernel": exact, "encoder/.*": all } });
    expect([map.get("encoder/dense/kernel"), map.get("encoder/dense/bias"), map.get("encoder"), map.get("my/encoder/bias")]).toEqual([
      exact,
      all,
      rest,
      rest,
    ]);
  });

  it("refuses a variable that several keys match, keys that are set, expressions that are none", () => {
    const map = OptimizerMap(SGD(), { optimizerMap: { "a/.*": SGD(), ".*/b": SGD() } });
    expect(() => map.get("a/b")).toThrow(/several keys match/);
    expect(() => map.set("a/.*", SGD())).toThrow(/set already/);
    expect(() => map.set("(", SGD())).toThrow(/regular expression/);
    expect(() => OptimizerMap({} as never)).toThrow(/no optimizer/);
  });
});

describe("MultiOptimizer", () => {
  it("is read back with the rates and the state of each", async () => {
    const model = new Sequential([layers.Dense({ units: 2, inputDim: 2, name: "a" }), layers.Dense({ units: 1, name: "b" })]);
    const map = OptimizerMap(SGD({ learningRate: 0.25 }), { optimizerMap: { "a/.*": Adam({ learningRate: 0.125 }) } });
    model.compile({ optimizer: MultiOptimizer(map), loss: "mse" });
    await model.trainOnBatch([[1, 2]], [[3]]);
    const bytes = await saving.toBytes(model);
    const loaded = await loadModel({ name: "model.keras", read: () => Promise.resolve(bytes) });
    const inner = (loaded.optimizer as InstanceType<typeof MultiOptimizer>).optimizers;
    expect(inner.map((optimizer) => (optimizer.getConfig() as { learning_rate: number }).learning_rate)).toEqual([0.125, 0.25]);
    model.resetMetrics();
    expect(await loaded.trainOnBatch([[1, 2]], [[3]])).toEqual(await model.trainOnBatch([[1, 2]], [[3]]));
    expect(await loaded.weights[0]!.data()).toEqual(await model.weights[0]!.data());
  });

  it("changes each variable as its own optimizer would", async () => {
    const gradients = [tensor([0.5, -1]), tensor([2, 3])];
    const [a, b] = [variable("encoder/w"), variable("decoder/w")];
    const [c, d] = [variable("encoder/w"), variable("decoder/w")];
    const both = MultiOptimizer(OptimizerMap(SGD({ learningRate: 0.1 }), { optimizerMap: { "encoder/.*": Adam({ learningRate: 0.01 }) } }));
    const [adam, sgd] = [Adam({ learningRate: 0.01 }), SGD({ learningRate: 0.1 })];
    for (let step = 0; step < 3; step++) {
      both.apply(gradients, [a, b]);
      adam.apply([gradients[0]!], [c]);
      sgd.apply([gradients[1]!], [d]);
    }
    expect([await a.data(), await b.data()]).toEqual([await c.data(), await d.data()]);
    expect(await both.iterations.data()).toEqual(Int32Array.of(3));
    expect(both.optimizers.map(({ name }) => name)).toEqual(["adam", "SGD"]);
  });

  it("divides gradients by its loss scale, and stands still inside a LossScaleOptimizer that meets an infinite gradient", async () => {
    const w = variable("w");
    const scaled = MultiOptimizer({ optimizerMap: () => sgd, lossScaleFactor: 8 });
    const sgd = SGD({ learningRate: 1 });
    scaled.apply([tensor([8, 16])], [w]);
    expect(await w.data()).toEqual(Float32Array.of(0, 0));
    const v = variable("v");
    const outer = LossScaleOptimizer(MultiOptimizer(OptimizerMap(SGD({ learningRate: 1 }))));
    outer.apply([tensor([Infinity, 1])], [v]);
    expect(await v.data()).toEqual(Float32Array.of(1, 2));
    expect(await outer.iterations.data()).toEqual(Int32Array.of(0));
  });

  it("is read from the configuration it writes", () => {
    const both = MultiOptimizer(OptimizerMap(SGD({ learningRate: 0.5 }), { optimizerMap: { "encoder/.*": Adam() } }));
    const json = optimizers.serialize(both);
    const again = optimizers.deserialize(JSON.parse(JSON.stringify(json)) as never);
    expect(optimizers.serialize(again)).toEqual(json);
    expect(() => MultiOptimizer(() => SGD()).getConfig()).toThrow(/cannot be written/);
  });

  it("has no learning rate and holds no optimizers of its own kind", () => {
    const both = MultiOptimizer(OptimizerMap(SGD()));
    expect(() => both.learningRate).toThrow(/no one learning rate/);
    expect(() => MultiOptimizer(OptimizerMap(both))).toThrow(/cannot be one of several/);
    expect(() => MultiOptimizer(OptimizerMap(SGD({ lossScaleFactor: 2 })))).toThrow(/one for all/);
  });

  it("trains a model in one program", async () => {
    setRandomSeed(3);
    const model = new Sequential({
      layers: [layers.Dense({ units: 3, inputDim: 2, name: "first" }), layers.Dense({ units: 1, name: "last" })],
    });
    const still = SGD({ learningRate: 0 });
    model.compile({
      loss: "mse",
      optimizer: MultiOptimizer(OptimizerMap(Adam({ learningRate: 0.1 }), { optimizerMap: { ".*first/.*": still } })),
    });
    const before = await model.getWeights();
    const { history } = await model.fit(tensor([[1, 2], [3, 4]]), tensor([[1], [0]]), { epochs: 20, verbose: 0 }); // prettier-ignore
    const after = await model.getWeights();
    expect(await after[0]!.array()).toEqual(await before[0]!.array());
    expect(await after[2]!.array()).not.toEqual(await before[2]!.array());
    expect(history.loss!.at(-1)!).toBeLessThan(history.loss![0]!);
  });
});
