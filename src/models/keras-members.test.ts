/** What programs in Keras's manner ask of layers, models, optimizers, metrics and callbacks. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  callbacks,
  gradients,
  Input,
  layers,
  losses,
  metrics,
  Model,
  ops,
  optimizers,
  regularizers,
  Sequential,
  setBackend,
  type Tensor,
  type TensorLike,
  tensor,
  Variable,
} from "../index.ts";

beforeAll(async () => {
  await setBackend("reference");
});

const x = tensor([[1, 2], [3, 4], [5, 6], [7, 8]]); // prettier-ignore
const y = tensor([[1], [0], [1], [0]]);

describe("layers", () => {
  it("tell variables that are trained from those that are not", () => {
    const model = new Sequential([Input({ shape: [2] }), layers.BatchNormalization(), layers.Dropout({ rate: 0.5 }), layers.Dense({ units: 1 })]); // prettier-ignore
    const names = (list: readonly Variable[]): string[] => list.map(({ name }) => name);
    expect(names(model.trainableVariables)).toEqual(["gamma", "beta", "kernel", "bias"]);
    expect(names(model.nonTrainableVariables)).toEqual(["moving_mean", "moving_variance", "seed_generator_state"]);
    model.trainable = false;
    expect(model.trainableVariables).toEqual([]);
    expect(model.nonTrainableVariables).toHaveLength(7);
  });

  it("say where they stand and what their weights are", () => {
    const dense = layers.Dense({ units: 1, name: "head", dtype: "mixed_float16" });
    expect([dense.path, dense.variableDtype, dense.computeDtype]).toEqual(["head", "float32", "float16"]);
    new Sequential([Input({ shape: [2] }), dense], { name: "net" });
    expect(dense.path).toBe("net/head");
  });

  it("of a sequence give the states before its first step", async () => {
    const sequence = ops.ones([3, 4, 2]);
    for (const layer of [
      layers.LSTM({ units: 2 }),
      layers.GRU({ units: 2 }),
      layers.RNN({ cell: [layers.LSTMCell({ units: 2 }), layers.GRUCell({ units: 3 })] }),
    ]) {
      // prettier-ignore
      const initialState = layer.getInitialState(3);
      expect(await layer(sequence, { initialState }).array()).toEqual(await layer(sequence).array());
    }
    const cell = layers.LSTMCell({ units: 2 });
    const states = cell.getInitialState(3) as Tensor[];
    expect(states.map(({ shape }) => shape)).toEqual([[3, 2], [3, 2]]); // prettier-ignore
    expect(cell(ops.ones([3, 2]), states)[0].shape).toEqual([3, 2]);
  });
});

describe("a training step of one's own", () => {
  class PairedStep extends Model {
    static override readonly className = "PairedStep";
    readonly head = layers.Dense({ units: 1, activation: "sigmoid" });
    readonly mae = metrics.MeanAbsoluteError({ name: "mae" });
    override call(inputs: Tensor): Tensor {
      return this.head(inputs);
    }
    override trainStep(data: Parameters<Model["trainStep"]>[0]): ReturnType<Model["trainStep"]> {
      const [inputs, targets] = [data.x, data.y as Tensor];
      const variables = this.trainableVariables;
      const versions = variables.map((variable) => variable.read());
      const loss = losses.BinaryCrossentropy()(targets, (this as Model)(inputs, { training: true }));
      this.optimizer.applyGradients(gradients([loss], versions).map((gradient, i) => [gradient, variables[i]!]));
      this.mae.updateState(targets, (this as Model)(inputs));
      return { ...this.getMetricsResult(), bce: loss };
    }
  }

  it("applies pairs, and gives the results of the metrics", async () => {
    const model = new PairedStep();
    model.compile({ optimizer: optimizers.SGD({ learningRate: 0.1 }) });
    model.head.build([null, 2]);
    const before = await model.head.weights[0]!.array();
    const { history } = await model.fit(x, y, { epochs: 2, batchSize: 4, verbose: 0 });
    expect(Object.keys(history).sort()).toEqual(["bce", "loss", "mae"]);
    expect(await model.head.weights[0]!.array()).not.toEqual(before);
    expect(model.metricsNames).toEqual(["loss", "mae"]);
    const { mae } = model.getMetricsResult();
    expect(await mae!.item()).toBe(history.mae![1]);
  });

  it("gives results of compiled metrics once a step has made them", async () => {
    const model = new Sequential([Input({ shape: [2] }), layers.Dense({ units: 1 })]);
    model.compile({ loss: "mse", metrics: ["mae"] });
    expect(Object.keys(model.getMetricsResult())).toEqual(["loss"]);
    const logs = await model.evaluate(x, y, { verbose: 0 });
    expect(await model.getMetricsResult().mae!.item()).toBeCloseTo(logs.mae!, 6);
  });
});

describe("state", () => {
  it("is added to and taken from", async () => {
    const count = new Variable([1, 2]);
    count.assignAdd([10, 20]);
    count.assignSub(1);
    expect(await count.array()).toEqual([10, 21]);
    expect(() => count.assignAdd([1, 2, 3])).toThrow(/broadcast|shape/);
  });

  it("of a metric of one's own begins at zero", async () => {
    class Hits extends metrics.Metric {
      readonly hits = this.addWeight({ name: "hits", shape: [], initializer: "zeros" });
      constructor() {
        super("hits");
      }
      override updateState(truth: Tensor, prediction: Tensor): void {
        this.hits.assignAdd(ops.sum(ops.cast(ops.equal(truth, ops.round(prediction)), "float32")));
      }
      override result(): Tensor {
        return this.hits.read();
      }
    }
    const hits = new Hits();
    hits.updateState(tensor([1, 0, 1]), tensor([0.9, 0.2, 0.1]));
    expect(await hits.result().item()).toBe(2);
    hits.resetState();
    expect(await hits.result().item()).toBe(0);
    expect(() => hits.addVariable({ name: "a", shape: [], initializer: "ones" as never })).toThrow(/begins at zero/);
    expect(() => hits.addVariable({ name: "a", shape: [], trainable: true } as never)).toThrow(/trainable/);
  });
});

it("callbacks hear of batches by their older names", async () => {
  const heard: string[] = [];
  class Old extends callbacks.Callback {
    override onBatchBegin(batch: number): void {
      heard.push(`begin ${batch}`);
    }
    override onBatchEnd(batch: number, logs: callbacks.Logs): void {
      heard.push(`end ${batch} ${logs.loss! > 0}`);
    }
  }
  const model = new Sequential([Input({ shape: [2] }), layers.Dense({ units: 1 })]);
  model.compile({ loss: "mse" });
  await model.fit(x, y, { batchSize: 2, verbose: 0, callbacks: [new Old()] });
  expect(heard).toEqual(["begin 0", "end 0 true", "begin 1", "end 1 true"]);
});

it("a target that is no list is for the only output that has a loss", async () => {
  const inputs = Input({ shape: [2] });
  const hidden = layers.Dense({ units: 3, name: "hidden" })(inputs);
  const outputs = [hidden, layers.Dense({ units: 1, name: "head" })(hidden)];
  const model = new Model({ inputs, outputs });
  model.compile({ loss: [null, "mse"] });
  const logs = await model.evaluate(x, y, { verbose: 0 });
  expect(logs).toEqual(await model.evaluate(x, [null, y] as never, { verbose: 0 }));
  expect(logs.loss).toBeGreaterThan(0);
  model.compile({ loss: ["mse", "mse"] });
  await expect(model.evaluate(x, y, { verbose: 0 })).rejects.toThrow(/2 outputs/);
});

it("a class of one's own that data has built shows an unknown batch", async () => {
  class Scores extends Model {
    static override readonly className = "Scores";
    readonly table = layers.Embedding({ inputDim: 9, outputDim: 4 });
    readonly head = layers.Dense({ units: 1 });
    override call(inputs: Tensor): Tensor {
      return this.head(this.table(ops.take(inputs, 0, 1)));
    }
  }
  const model = new Scores();
  model.compile({ loss: "mse" });
  await model.fit(tensor([[1, 2], [3, 4], [5, 6], [7, 8]], { dtype: "int32" }), y, { verbose: 0 }); // prettier-ignore
  expect([model.table.buildShape, model.head.buildShape]).toEqual([[null], [null, 4]]);
  const lines: string[] = [];
  model.summary({ printFn: (line: string) => lines.push(line) });
  expect(lines.join("\n")).toContain("(None, 4)");
  expect(lines.join("\n")).not.toContain("211");
});

it("regularizers of one's own define what they compute, and nothing else that they need not", async () => {
  class Half extends regularizers.Regularizer {
    static override readonly className = "Half";
    override call(weight: TensorLike): Tensor {
      return ops.multiply(0.5, ops.sum(ops.abs(weight)));
    }
  }
  const dense = layers.Dense({ units: 1, kernelInitializer: "ones", kernelRegularizer: new Half(), inputDim: 2 });
  const model = new Sequential([dense]);
  expect(await model.losses[0]!.item()).toBe(1);
  expect(new Half().getConfig()).toEqual({});
});

it("a model whose steps say everything needs no call", async () => {
  class Pair extends Model {
    static override readonly className = "Pair";
    readonly maker = new Sequential([Input({ shape: [2] }), layers.Dense({ units: 1 })]);
    readonly error = metrics.Mean({ name: "error" });
    override trainStep(data: Parameters<Model["trainStep"]>[0]): ReturnType<Model["trainStep"]> {
      const made = this.maker(data.x);
      const weights = this.maker.trainableWeights;
      const distance = ops.mean(ops.square(data.y === null ? made : ops.subtract(made, data.y as Tensor)));
      this.optimizer.apply(gradients([distance], weights.map((weight) => weight.read())), weights); // prettier-ignore
      this.error.updateState(distance);
      return { error: this.error.result() };
    }
  }
  const pair = new Pair();
  pair.compile({ optimizer: optimizers.SGD({ learningRate: 0.01 }) });
  for (const targets of [y, null]) {
    const { history } = await pair.fit(x, targets, { epochs: 3, verbose: 0 });
    expect(history.error![2]).toBeLessThan(history.error![0]!);
  }
  await expect(pair.predict(x)).rejects.toThrow(/does not say what it computes/);
});

it("a training step of one's own does what it likes with the compiled loss and with missing targets", async () => {
  class Restores extends Sequential {
    static override readonly className = "Restores";
    readonly error: metrics.Mean = metrics.Mean({ name: "error" });
    override trainStep(data: Parameters<Model["trainStep"]>[0]): ReturnType<Model["trainStep"]> {
      expect(data.y).toBe(null);
      const loss = (this.loss as losses.Loss)(data.x, (this as Model)(data.x));
      this.error.updateState(loss);
      return { error: this.error.result() };
    }
  }
  const model = new Restores([Input({ shape: [2] }), layers.Dense({ units: 2 })]);
  expect(model.loss).toBe(null);
  const loss: losses.MeanAbsoluteError = losses.MeanAbsoluteError();
  model.compile({ loss });
  expect(model.loss).toBe(loss);
  const { history } = await model.fit(x, null, { verbose: 0 });
  expect(history.error![0]).toBeCloseTo(await loss(x, model(x)).item(), 5);
  await expect(model.evaluate(x, null, { verbose: 0 })).rejects.toThrow(/targets are missing/);
});
