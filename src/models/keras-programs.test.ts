/** What Keras's guides and examples write, as they write it. */
import { inspect } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import {
  callbacks,
  type CallOptions,
  errors,
  Input,
  Layer,
  layers,
  losses,
  metrics,
  Model,
  ops,
  optimizers,
  random,
  regularizers,
  Sequential,
  setBackend,
  type Shape,
  type StepData,
  type StepLogs,
  type Tensor,
  tensor,
  valueAndGrad,
  type Variable,
} from "../index.ts";

beforeAll(async () => {
  await setBackend("reference");
});

const x = tensor([[1, 2], [3, 4], [5, 6], [7, 8]]); // prettier-ignore
const y = tensor([[1], [0], [1], [0]]);

describe("layers of one's own", () => {
  class Linear extends Layer {
    static override readonly className = "Linear";
    w!: Variable;
    scale!: Variable;
    override build(inputShape: Shape): void {
      this.w = this.addWeight({ shape: [inputShape.at(-1)!, 3], initializer: "ones" });
      this.scale = this.addWeight({ initializer: "ones" });
    }
    override call(inputs: Tensor): Tensor {
      return ops.multiply(ops.matmul(inputs, this.w), this.scale);
    }
  }

  it("need no names of weights and no shape of a number", async () => {
    const layer = new Linear();
    expect(await layer(tensor([[1, 2]])).array()).toEqual([[3, 3, 3]]);
    expect(layer.weights.map(({ name, shape }) => [name, shape])).toEqual([["variable", [2, 3]], ["variable", []]]); // prettier-ignore
    expect(() => new Linear()(Input({ shape: [null] }))).toThrow(/needs a known shape/);
  });

  it("are given the mask that a symbolic tensor carries", () => {
    class Counter extends Layer {
      static override readonly className = "Counter";
      override call(inputs: Tensor, { mask }: { mask?: Tensor | null } = {}): Tensor {
        if (mask === null || mask === undefined) throw new Error("there is no mask");
        return ops.multiply(inputs, ops.expandDims(ops.cast(mask, "float32"), -1));
      }
    }
    const ids = Input({ shape: [null], dtype: "int32" });
    const embedded = layers.Dense({ units: 1 })(layers.Embedding({ inputDim: 10, outputDim: 4, maskZero: true })(ids));
    const model = new Model({ inputs: ids, outputs: new Counter()(embedded) });
    expect(model(tensor([[1, 0, 2]], { dtype: "int32" })).shape).toEqual([1, 3, 1]);
  });
});

describe("shapes", () => {
  it("of tensors are shapes of new ones, and an unknown extent says where it is known", () => {
    expect(random.uniform(x.shape).shape).toEqual([4, 2]);
    expect(ops.zeros([x.shape[0]!, 3]).shape).toEqual([4, 3]);
    const unknown = Input({ shape: [2] });
    for (const make of [() => ops.zeros(unknown.shape), () => random.normal(unknown.shape), () => ops.broadcastTo(x, unknown.shape)])
      expect(make).toThrow(/not known here[^]*in the call of a layer/);
    expect(() => ops.ones([1.5])).toThrow(/this is no shape/);
    expect(() => ops.reshape(x, [-2, 4])).toThrow(/one of which may be -1/);
  });
});

