import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callbacks, data, layers, random, Sequential, setBackend, setRandomSeed, type Tensor, tensor } from "../index.ts";

let folder = "";
beforeAll(async () => {
  await setBackend("reference");
  folder = mkdtempSync(join(tmpdir(), "nabla-backup-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const values = (count: number, seed: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 0.7 + seed));
const x = tensor(values(40 * 4, 1), { shape: [40, 4] });
const y = tensor(values(40 * 2, 2), { shape: [40, 2] });

interface Outcome {
  readonly weights: number[][];
  readonly history: Record<string, number[]>;
  readonly draws: number[];
}

type Source = "arrays" | "dataset" | "generator" | "endless";

/** The whole program: what a process does from its start. `stopAt` aborts it after so many batches. */
async function program(source: Source, backup: callbacks.BackupAndRestoreOptions | null, stopAt: number | null): Promise<Outcome> {
  setRandomSeed(5);
  const model = new Sequential([
    layers.Dense({ units: 5, activation: "relu", inputShape: [4] }),
    layers.BatchNormalization(),
    layers.Dropout({ rate: 0.4 }),
    layers.Dense({ units: 2 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
  const stop = new AbortController();
  let batches = 0;
  const counter = callbacks.LambdaCallback({
    onTrainBatchEnd: () => {
      if (++batches === stopAt) stop.abort();
    },
  });
  const shuffled = data.Dataset.fromTensors([x, y]).shuffle(40).batch(8);
  const stream = source === "dataset" ? shuffled : source === "endless" ? shuffled.repeat() : null;
  const generator = function* (): Generator<[Tensor, Tensor]> {
    for (let i = 0; i < 5; i++) yield [tensor(values(32, i), { shape: [8, 4] }), tensor(values(16, i), { shape: [8, 2] })];
  };
  const common = {
    epochs: 6,
    verbose: 0 as const,
    signal: stop.signal,
    callbacks: [
      ...(backup === null ? [] : [callbacks.BackupAndRestore(backup)]),
      callbacks.ReduceLROnPlateau({ monitor: "loss", patience: 1, factor: 0.5 }),
      callbacks.EarlyStopping({ monitor: "loss", patience: 9, restoreBestWeights: true }),
      counter,
    ],
  };
  const { history } =
    source === "arrays"
      ? await model.fit(x, y, { ...common, batchSize: 8, validationSplit: 0.25 })
      : await model.fit(stream ?? generator, null, { ...common, ...(source === "endless" ? { stepsPerEpoch: 4 } : {}) });
  const draws = [...(await random.uniform([2]).data())];
  return { weights: await Promise.all(model.weights.map(async (weight) => [...(await weight.data())])), history, draws };
}

describe("a run that goes on from its backup", () => {
  it.each<[Source, "epoch" | number, readonly number[]]>([
    ["arrays", 1, [1, 7, 4, 3, 9]],
    ["arrays", "epoch", [6, 9, 4]],
    ["arrays", 3, [5, 9]],
    ["dataset", 2, [4, 11]],
    ["generator", 1, [7]],
    ["endless", 2, [4, 9]],
  ])("from %s, saved every %s, ends with the bits of an unbroken one", async (source, saveFreq, stops) => {
    const backupDir = mkdtempSync(join(folder, "run-"));
    const whole = await program(source, null, null);
    for (const stopAt of stops) await program(source, { backupDir, saveFreq }, stopAt);
    expect(readdirSync(backupDir)).toEqual(["latest.weights.h5"]);
    expect(await program(source, { backupDir, saveFreq }, null)).toEqual(whole);
    expect(readdirSync(backupDir)).toEqual([]);
  });

  it("keeps the backup where that is wanted, and clears away what a killed run was writing", async () => {
    const backupDir = mkdtempSync(join(folder, "kept-"));
    writeFileSync(join(backupDir, "latest.weights.h5.99-0.tmp"), "half");
    await program("arrays", { backupDir, deleteCheckpoint: false }, null);
    expect(readdirSync(backupDir)).toEqual(["latest.weights.h5"]);
    // All epochs are done: nothing is trained again.
    const again = await program("arrays", { backupDir, deleteCheckpoint: false }, null);
    expect(again.history.loss).toHaveLength(6);
    const model = new Sequential([layers.Dense({ units: 5, inputShape: [4] }), layers.BatchNormalization(), layers.Dense({ units: 2 })]);
    await model.loadWeights(join(backupDir, "latest.weights.h5"));
  });

  it("refuses backups of other data, other callbacks, and other files", async () => {
    const backupDir = mkdtempSync(join(folder, "other-"));
    await program("arrays", { backupDir, saveFreq: 1 }, 3);
    const model = new Sequential([
      layers.Dense({ units: 5, activation: "relu", inputShape: [4] }),
      layers.BatchNormalization(),
      layers.Dropout({ rate: 0.4 }),
      layers.Dense({ units: 2 }),
    ]);
    model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
    const fit = (batchSize: number): Promise<unknown> =>
      model.fit(x, y, { batchSize, validationSplit: 0.25, verbose: 0, callbacks: [callbacks.BackupAndRestore(backupDir)] });
    await expect(fit(4)).rejects.toThrow(/30 samples in batches of 8[\s\S]*30 samples in batches of 4/);
    await expect(fit(8)).rejects.toThrow("the backup was made with other callbacks");
    writeFileSync(join(backupDir, "latest.weights.h5"), "nonsense");
    await expect(fit(8)).rejects.toThrow("no HDF5 file");
    expect(existsSync(join(backupDir, "latest.weights.h5"))).toBe(true);
    expect(() => callbacks.BackupAndRestore({ backupDir: "" })).toThrow("backupDir is a folder");
    expect(() => callbacks.BackupAndRestore({ backupDir: "a", saveFreq: 0 })).toThrow("saveFreq");
  });
});
