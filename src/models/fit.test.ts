import { beforeAll, describe, expect, it, vi } from "vitest";
import { callbacks, errors, Input, layers, Model, ops, Sequential, setBackend, setRandomSeed, tensor, type Tensor } from "../index.ts";
import { platform } from "../platform/index.ts";
import { shuffled } from "../data/random-indices.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

const { Dense } = layers;

function classifier(): Sequential {
  setRandomSeed(7);
  const model = new Sequential();
  model.add(Dense({ units: 8, activation: "relu", inputDim: 2 }));
  model.add(Dense({ units: 3, activation: "softmax" }));
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  return model;
}
const count = 48;
const x = tensor(
  Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i * 2.3)),
  { shape: [count, 2] },
);
const y = tensor(
  Int32Array.from({ length: count }, (_, i) => i % 3),
  { shape: [count] },
);
const quiet = { verbose: 0 } as const;

describe("fit", () => {
  it("weighs classes where it trains, not where it validates what validationSplit keeps", async () => {
    const split = { ...quiet, validationSplit: 0.25, shuffle: false, batchSize: 12 };
    const { history } = await classifier().fit(x, y, { ...split, classWeight: { 0: 0, 1: 0, 2: 0 } });
    expect(history["loss"]).toEqual([0]);
    const untrained = await classifier().evaluate(ops.getItem(x, { start: 36 }), ops.getItem(y, { start: 36 }), {
      ...quiet,
      batchSize: 12,
    });
    expect(history["val_loss"]![0]).toBeCloseTo(untrained["loss"]!, 6);
  });

  it("callbacks that watch a validation wait for it where it does not follow every epoch", async () => {
    const stopping = callbacks.EarlyStopping({ monitor: "val_loss", patience: 5 });
    const options = { ...quiet, epochs: 3, validationFreq: 2, callbacks: [stopping, callbacks.ReduceLROnPlateau({ patience: 1 })] };
    const { history } = await classifier().fit(x, y, { ...options, validationData: [x, y] });
    expect(history["val_loss"]!.length).toBe(1);
    expect(stopping.best).toBe(history["val_loss"]![0]);
    await expect(classifier().fit(x, y, options)).rejects.toThrow(/validationData/);
    const wrong = { ...options, callbacks: [callbacks.EarlyStopping({ monitor: "val_lss" })], validationData: [x, y] as const };
    await expect(classifier().fit(x, y, wrong)).rejects.toThrow(/"val_loss"/);
  });

  it("repeats exactly after setRandomSeed, and differs without", async () => {
    const run = async (): Promise<number[]> => (await classifier().fit(x, y, { ...quiet, epochs: 3, batchSize: 7 })).history.loss!;
    const first = await run();
    expect(first.length).toBe(3);
    expect(await run()).toEqual(first);
    const model = classifier();
    setRandomSeed(8);
    expect((await model.fit(x, y, { ...quiet, epochs: 3, batchSize: 7 })).history.loss).not.toEqual(first);
  });

  it("takes nested arrays and typed arrays like tensors", async () => {
    const losses = async (data: never, labels: never): Promise<number[]> =>
      (await classifier().fit(data, labels, { ...quiet, shuffle: false })).history.loss!;
    const expected = await losses(x as never, y as never);
    expect(await losses((await x.array()) as never, (await y.array()) as never)).toEqual(expected);
    expect(await losses((await x.data()) as never, (await y.data()) as never)).toEqual(expected);
    expect(await losses([x] as never, [y] as never)).toEqual(expected);
    expect(await losses(x as never, ops.reshape(y, [count, 1]) as never)).toEqual(expected);
  });

  it("goes on with stepsPerEpoch where the epoch before ended", async () => {
    const seen: number[] = [];
    const model = classifier();
    const { history } = await model.fit(x, y, {
      ...quiet,
      batchSize: 20,
      stepsPerEpoch: 2,
      epochs: 2,
      callbacks: [new callbacks.LambdaCallback({ onTrainBatchEnd: (batch) => void seen.push(batch) })],
    });
    expect(seen).toEqual([0, 1, 0, 1]);
    expect(history.loss!.length).toBe(2);
  });

  it("validates as often as it is told, with names val_...", async () => {
    const { history, epoch } = await classifier().fit(x, y, {
      ...quiet,
      epochs: 4,
      initialEpoch: 1,
      validationData: [x, y],
      validationFreq: 2,
    });
    expect(epoch).toEqual([1, 2, 3]);
    expect(history.val_loss!.length).toBe(2);
    expect(Object.keys(history).sort()).toEqual(["accuracy", "loss", "val_accuracy", "val_loss"]);
  });

  it("stops when the signal is aborted and gives the history so far", async () => {
    const controller = new AbortController();
    const model = classifier();
    const { history } = await model.fit(x, y, {
      ...quiet,
      epochs: 1000,
      signal: controller.signal,
      callbacks: [new callbacks.LambdaCallback({ onEpochEnd: (epoch) => (epoch === 2 ? controller.abort() : undefined) })],
    });
    expect(history.loss!.length).toBe(3);
    expect((await model.fit(x, y, { ...quiet, epochs: 2 })).history.loss!.length).toBe(2);
  });

  it("leaves the event loop air at least every 50 ms", async () => {
    const model = classifier();
    await model.fit(x, y, { ...quiet, epochs: 1 });
    // A clock on which every step takes 20 ms.
    let now = performance.now();
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
    const tick = new callbacks.LambdaCallback({ onTrainBatchEnd: () => void (now += 20) });
    const breaths: number[] = [now];
    const macrotask = vi.spyOn(platform, "macrotask").mockImplementation(async () => {
      breaths.push(now);
      await Promise.resolve();
    });
    await model.fit(x, y, { ...quiet, epochs: 5, batchSize: 4, callbacks: [tick] });
    clock.mockRestore();
    macrotask.mockRestore();
    const gaps = breaths.slice(1).map((at, i) => at - breaths[i]!);
    expect(gaps.length).toBeGreaterThan(5);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(70);
  });

  it("runs calls on one model one after another", async () => {
    const model = classifier();
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);
    await Promise.all([
      model.fit(x, y, { ...quiet, epochs: 3 }).then(note("fit")),
      model.evaluate(x, y, quiet).then(note("evaluate")),
      model.predict(x).then(note("predict")),
    ]);
    expect(order).toEqual(["fit", "evaluate", "predict"]);
  });

  it("trains several outputs with losses, weights and metrics by name", async () => {
    const input = Input({ shape: [2] });
    const a = Dense({ units: 1, name: "a" })(input);
    const b = Dense({ units: 3, activation: "softmax", name: "b" })(input);
    const model = new Model({ inputs: input, outputs: [a, b] });
    model.compile({
      loss: { a: "mse", b: "sparse_categorical_crossentropy" },
      lossWeights: { b: 0 },
      metrics: { a: ["mae"], b: ["accuracy"] },
    });
    const target = ops.sum(x, 1, { keepdims: true } as never);
    const values = await model.evaluate(x, { a: target, b: y }, quiet);
    expect(Object.keys(values)).toEqual(["a_mae", "b_accuracy", "loss"]);
    const difference = ops.mean(ops.square(ops.subtract(target, model(x)[0]!)));
    expect(values.loss).toBeCloseTo(await difference.item(), 4);
    expect(() => model.compile({ loss: { c: "mse" } })).toThrow(/"c"/);
    expect(() => model.compile({ loss: ["mse"] })).toThrow(/outputs/);
  });

  it("takes a function as loss and metric", async () => {
    const model = classifier();
    const half = (t: Tensor, p: Tensor): Tensor => ops.mean(ops.multiply(ops.square(ops.subtract(p, ops.oneHot(t, 3))), 0.5), -1);
    model.compile({ loss: half as never, metrics: [half] });
    const values = await model.evaluate(x, y, quiet);
    expect(values.half).toBeCloseTo(values.loss!, 5);
  });

  it("moves batch statistics only where the layer may learn", async () => {
    const model = new Sequential({ layers: [layers.BatchNormalization({ inputDim: 2, name: "bn" }), Dense({ units: 1 })] });
    const bn = model.getLayer("bn");
    bn.trainable = false;
    model.compile({ loss: "mse" });
    await model.fit(x, ops.ones([count, 1]), quiet);
    expect(Array.from(await bn.weights[2]!.data())).toEqual([0, 0]);
    expect(Array.from(await bn.weights[0]!.data())).toEqual([1, 1]);
    bn.trainable = true;
    model.compile({ loss: "mse" });
    await model.fit(x, ops.ones([count, 1]), quiet);
    expect((await bn.weights[2]!.data())[0]).not.toBe(0);
  });

  it("draws other dropout masks in every step and none outside training", async () => {
    const model = new Sequential({ layers: [layers.Dropout({ rate: 0.5, seed: 4, inputDim: 1000 })] });
    const ones = ops.ones([1, 1000]);
    const [first, second] = [await model(ones, { training: true }).data(), await model(ones, { training: true }).data()];
    expect(first).not.toEqual(second);
    expect(new Set(first)).toEqual(new Set([0, 2]));
    expect(await model(ones).data()).toEqual(new Float32Array(1000).fill(1));
  });

  it("adds regularization to the loss", async () => {
    const model = new Sequential({
      layers: [Dense({ units: 1, inputDim: 2, kernelInitializer: "ones", useBias: false, kernelRegularizer: "l2" })],
    });
    model.compile({ loss: "mse" });
    const values = await model.evaluate(ops.zeros([4, 2]), ops.zeros([4, 1]), quiet);
    expect(values.loss).toBeCloseTo(0.02, 6);
  });
});