describe("steps of one's own", () => {
  it("differentiate by the variables that a function reads", async () => {
    class Custom extends Model {
      static override readonly className = "Custom";
      override trainStep({ x, y }: StepData): StepLogs {
        const weights = this.trainableWeights;
        const [loss, slopes] = valueAndGrad(() => this.computeLoss({ y, yPred: this(x, { training: true }) }))(weights);
        this.optimizer.apply(slopes, weights);
        for (const metric of this.metrics) {
          if (metric.name === "loss") metric.updateState(loss);
          else metric.updateState(y, this(x));
        }
        return Object.fromEntries(this.metrics.map((metric) => [metric.name, metric.result()]));
      }
    }
    const inputs = Input({ shape: [2] });
    const model = new Custom({ inputs, outputs: layers.Dense({ units: 1, kernelInitializer: "zeros" })(inputs) });
    model.compile({ optimizer: "sgd", loss: "mse", metrics: ["mae"] });
    const { history } = await model.fit(x, y, { epochs: 2, batchSize: 4, verbose: 0 });
    expect(history.loss).toHaveLength(2);
    expect(history.loss![0]).toBeCloseTo(0.5, 6);
    expect(history.mae).toHaveLength(2);
  });

  it("may give results that have numbers by name", async () => {
    class Pair extends metrics.Metric {
      static override readonly className = "Pair";
      readonly total: Variable = this.addVariable({ shape: [], name: "total" });
      constructor() {
        super("pair");
      }
      override updateState(value: Tensor): void {
        this.total.assign(ops.add(this.total, ops.sum(value)));
      }
      override result(): Record<string, Tensor> {
        return { one: this.total.read(), two: ops.multiply(this.total, 2) };
      }
    }
    class Own extends Sequential {
      static override readonly className = "Own";
      readonly pair = new Pair();
      override trainStep({ x }: StepData): StepLogs {
        this.pair.updateState(x);
        return { pair: this.pair.result(), constant: 3 } as never;
      }
    }
    const model = new Own([layers.Dense({ units: 1, inputDim: 2 })]);
    model.compile({});
    const { history } = await model.fit(x, null, { batchSize: 4, verbose: 0 });
    expect(history).toEqual({ one: [36], two: [72], constant: [3] });
  });

  it("have more than a loss to give beside gradients", async () => {
    const f = (w: Tensor, scale: number): [Tensor, { double: Tensor }] => {
      const loss = ops.sum(ops.multiply(ops.square(w), scale));
      return [loss, { double: ops.multiply(loss, 2) }];
    };
    const [[loss, aux], slope] = valueAndGrad(f, { hasAux: true })(tensor([1, 2]), 3);
    expect([await loss.item(), await aux.double.item(), await slope.array()]).toEqual([15, 30, [6, 12]]);
    expect(() => valueAndGrad(f as unknown as (w: Tensor, scale: number) => Tensor)(tensor([1]), 1)).toThrow(/hasAux/);
  });
});

describe("callbacks of one's own", () => {
  it("know the members of a model, and of their own model", async () => {
    const seen: unknown[] = [];
    class Noting extends callbacks.Callback {
      override async onEpochBegin(): Promise<void> {
        seen.push(await this.model.optimizer.learningRate.item(), this.model.getLayer(0).name);
        this.model.optimizer.learningRate = 0.25;
      }
    }
    class Named extends Sequential {
      static override readonly className = "Named";
      readonly mark = 7;
    }
    class OfNamed extends callbacks.Callback<Named> {
      override onTrainEnd(): void {
        seen.push(this.model.mark);
      }
    }
    const model = new Named([layers.Dense({ units: 1, name: "head", inputDim: 2 })]);
    model.compile({ optimizer: optimizers.SGD({ learningRate: 0.5 }), loss: losses.MeanSquaredError() });
    await model.fit(x, y, { epochs: 2, verbose: 0, callbacks: [new Noting(), new OfNamed()] });
    expect(seen).toEqual([0.5, "head", 0.25, "head", 7]);
  });

  it("read the present rate of a schedule", async () => {
    const schedule = optimizers.schedules.ExponentialDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 0.5 });
    const optimizer = optimizers.SGD({ learningRate: schedule });
    expect([await optimizer.learningRate.item(), optimizer.learningRateSchedule]).toEqual([0.5, schedule]);
    expect(optimizers.SGD().learningRateSchedule).toBeNull();
  });
});

describe("short forms", () => {
  it("of seeds and factors", async () => {
    const draw = async (seed: random.SeedGenerator): Promise<unknown> => random.uniform([2], { seed }).array();
    expect(await draw(random.SeedGenerator(3))).toEqual(await draw(random.SeedGenerator({ seed: 3 })));
    expect(regularizers.l2(0.5).getConfig()).toEqual({ l2: 0.5 });
    expect(regularizers.l1L2({ l1: 0.5 })).toBeInstanceOf(regularizers.L1L2);
  });

  it("of what is printed", () => {
    const layer = layers.Dense({ units: 1, name: "head" });
    expect(inspect([Input({ shape: [3] }), tensor([1, 2]), layer])).toBe(
      '[ Tensor(float32 [null, 3]), Tensor(float32 [2]), Dense "head" ]',
    );
  });

  it("of masks that nobody gives", async () => {
    const embedding = layers.Embedding({ inputDim: 4, outputDim: 2, maskZero: true });
    expect(await embedding.computeMask(tensor([[1, 0]], { dtype: "int32" }))!.array()).toEqual([[true, false]]);
    const options: CallOptions = { training: null };
    expect(layers.Dropout({ rate: 0.5 })(x, options).shape).toEqual([4, 2]);
  });
});

