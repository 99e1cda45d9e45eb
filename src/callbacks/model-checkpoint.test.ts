import { describe, expect, it } from "vitest";
import type { CallbackModel } from "./callback-model.ts";
import { ModelCheckpoint, type ModelCheckpointOptions, type SavableModel } from "./model-checkpoint.ts";

interface Saved {
  readonly what: "model" | "weights";
  readonly path: string;
}

async function run(options: ModelCheckpointOptions, epochs: readonly Record<string, number>[], batches = 3): Promise<Saved[]> {
  const saved: Saved[] = [];
  const model: CallbackModel & SavableModel = {
    name: "stand-in",
    stopTraining: false,
    getWeights: () => Promise.resolve([]),
    setWeights: () => Promise.resolve(),
    directionOf: (key) => (key.endsWith("loss") ? "down" : null),
    save: (path) => Promise.resolve(void saved.push({ what: "model", path })),
    saveWeights: (path) => Promise.resolve(void saved.push({ what: "weights", path })),
  };
  const checkpoint = ModelCheckpoint(options);
  checkpoint.setModel(model);
  checkpoint.onTrainBegin();
  for (const [epoch, logs] of epochs.entries()) {
    checkpoint.onEpochBegin(epoch);
    for (let batch = 0; batch < batches; batch++) await checkpoint.onTrainBatchEnd(batch, logs);
    await checkpoint.onEpochEnd(epoch, logs);
  }
  return saved;
}

describe("ModelCheckpoint", () => {
  const losses = [3, 2, 2.5, 1].map((val_loss) => ({ val_loss, loss: val_loss / 2 }));

  it("saves every epoch, under names made of the logged values", async () => {
    const saved = await run({ filepath: "m-{epoch:02d}-{val_loss:.1f}.keras" }, losses.slice(0, 2));
    expect(saved).toEqual([
      { what: "model", path: "m-01-3.0.keras" },
      { what: "model", path: "m-02-2.0.keras" },
    ]);
  });

  it("saves weights only where they are the best so far, and beat a threshold", async () => {
    const options = { filepath: "{epoch}.weights.h5", saveWeightsOnly: true, saveBestOnly: true } as const;
    expect((await run(options, losses)).map(({ path }) => path)).toEqual(["1.weights.h5", "2.weights.h5", "4.weights.h5"]);
    expect(await run({ ...options, initialValueThreshold: 1.5 }, losses)).toEqual([{ what: "weights", path: "4.weights.h5" }]);
    expect((await run({ ...options, mode: "max" }, losses)).map(({ path }) => path)).toEqual(["1.weights.h5"]);
    await expect(run({ ...options, monitor: "val_acc" }, losses)).rejects.toThrow(/val_acc/);
  });

  it("saves every so many batches, across epochs", async () => {
    const saved = await run({ filepath: "{epoch}-{batch}.h5", saveFreq: 2 }, losses.slice(0, 2));
    expect(saved.map(({ path }) => path)).toEqual(["1-2.h5", "2-1.h5", "2-3.h5"]);
  });

  it("refuses names without a format, and frequencies that are none", () => {
    expect(() => ModelCheckpoint("model.txt")).toThrow(/\.keras/);
    expect(() => ModelCheckpoint({ filepath: "model.keras", saveWeightsOnly: true })).toThrow(/weights\.h5/);
    expect(() => ModelCheckpoint({ filepath: "model.keras", saveFreq: 0 })).toThrow(/saveFreq/);
    expect(() => ModelCheckpoint({ filepath: "model.keras", saveBest: true } as never)).toThrow(/saveBestOnly/);
  });
});
