import { beforeAll, describe, expect, it } from "vitest";
import {
  callbacks,
  Input,
  jit,
  layers,
  metrics,
  Model,
  ops,
  optimizers,
  Sequential,
  setBackend,
  setRandomSeed,
  tensor,
  type Tensor,
  valueAndGrad,
  type Variable,
} from "../index.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});
const { Dense } = layers;
const quiet = { verbose: 0 } as const;
const x = tensor(
  Float32Array.from({ length: 32 }, (_, i) => Math.sin(i * 1.3)),
  { shape: [16, 2] },
);
const y = tensor(
  Float32Array.from({ length: 16 }, (_, i) => Math.sin(2 * i * 1.3) - Math.sin((2 * i + 1) * 1.3)),
  { shape: [16, 1] },
);
function regressor(): Sequential {
  setRandomSeed(11);
  return new Sequential([Dense({ units: 4, activation: "tanh", inputDim: 2, name: "hidden" }), Dense({ units: 1, name: "out" })]);
}

describe("training without fit", () => {
  it("by valueAndGrad and an optimizer in a jitted function goes fit's way", async () => {
    const fitted = regressor();
    fitted.compile({ optimizer: optimizers.Adam({ learningRate: 0.02 }), loss: "mse" });
    const { history } = await fitted.fit(x, y, { ...quiet, epochs: 4, batchSize: 16, shuffle: false });

    const model = regressor();
    const optimizer = optimizers.Adam({ learningRate: 0.02 });
    const weights = model.trainableWeights;
    const step = jit((a: Tensor, b: Tensor): Tensor => {
      const loss = (_weights: readonly Variable[]): Tensor => ops.mean(ops.square(ops.subtract(model(a), b)));
      const [value, gradients] = valueAndGrad(loss)(weights);
      optimizer.apply(gradients, weights);
      return value;
    });
    for (const wanted of history.loss!) expect(await step(x, y).item()).toBeCloseTo(wanted, 5);
    const [mine, its] = [await model.getWeights(), await fitted.getWeights()];
    for (const [i, weight] of mine.entries()) {
      const other = await its[i]!.data();
      (await weight.data()).forEach((value, j) => expect(value).toBeCloseTo(other[j]!, 5));
    }
  });
});

describe("models of one's own", () => {
  it("hold metrics that are reset with each epoch and shown in the logs", async () => {
    class Tracked extends Model {
      static override readonly className = "Tracked";
      readonly head = Dense({ units: 1 });
      readonly seen = metrics.Sum({ name: "seen" });
      override call(inputs: Tensor): Tensor {
        this.seen.updateState(ops.ones([inputs.dim(0)]));
        return this.head(inputs);
      }
    }
    const model = new Tracked();
    model.compile({ loss: "mse" });
    const { history } = await model.fit(x, y, { ...quiet, epochs: 2, batchSize: 8 });
    expect(history.seen).toEqual([16, 16]);
    expect(model.metrics.map(({ name }) => name)).toEqual(["loss", "seen"]);
  });

  it("override the steps: what trainStep, testStep and predictStep give is what fit, evaluate and predict give", async () => {
    class Own extends Sequential {
      static override readonly className = "Own";
      override trainStep(data: Parameters<Model["trainStep"]>[0]): ReturnType<Model["trainStep"]> {
        const { loss } = super.trainStep(data);
        return { twice: ops.multiply(loss!, 2) };
      }
      override testStep(): ReturnType<Model["testStep"]> {
        return { seven: ops.convertToTensor(7) };
      }
      override predictStep({ x: inputs }: Parameters<Model["predictStep"]>[0]): unknown {
        return ops.negative(super.predictStep({ x: inputs, y: null, sampleWeight: null }) as Tensor);
      }
    }
    const model = new Own([Dense({ units: 1, inputDim: 2 })]);
    model.compile({ loss: "mse" });
    const before = (await (await model.predict(x)).data()).map((value) => -value);
    const wanted = await model(x).data();
    before.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 6));
    const { history } = await model.fit(x, y, { ...quiet, validationData: [x, y] });
    expect(Object.keys(history).sort()).toEqual(["twice", "val_seven"]);
    expect(history.val_seven).toEqual([7]);
  });

  it("override computeLoss, and train on losses that layers add alone", async () => {
    class Penalised extends layers.Layer {
      static override readonly className = "Penalised";
      readonly inner = Dense({ units: 1, useBias: false, kernelInitializer: "ones" });
      override call(inputs: Tensor): Tensor {
        const output = this.inner(inputs);
        this.addLoss(ops.mean(ops.square(output)));
        return output;
      }
    }
    const inputs = Input({ shape: [2] });
    const model = new Model({ inputs, outputs: new Penalised()(inputs) });
    model.compile({ optimizer: optimizers.SGD({ learningRate: 0.1 }) });
    const { history } = await model.fit(x, null, { ...quiet, epochs: 3, batchSize: 16 });
    expect(history.loss![2]).toBeLessThan(history.loss![0]!);

    class Doubled extends Sequential {
      static override readonly className = "Doubled";
      override computeLoss(data: Parameters<Model["computeLoss"]>[0]): Tensor {
        return ops.multiply(super.computeLoss(data), 2);
      }
    }
    const [plain, doubled] = [
      new Sequential([Dense({ units: 1, kernelInitializer: "ones", inputDim: 2 })]),
      new Doubled([Dense({ units: 1, kernelInitializer: "ones", inputDim: 2 })]),
    ];
    for (const each of [plain, doubled]) each.compile({ loss: "mse" });
    const [a, b] = [await plain.evaluate(x, y, quiet), await doubled.evaluate(x, y, quiet)];
    expect(b.loss).toBeCloseTo(2 * a.loss!, 5);
  });
});

