import { beforeAll, describe, expect, it } from "vitest";
import { callbacks, errors, layers, ops, optimizers, Sequential, setBackend, setRandomSeed, type Tensor, tensor } from "../index.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

const x = ops.reshape(ops.arange(0, 16, { dtype: "float32" }), [16, 1]);
const y = ops.multiply(x, 2);

function line(learningRate = 0.01): Sequential {
  setRandomSeed(3);
  const model = new Sequential({
    layers: [
      layers.Dense({ units: 4, inputDim: 1, name: "hidden" }),
      layers.Dropout({ rate: 0.25 }),
      layers.Dense({ units: 1, name: "head" }),
    ],
  });
  model.compile({ optimizer: optimizers.Adam({ learningRate }), loss: "mse" });
  return model;
}

describe("LearningRateFinder", () => {
  it("tries a geometric sequence of rates until the loss explodes, and leaves everything as it was", async () => {
    const model = line();
    const before = await Promise.all(model.variables.map((variable) => variable.data()));
    const finder = new callbacks.LearningRateFinder({ minimum: 1e-3, maximum: 1000, steps: 60 });
    await model.fit(ops.divide(x, 16), ops.divide(y, 16), { batchSize: 4, epochs: 100, verbose: 0, callbacks: [finder] });
    const rates = finder.trials.map(({ learningRate }) => learningRate);
    expect(rates.length).toBeGreaterThan(10);
    expect(rates.length).toBeLessThan(60);
    for (let i = 1; i < rates.length; i++) expect(rates[i]! / rates[i - 1]!).toBeCloseTo(1e6 ** (1 / 59), 6);
    expect(finder.suggestion).toBeGreaterThan(1e-3);
    expect(finder.suggestion).toBeLessThan(rates.at(-1)!);
    expect(await Promise.all(model.variables.map((variable) => variable.data()))).toEqual(before);
    expect(await model.optimizer.iterations.read().item()).toBe(0);
    expect(await model.optimizer.currentLearningRate().item()).toBe(Math.fround(0.01));
    // What follows is as if nothing had happened.
    const after = await model.fit(x, y, { epochs: 2, verbose: 0, shuffle: false });
    const fresh = await line().fit(x, y, { epochs: 2, verbose: 0, shuffle: false });
    expect(after.history.loss).toEqual(fresh.history.loss);
  });

  it("suggests the rate at which the loss fell fastest", () => {
    const finder = callbacks.LearningRateFinder();
    finder.trials = [3, 2.9, 2, 1.8, 5].map((smoothed, i) => ({ learningRate: 10 ** (i - 4), loss: smoothed, smoothed }));
    expect(finder.suggestion).toBeCloseTo(1e-2, 10);
    expect(() => callbacks.LearningRateFinder().suggestion).toThrow(/fell/);
  });

  it.each([
    [{ minimum: 0 }, /range/],
    [{ minimum: 1, maximum: 0.5 }, /range/],
    [{ steps: 2 }, /steps/],
    [{ smoothing: 1 }, /smoothing/],
    [{ divergence: 1 }, /divergence/],
    [{ stepz: 4 }, /steps/],
  ])("refuses %j", (options, message) => {
    expect(() => callbacks.LearningRateFinder(options as never)).toThrow(message);
  });
});

