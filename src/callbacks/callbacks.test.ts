import { beforeAll, describe, expect, it, vi } from "vitest";
import { callbacks, errors, layers, ops, Sequential, setBackend, setRandomSeed, type Tensor } from "../index.ts";
import { camelCaseKeys } from "../serialization/index.ts";
import { loadCases } from "../../test/keras/cases.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

/** A model that stands in: weights are the epoch, so that restoring can be seen. */
function standIn(): { model: callbacks.CallbackModel; weights: () => number } {
  let value = 0;
  const model: callbacks.CallbackModel = {
    name: "stand-in",
    stopTraining: false,
    getWeights: () => Promise.resolve([ops.full([], value)]),
    setWeights: async (weights: readonly Tensor[]) => void (value = await weights[0]!.item()),
    directionOf: (key) => (key.endsWith("loss") ? "down" : key.endsWith("accuracy") ? "up" : null),
  };
  return { model, weights: () => value };
}

async function run(
  callback: callbacks.EarlyStopping,
  key: string,
  series: readonly number[],
): Promise<{ epochs: number; weights: number }> {
  const { model, weights } = standIn();
  callback.setModel(model);
  callback.onTrainBegin();
  let epochs = 0;
  for (const [epoch, value] of series.entries()) {
    await model.setWeights([ops.full([], epoch)]);
    await callback.onEpochEnd(epoch, { [key]: value });
    epochs++;
    if (model.stopTraining) break;
  }
  await callback.onTrainEnd();
  return { epochs, weights: weights() };
}

describe("EarlyStopping", () => {
  it("waits for patience epochs without getting better, then restores the best weights", async () => {
    const series = [3, 2, 1, 1.5, 1.2, 0.5];
    expect(await run(callbacks.EarlyStopping({ patience: 2, restoreBestWeights: true }), "val_loss", series)).toEqual({
      epochs: 5,
      weights: 2,
    });
    expect(await run(new callbacks.EarlyStopping({ patience: 3, restoreBestWeights: true }), "val_loss", series)).toEqual({
      epochs: 6,
      weights: 5,
    });
    expect(await run(callbacks.EarlyStopping({ patience: 2 }), "val_loss", series)).toEqual({ epochs: 5, weights: 4 });
  });

  it("knows which way accuracy gets better, minDelta, baselines and warm-up", async () => {
    expect((await run(callbacks.EarlyStopping({ monitor: "accuracy", patience: 1 }), "accuracy", [0.1, 0.5, 0.4, 0.9])).epochs).toBe(3);
    expect((await run(callbacks.EarlyStopping({ monitor: "loss", patience: 1, minDelta: 0.5 }), "loss", [3, 2.8, 2.7])).epochs).toBe(2);
    expect((await run(callbacks.EarlyStopping({ monitor: "loss", patience: 2, baseline: 1 }), "loss", [3, 2, 2.5, 0.5])).epochs).toBe(3);
    expect(
      (await run(callbacks.EarlyStopping({ monitor: "loss", patience: 1, startFromEpoch: 3 }), "loss", [1, 2, 3, 4, 5, 6])).epochs,
    ).toBe(5);
    expect((await run(callbacks.EarlyStopping({ monitor: "other", mode: "max", patience: 1 }), "other", [1, NaN, 3])).epochs).toBe(2);
  });

  it("says so when there is nothing to monitor", async () => {
    await expect(run(callbacks.EarlyStopping(), "loss", [1])).rejects.toThrow(/validationData/);
    await expect(run(callbacks.EarlyStopping({ monitor: "lsos" }), "loss", [1])).rejects.toThrow(/"loss"/);
    await expect(run(callbacks.EarlyStopping({ monitor: "other" }), "other", [1])).rejects.toThrow(/mode/);
    expect(() => callbacks.EarlyStopping({ patiance: 2 } as never)).toThrow(errors.UnknownNameError);
  });

  it("restores the best weights of a real model", async () => {
    setRandomSeed(1);
    const model = new Sequential({ layers: [layers.Dense({ units: 1, inputDim: 1, useBias: false })] });
    // A rate at which the loss grows: the first epoch stays the best.
    model.compile({ optimizer: { class_name: "SGD", config: { learning_rate: 3 } }, loss: "mse" });
    const kept: Float32Array[] = [];
    const note = callbacks.LambdaCallback({ onEpochEnd: async () => void kept.push((await model.weights[0]!.data()) as Float32Array) });
    const { history } = await model.fit(ops.ones([4, 1]), ops.zeros([4, 1]), {
      epochs: 10,
      verbose: 0,
      callbacks: [note, callbacks.EarlyStopping({ monitor: "loss", patience: 2, restoreBestWeights: true })],
    });
    expect(history.loss!.length).toBe(3);
    expect(await model.weights[0]!.data()).toEqual(kept[0]);
  });
});

