import { beforeAll, describe, expect, it } from "vitest";
import { callbacks, errors, layers, ops, optimizers, Sequential, setBackend, setRandomSeed } from "../index.ts";
import { camelCaseKeys } from "../serialization/index.ts";
import { loadCases } from "../../test/keras/cases.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

function compiled(learningRate: number): Sequential {
  setRandomSeed(1);
  const model = new Sequential({ layers: [layers.Dense({ units: 1, inputDim: 1 })] });
  model.compile({ optimizer: optimizers.SGD({ learningRate }), loss: "mse" });
  return model;
}

describe("ReduceLROnPlateau", () => {
  const recorded = loadCases("callbacks").filter((entry) => entry.callback === "ReduceLROnPlateau") as unknown as {
    id: string;
    kwargs: Record<string, unknown>;
    monitor: string;
    series: number[];
    start_learning_rate: number;
    lr_used_in_epoch: number[];
  }[];

  it.each(recorded.map((entry) => [entry.id, entry] as const))("%s uses Keras's rates", async (_, entry) => {
    const model = compiled(entry.start_learning_rate);
    const callback = callbacks.ReduceLROnPlateau(camelCaseKeys(entry.kwargs));
    callback.setModel(model);
    callback.onTrainBegin();
    const used: number[] = [];
    for (const [epoch, value] of entry.series.entries()) {
      const logs: Record<string, number> = { [entry.monitor]: value };
      used.push(await model.optimizer.currentLearningRate().item());
      await callback.onEpochEnd(epoch, logs);
      expect(logs.learning_rate).toBe(used.at(-1));
    }
    expect(used.length).toBe(entry.lr_used_in_epoch.length);
    for (const [i, rate] of used.entries())
      expect(Math.abs(rate - entry.lr_used_in_epoch[i]!)).toBeLessThan(1e-6 * entry.lr_used_in_epoch[i]!);
  });

  it.each([
    [{ monitor: "other", minDelta: -0.02 }, [1, 1.01, 1.02], 0.5],
    [{ monitor: "other", minDelta: 0.02 }, [1, 1.01, 1.02], 0.125],
    [{ monitor: "my_acc" }, [1, 1.01, 1.02], 0.5],
  ])("takes a negative minDelta as Keras does, and knows by the name what no metric says: %j", async (options, series, rate) => {
    const model = compiled(0.5);
    const callback = callbacks.ReduceLROnPlateau({ factor: 0.5, patience: 1, ...options });
    callback.setModel(model);
    callback.onTrainBegin();
    for (const [epoch, value] of series.entries()) await callback.onEpochEnd(epoch, { [options.monitor]: value });
    expect(await model.optimizer.currentLearningRate().item()).toBe(rate);
  });

  it("changes the rate of a running fit, and shows it in the history", async () => {
    const model = compiled(0.5);
    const { history } = await model.fit(ops.ones([4, 1]), ops.zeros([4, 1]), {
      epochs: 4,
      verbose: 0,
      callbacks: [callbacks.ReduceLROnPlateau({ monitor: "loss", factor: 0.5, patience: 1, minDelta: 1e9, minLr: 0.2 })],
    });
    expect(history.learning_rate).toEqual([0.5, 0.5, 0.25, 0.2].map(Math.fround));
  });

  it.each([
    [{ factor: 1 }, /factor/],
    [{ factor: -1 }, /factor/],
    [{ patience: -1 }, /patience/],
    [{ mode: "maximum" }, /"max"/],
    [{ minDelta: NaN }, /minDelta/],
    [{ monitor: "" }, /monitor/],
    [{ patiance: 1 }, /patience/],
  ])("refuses %j", (options, message) => {
    expect(() => callbacks.ReduceLROnPlateau(options as never)).toThrow(message);
  });
});

describe("LearningRateScheduler", () => {
  it("sets the rate of every epoch", async () => {
    const model = compiled(0.1);
    const seen: [number, number][] = [];
    const { history } = await model.fit(ops.ones([2, 1]), ops.zeros([2, 1]), {
      epochs: 3,
      verbose: 0,
      callbacks: [
        callbacks.LearningRateScheduler((epoch, rate) => {
          seen.push([epoch, rate]);
          return epoch === 0 ? rate : rate / 2;
        }),
      ],
    });
    expect(seen).toEqual([
      [0, Math.fround(0.1)],
      [1, Math.fround(0.1)],
      [2, Math.fround(0.05)],
    ]);
    expect(history.learning_rate).toEqual([0.1, 0.05, 0.025].map(Math.fround));
  });

  it("refuses what is no schedule, what gives no rate, and optimizers with a schedule of their own", async () => {
    expect(() => callbacks.LearningRateScheduler(0.1 as never)).toThrow(/function/);
    const fit = (callback: callbacks.Callback, model = compiled(0.1)): Promise<unknown> =>
      model.fit(ops.ones([2, 1]), ops.zeros([2, 1]), { verbose: 0, callbacks: [callback] });
    await expect(fit(callbacks.LearningRateScheduler(() => NaN))).rejects.toThrow(errors.ValueError);
    const scheduled = compiled(0.1);
    const learningRate = optimizers.schedules.ExponentialDecay({ initialLearningRate: 0.1, decaySteps: 1, decayRate: 0.9 });
    scheduled.compile({ optimizer: optimizers.SGD({ learningRate }), loss: "mse" });
    await expect(
      fit(
        callbacks.LearningRateScheduler(() => 0.1),
        scheduled,
      ),
    ).rejects.toThrow(/schedule/);
  });
});

describe("SwapEMAWeights", () => {
  it("evaluates with the averages and trains on with the weights", async () => {
    setRandomSeed(1);
    const dense = layers.Dense({ units: 1, inputDim: 1, useBias: false, kernelInitializer: "ones" });
    const model = new Sequential({ layers: [dense] });
    model.compile({ optimizer: optimizers.SGD({ learningRate: 0.25, useEma: true, emaMomentum: 0.5 }), loss: "mse" });
    const during: number[] = [];
    const after: number[] = [];
    const read = async (): Promise<number> => (await dense.weights[0]!.data())[0]!;
    const note = callbacks.LambdaCallback({
      onTestBegin: async () => void during.push(await read()),
      onEpochEnd: async () => void after.push(await read()),
    });
    await model.fit(ops.ones([1, 1]), ops.zeros([1, 1]), {
      epochs: 2,
      verbose: 0,
      validationData: [ops.ones([1, 1]), ops.zeros([1, 1])],
      callbacks: [callbacks.SwapEMAWeights(), note],
    });
    // w <- w - 0.25 * 2 w: 1, 0.5, 0.25; averages begin at the first weights: 0.5, then (0.5 + 0.25) / 2.
    expect(after).toEqual([0.5, 0.25]);
    expect(during).toEqual([0.5, 0.375]);
    expect(await read()).toBe(0.375);
  });

  it("needs an optimizer that keeps averages", async () => {
    const model = compiled(0.1);
    await expect(
      model.evaluate(ops.ones([1, 1]), ops.zeros([1, 1]), { verbose: 0, callbacks: [callbacks.SwapEMAWeights()] }),
    ).rejects.toThrow(/useEma/);
  });
});