describe("what is not trainable", () => {
  it("stays as it is once the model is compiled, and an old optimizer says so", async () => {
    const model = regressor();
    const frozen = model.getLayer("hidden");
    frozen.trainable = false;
    model.compile({ optimizer: "adam", loss: "mse" });
    const before = await frozen.weights[0]!.data();
    const head = await model.getLayer("out").weights[0]!.data();
    await model.fit(x, y, quiet);
    expect(await frozen.weights[0]!.data()).toEqual(before);
    expect(await model.getLayer("out").weights[0]!.data()).not.toEqual(head);
    frozen.trainable = true;
    // Another shape of the data is traced anew: with weights that the optimizer does not know.
    await expect(model.trainOnBatch([[1, 2]], [[1]])).rejects.toThrow(/compile the model again/);
    model.compile({ optimizer: "adam", loss: "mse" });
    await model.fit(x, y, quiet);
    expect(await frozen.weights[0]!.data()).not.toEqual(before);
  });
});

it("optimizers average weights at the end of fit, and accumulate gradients over steps", async () => {
  const averaged = regressor();
  averaged.compile({ optimizer: optimizers.SGD({ learningRate: 0.1, useEma: true, emaMomentum: 0.5 }), loss: "mse" });
  const during: number[] = [];
  const watch = new callbacks.LambdaCallback({ onTrainBatchEnd: async () => void during.push((await averaged.weights[0]!.data())[0]!) });
  await averaged.fit(x, y, { ...quiet, epochs: 1, batchSize: 8, shuffle: false, callbacks: [watch] });
  expect((await averaged.weights[0]!.data())[0]).toBeCloseTo((during[0]! + during[1]!) / 2, 5);

  const [two, one] = [regressor(), regressor()];
  two.compile({ optimizer: optimizers.SGD({ learningRate: 0.1, gradientAccumulationSteps: 2 }), loss: "mse" });
  one.compile({ optimizer: optimizers.SGD({ learningRate: 0.1 }), loss: "mse" });
  await two.fit(x, y, { ...quiet, batchSize: 8, shuffle: false });
  await one.fit(x, y, { ...quiet, batchSize: 16, shuffle: false });
  const [a, b] = [await two.weights[0]!.data(), await one.weights[0]!.data()];
  a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 5));
});

it("sample weights reach a model that takes no targets", async () => {
  class Weighted extends Sequential {
    static override readonly className = "Weighted";
    override computeLoss({ sampleWeight, yPred }: Parameters<Model["computeLoss"]>[0]): Tensor {
      return ops.mean(ops.multiply(ops.reshape(yPred as Tensor, [-1]), sampleWeight as Tensor));
    }
  }
  const model = new Weighted([Dense({ units: 1, useBias: false, kernelInitializer: "ones", inputDim: 1 })]);
  model.compile({ optimizer: "sgd" });
  expect((await model.testOnBatch([[1], [2]], null, { sampleWeight: [3, 5] })).loss).toBeCloseTo((3 + 10) / 2, 6);
});