describe("EarlyStopping on series recorded from Keras", () => {
  const recorded = loadCases("callbacks").filter((entry) => entry.callback === "EarlyStopping") as unknown as {
    id: string;
    kwargs: Record<string, unknown>;
    monitor: string;
    series: number[];
    stopped_after_epoch: number | null;
    kernel_after_train_end: number;
  }[];
  it.each(recorded.map((entry) => [entry.id, entry] as const))("%s stops and restores where Keras does", async (_, entry) => {
    const { epochs, weights } = await run(callbacks.EarlyStopping(camelCaseKeys(entry.kwargs)), entry.monitor, entry.series);
    expect(epochs).toBe(entry.stopped_after_epoch === null ? entry.series.length : entry.stopped_after_epoch + 1);
    expect(weights).toBe(entry.kernel_after_train_end);
  });
});

describe("TerminateOnNaN", () => {
  it("ends training at the first batch whose loss is no number", async () => {
    const model = new Sequential({ layers: [layers.Dense({ units: 1, inputDim: 1 })] });
    model.compile({ loss: "mse" });
    const x = ops.concatenate([ops.ones([8, 1]), ops.full([8, 1], NaN)], 0);
    let batches = 0;
    const { history } = await model.fit(x, ops.ones([16, 1]), {
      batchSize: 4,
      shuffle: false,
      epochs: 3,
      verbose: 0,
      callbacks: [callbacks.TerminateOnNaN(), callbacks.LambdaCallback({ onTrainBatchEnd: () => void batches++ })],
    });
    expect(batches).toBe(3);
    expect(history.loss).toEqual([NaN]);
  });
});

describe("the progress bar", () => {
  const played = (terminal: boolean, verbose: 1 | 2, epochs = 2): string => {
    let text = "";
    const bar = callbacks.ProgressBar({ write: (part) => void (text += part), terminal });
    bar.setParameters({ verbose, epochs, steps: 2 });
    bar.onTrainBegin();
    bar.onEpochBegin(0);
    bar.onTrainBatchEnd(0, { accuracy: 0.5, loss: 1 });
    bar.onTrainBatchEnd(1, { accuracy: 0.25, loss: NaN });
    bar.onEpochEnd(0, { accuracy: 0.25, loss: NaN, val_loss: 0.00012345 });
    bar.onTrainEnd();
    return text;
  };

  it("is one line per epoch where output is no terminal, and shows NaN", () => {
    expect(played(false, 1)).toMatch(/^Epoch 1\/2 - 2\/2 - 0s - \d+[mu]s\/step - accuracy: 0\.2500 - loss: nan - val_loss: 1\.2345e-04\n$/);
    expect(played(true, 2)).toMatch(/^Epoch 1\/2 - 2\/2/);
    expect(played(false, 1, 1)).toMatch(/^2\/2 - /);
  });

  it("is a bar with counts, time and metrics on a terminal", () => {
    const lines = played(true, 1).split(/[\r\n]+/);

    const plain = lines.map((line) => line.replace(/\x1b\[\d+m/g, ""));
    expect(plain[0]).toBe("Epoch 1/2");
    expect(plain[1]).toMatch(/^1\/2 ━{20} \d+s .*\/step - accuracy: 0\.5000 - loss: 1\.0000$/);
    expect(plain.at(-2)).toMatch(/^2\/2 ━{20} 0s .*\/step - accuracy: 0\.2500 - loss: nan - val_loss: 1\.2345e-04 *$/);
    expect(lines.at(-2)).toContain(`\x1b[32m${"━".repeat(20)}`);
    vi.stubEnv("NO_COLOR", "1");
    const colourless = played(true, 1);
    vi.unstubAllEnvs();
    expect(colourless).not.toContain("\x1b");
    expect(colourless).toContain(`1/2 ${"━".repeat(10)}${"·".repeat(10)} `);
  });
});

describe("LambdaCallback", () => {
  it("refuses hooks that do not exist", () => {
    expect(() => callbacks.LambdaCallback({ onEpochEnds: () => undefined } as never)).toThrow(/onEpochEnd/);
  });
});