describe("NaNOrigin", () => {
  class LogLayer extends layers.Layer {
    static override readonly className: string = "Log";
    override call(input: Tensor): Tensor {
      return ops.log(ops.subtract(input, 3.5));
    }
  }

  async function reportOf(model: Sequential, data: Tensor, target: Tensor): Promise<callbacks.NaNReport | null> {
    const reports: callbacks.NaNReport[] = [];
    const origin = callbacks.NaNOrigin({ onReport: (report) => void reports.push(report) });
    await model.fit(data, target, { batchSize: 4, epochs: 3, shuffle: false, verbose: 0, callbacks: [origin] });
    expect(reports).toEqual(origin.report === null ? [] : [origin.report]);
    return origin.report;
  }

  it("names the operation, the layer, the step and the values", async () => {
    const model = new Sequential({
      name: "net",
      layers: [layers.InputLayer({ shape: [1] }), new LogLayer({ name: "logarithm" }), layers.Dense({ units: 1 })],
    });
    model.compile({ optimizer: "sgd", loss: "mse" });
    // Batches of four; only the second one holds a number below 3.5.
    const report = await reportOf(model, tensor([4, 5, 6, 7, 8, 3, 9, 9], { shape: [8, 1] }), ops.zeros([8, 1]));
    expect(report).toMatchObject({ epoch: 0, batch: 1, source: null, layers: "net/logarithm" });
    expect(report!.finding).toMatchObject({ operation: "log", infinity: null });
    expect(report!.finding!.inputs[0]).toMatchObject({ minimum: -0.5, maximum: 5.5, nans: 0 });
    expect(report!.finding!.output.nans).toBe(1);
    expect(report!.text).toMatch(/batch 2[^]*log[^]*net\/logarithm[^]*-0\.5 to 5\.5/);
  });

  it("tells an infinity that an earlier step left behind", async () => {
    const model = new Sequential({ layers: [layers.Dense({ units: 1, inputDim: 1, useBias: false, kernelInitializer: "ones" })] });
    model.compile({ optimizer: optimizers.SGD({ learningRate: 1e30 }), loss: "mse" });
    const report = await reportOf(model, ops.full([8, 1], 1e10), ops.zeros([8, 1]));
    expect(report!.finding).toMatchObject({
      infinity: { operation: "an earlier step", scope: expect.stringMatching(/kernel$/) as string },
    });
    expect(report!.text).toMatch(/first infinity, in .*kernel/);
  });

  it("tells data and weights that hold a NaN already", async () => {
    expect(await reportOf(line(), tensor([1, 2, NaN, 4], { shape: [4, 1] }), ops.zeros([4, 1]))).toMatchObject({
      source: "the data",
      finding: null,
      batch: 0,
    });
    const model = line();
    await model.setWeights((await model.getWeights()).map((weight, i) => (i === 0 ? ops.multiply(weight, NaN) : weight)));
    expect((await reportOf(model, x, y))!.source).toMatch(/hidden\/kernel$/);
  });

  it("is silent while every loss is a number, and does not change training", async () => {
    const watched = line();
    expect(await reportOf(watched, x, y)).toBeNull();
    const free = line();
    await free.fit(x, y, { batchSize: 4, epochs: 3, shuffle: false, verbose: 0 });
    expect(await watched.weights[0]!.data()).toEqual(await free.weights[0]!.data());
    expect(() => callbacks.NaNOrigin({ onReport: "print" as never })).toThrow(/function/);
  });
});

describe("LayerStatistics", () => {
  it("keeps activations, gradients and weights of every layer, and changes nothing", async () => {
    setRandomSeed(1);
    const model = new Sequential({
      layers: [
        layers.Dense({ units: 2, inputDim: 1, useBias: false, name: "first", activation: "relu" }),
        layers.BatchNormalization({ name: "norm" }),
        layers.Dense({ units: 1, useBias: false, name: "second", kernelInitializer: "ones" }),
      ],
    });
    model.compile({ optimizer: optimizers.SGD({ learningRate: 0 }), loss: "mse" });
    await model.layers[0]!.setWeights([[[2, -1]]]);
    const before = await Promise.all(model.variables.map((variable) => variable.data()));
    const batch = tensor([1, 3], { shape: [2, 1] });
    const statistics = callbacks.LayerStatistics({ x: batch, y: ops.zeros([2, 1]), frequency: 2 });
    const frozen = callbacks.LambdaCallback({
      onEpochBegin: () => before.forEach((value, i) => model.variables[i]!.assign(tensor(value, { shape: model.variables[i]!.shape }))),
    });
    await model.fit(batch, ops.zeros([2, 1]), { epochs: 3, verbose: 0, callbacks: [frozen, statistics] });
    expect(statistics.records.map(({ epoch, layer }) => [epoch, layer])).toEqual([0, 2].flatMap((epoch) => ["first", "norm", "second"].map((layer) => [epoch, layer]))); // prettier-ignore
    const [first, , second] = statistics.records;
    // relu([1, 3] [2, -1]) = [2, 0], [6, 0]
    expect(first!.activation).toEqual({
      mean: 2,
      standardDeviation: Math.fround(Math.sqrt(6)),
      minimum: 0,
      maximum: 6,
      norm: Math.fround(Math.sqrt(40)),
      zeros: 0.5,
    });
    // The gradient of the mean of squares at the output z is 2 z / 2 = z.
    expect(second!.gradient!.norm).toBeCloseTo(second!.activation.norm, 5);
    expect(second!.weights.kernel!.norm).toBeCloseTo(Math.SQRT2, 6);
    expect(second!.weights.kernel!.gradientNorm).toBeGreaterThan(0);
    expect(Object.keys(statistics.records[1]!.weights)).toEqual(["gamma", "beta"]);
  });

  it("leaves training as it is without it", async () => {
    const run = async (extra: callbacks.Callback[]): Promise<unknown> =>
      (await line().fit(x, y, { epochs: 3, shuffle: false, verbose: 0, callbacks: extra })).history.loss;
    expect(await run([callbacks.LayerStatistics({ x, y })])).toEqual(await run([]));
  });

  it("refuses missing batches", () => {
    expect(() => callbacks.LayerStatistics({ x } as never)).toThrow(errors.ValueError);
    expect(() => callbacks.LayerStatistics({ x, y, frequency: 0 })).toThrow(/frequency/);
  });
});