describe("before any step", () => {
  const refusals: [string, (model: Sequential) => Promise<unknown>, RegExp][] = [
    ["x and y of different lengths", (m) => m.fit(x, tensor([0, 1]), quiet), /different numbers of samples/],
    ["a wrong width", (m) => m.fit(ops.ones([4, 5]), ops.zeros([4]), quiet), /wrong shape/],
    ["labels outside the classes", (m) => m.fit(ops.ones([2, 2]), tensor([0, 3]), quiet), /outside the classes/],
    ["negative labels", (m) => m.fit(ops.ones([2, 2]), tensor([0, -1]), quiet), /outside the classes/],
    ["one-hot rows for class numbers", (m) => m.fit(ops.ones([2, 2]), ops.ones([2, 3]), quiet), /categorical_crossentropy/],
    ["empty data", (m) => m.fit(ops.zeros([0, 2]), ops.zeros([0]), quiet), /empty/],
    ["missing targets", (m) => m.fit(x, null, quiet), /targets are missing/],
    ["a promise", (m) => m.fit(Promise.resolve(x) as never, y, quiet), /await/],
    ["unknown options, with the nearest", (m) => m.fit(x, y, { ...quiet, epoch: 3 } as never), /epochs/],
    ["a batch size of zero", (m) => m.fit(x, y, { ...quiet, batchSize: 0 }), /batchSize/],
    ["a validation split of everything", (m) => m.fit(x, y, { ...quiet, validationSplit: 1 }), /validationSplit/],
    ["unknown input names", (m) => m.fit({ inptu: x }, y, quiet), /inptu/],
    ["negative sample weights", (m) => m.fit(x, y, { ...quiet, sampleWeight: ops.negative(ops.ones([count])) }), /sample weight/],
    ["class weights that are no numbers", (m) => m.fit(x, y, { ...quiet, classWeight: { a: 1 } as never }), /classWeight/],
    ["things that are no callbacks", (m) => m.fit(x, y, { ...quiet, callbacks: [{}] as never }), /callback/],
    ["a text as data", (m) => m.fit("x" as never, y, quiet), /no array/],
    ["ragged arrays", (m) => m.fit([[1, 2], [3]] as never, y, quiet), /rectangular/],
  ];
  it.each(refusals)("refuses %s", async (_, attempt, message) => {
    const model = classifier();
    const before = await Promise.all((await model.getWeights()).map((weight) => weight.data()));
    await expect(attempt(model)).rejects.toThrow(message);
    await expect(attempt(model)).rejects.toBeInstanceOf(errors.NablaError);
    expect(await Promise.all((await model.getWeights()).map((weight) => weight.data()))).toEqual(before);
    expect((await model.fit(x, y, quiet)).history.loss!.length).toBe(1);
  });

  it("refuses names that do not exist when compiling, with the nearest", () => {
    const model = classifier();
    expect(() => model.compile({ loss: "mean_sqared_error" })).toThrow(/mean_squared_error/);
    expect(() => model.compile({ loss: "mse", optimizer: "adma" })).toThrow(/adam/);
    expect(() => model.compile({ loss: "mse", metrics: ["acuracy_top"] })).toThrow(errors.UnknownNameError);
    expect(() => model.compile({ los: "mse" } as never)).toThrow(/loss/);
  });

  it("says that the model is not compiled", async () => {
    const model = new Sequential({ layers: [Dense({ units: 1, inputDim: 2 })] });
    await expect(model.fit(x, y)).rejects.toThrow(/not compiled/);
  });

  it("names the layer of an index outside an embedding, when it runs", async () => {
    const model = new Sequential({
      layers: [layers.Embedding({ inputDim: 4, outputDim: 2, name: "words" }), layers.Flatten(), Dense({ units: 1 })],
    });
    model.compile({ loss: "mse" });
    await expect(model.fit(tensor(Int32Array.of(1, 2, 9, 0), { shape: [2, 2] }), ops.zeros([2, 1]), quiet)).rejects.toThrow(/words|take/);
  });
});

describe("shuffling", () => {
  it("is a permutation that the seed and the pass decide", () => {
    const order = shuffled(100, 5, 0);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(shuffled(100, 5, 0)).toEqual(order);
    expect(shuffled(100, 5, 1)).not.toEqual(order);
  });
});