describe("data, losses and metrics of one's own", () => {
  it("a step may take other data than the model", async () => {
    class Pairs extends Model {
      static override readonly className = "Pairs";
      override trainStep({ x }: StepData): StepLogs {
        const [loss, slopes] = valueAndGrad(() => ops.mean(ops.square(ops.subtract(this(ops.take(x, 0, 1)), this(ops.take(x, 1, 1))))))(
          this.trainableWeights,
        );
        this.optimizer.apply(slopes, this.trainableWeights);
        return { loss };
      }
    }
    const inputs = Input({ shape: [2] });
    const model = new Pairs({ inputs, outputs: layers.Dense({ units: 1 })(inputs) });
    model.compile({ optimizer: "sgd" });
    const { history } = await model.fit(random.normal([4, 2, 2], { seed: 1 }), null, { verbose: 0 });
    expect(history.loss).toHaveLength(1);
    await expect(model.predict(random.normal([4, 2, 2]), { verbose: 0 })).rejects.toThrow(/wrong shape/);
  });

  it("functions take tensors, and losses are named by their class", async () => {
    const contrastive = (yTrue: Tensor, yPred: Tensor): Tensor => ops.mean(ops.multiply(yTrue, ops.square(yPred)), -1);
    class PairLoss extends losses.Loss {
      static override readonly className = "PairLoss";
      constructor(options: { name?: string } = {}) {
        super(options);
      }
      override call(yTrue: Tensor, yPred: Tensor): Tensor {
        return contrastive(yTrue, yPred);
      }
    }
    expect([new PairLoss().name, new PairLoss({ name: "mine" }).name]).toEqual(["pair_loss", "mine"]);
    const model = new Sequential([layers.Dense({ units: 1, inputDim: 2 })]);
    model.compile({ loss: contrastive, metrics: [contrastive] });
    const first = await model.evaluate(x, y, { verbose: 0 });
    expect(Object.keys(first)).toEqual(["contrastive", "loss"]);
    expect(first.contrastive).toBeCloseTo(first.loss!, 5);
    model.compile({ loss: new PairLoss() });
    expect((await model.evaluate(x, y, { verbose: 0 })).loss).toBeCloseTo(first.loss!, 5);
  });

  it("elements along an axis are picked for all others at once", async () => {
    const values = tensor([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]); // prettier-ignore
    const picked = ops.takeAlongAxis(values, tensor([[[1]], [[0]]], { dtype: "int32" }), { axis: 1 });
    expect(await picked.array()).toEqual([[[3, 4]], [[5, 6]]]); // prettier-ignore
    expect(() => ops.takeAlongAxis(values, tensor([[[1, 0, 1]]], { dtype: "int32" }), { axis: 1 })).toThrow(/do not broadcast/);
  });
});

describe("what is given wrongly", () => {
  it("to operations ends in errors that name them", () => {
    const calls: (readonly [string, () => unknown])[] = [
      ["sum", () => ops.sum([null] as never)],
      ["pad", () => (ops.pad as (x: Tensor) => unknown)(x)],
      ["einsum", () => (ops.einsum as () => unknown)()],
      ["unravelIndex", () => (ops.unravelIndex as (x: Tensor) => unknown)(x)],
      ["add", () => ops.add([1, undefined] as never, {} as never)],
    ];
    for (const [name, call] of calls) {
      expect(call, name).toThrow(errors.NablaError);
      expect(call, name).toThrow(new RegExp(`${name}: .*\n`));
    }
    // What a user's function throws is the user's.
    const own = (): Tensor => (null as unknown as { x: Tensor }).x;
    expect(() => ops.vectorizedMap(own, x)).toThrow(TypeError);
  });

  it("to compile says what a step is", () => {
    const model = new Sequential([layers.Dense({ units: 1, inputDim: 2 })]);
    model.compile({ runEagerly: false, jitCompile: "auto" });
    expect(() => model.compile({ runEagerly: true as never })).toThrow(/one program[^]*outside of fit/);
  });

  it("to metrics: null is None, and weights may be the third argument", async () => {
    const [named, third] = [metrics.MeanSquaredError(), metrics.MeanSquaredError()];
    named.updateState([[1], [2]], [[0], [0]], { sampleWeight: [1, 0] });
    third.updateState([[1], [2]], [[0], [0]], tensor([1, 0]) as never);
    third.updateState([[1], [2]], [[1], [2]], null as never);
    expect(await named.result().item()).toBe(1);
    expect(await third.result().item()).toBeCloseTo(1 / 3, 6);
    const precision = metrics.Precision();
    precision.updateState([1, 0], [1, 1], null as never);
    expect(await precision.result().item()).toBe(0.5);
  });
});
