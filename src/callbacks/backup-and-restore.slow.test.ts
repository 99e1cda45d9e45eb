import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../testing/random.ts";

const source = join(dirname(fileURLToPath(import.meta.url)), "..", "index.ts");
let folder = "";
beforeAll(() => {
  // Where koffi is found: machine code is what runs.
  folder = mkdtempSync(join(dirname(source), "..", "node_modules", ".nabla-kill-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that trains with everything that has state, and writes the bits of its weights at the end. */
const program = (saveFreq: string): string => `
import { writeFileSync } from "node:fs";
import { callbacks, layers, Sequential, setBackend, setRandomSeed, tensor } from ${JSON.stringify(source)};
const [backupDir, out, pause] = process.argv.slice(2);
await setBackend("cpu");
setRandomSeed(7);
const values = (count, seed) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 0.7 + seed) + Math.cos(i * i * 0.013));
const x = tensor(values(96 * 8, 1), { shape: [96, 8] });
const y = tensor(values(96 * 3, 2), { shape: [96, 3] });
const model = new Sequential([
  layers.GaussianNoise({ stddev: 0.1, inputShape: [8] }),
  layers.Dense({ units: 16, activation: "relu" }),
  layers.BatchNormalization(),
  layers.Dropout({ rate: 0.3 }),
  layers.Dense({ units: 3 }),
]);
model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
const { history } = await model.fit(x, y, {
  epochs: 12, batchSize: 8, verbose: 0, validationSplit: 0.25,
  callbacks: [
    callbacks.BackupAndRestore({ backupDir, saveFreq: ${saveFreq} }),
    callbacks.ReduceLROnPlateau({ monitor: "val_loss", patience: 1, factor: 0.7 }),
    callbacks.EarlyStopping({ monitor: "val_loss", patience: 50, restoreBestWeights: true }),
    callbacks.LambdaCallback({ onTrainBatchEnd: async () => { if (Number(pause) > 0) await new Promise((go) => setTimeout(go, Number(pause))); } }),
  ],
});
await model.fit(x, y, { epochs: 1, batchSize: 16, verbose: 0 });
const weights = await Promise.all(model.weights.map(async (weight) => [...(await weight.data())]));
writeFileSync(out, JSON.stringify({ weights, history }));
`;

function bundle(name: string, saveFreq: string): string {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(join(folder, `${name}.ts`), program(saveFreq));
  buildSync({
    entryPoints: [join(folder, `${name}.ts`)],
    outfile: file,
    bundle: true,
    platform: "node",
    format: "esm",
    external: [
      "koffi",
      "sharp",
      "webgpu",
      "h5wasm",
      "pngjs",
      "jpeg-js",
      "hyparquet",
      "csv-parse",
      "@bufbuild/protobuf",
      "@huggingface/tokenizers",
    ],
    banner: { js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);' },
    nodePaths: [join(dirname(source), "..", "node_modules")],
    logLevel: "silent",
  });
  return file;
}

/** Runs the program; kills it after a time, if there is one. Whether it came to its end. */
function run(file: string, backup: string, out: string, pauseMs: number, killAfterMs: number | null): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, backup, out, String(pauseMs)], { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
    const timer = killAfterMs === null ? null : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    child.on("exit", (code, signal) => {
      if (timer !== null) clearTimeout(timer);
      if (code !== 0 && signal !== "SIGKILL") reject(new Error(errors));
      else resolve(code === 0);
    });
  });
}

describe("a run that is killed at random moments", () => {
  it.each([
    ["batch", 30, "1", 150],
    ["three batches", 12, "3", 80],
    ["epoch", 12, '"epoch"', 20],
  ])(
    "ends with the bits of an unbroken one, saved every %s, killed %i times",
    { timeout: 900_000 },
    async (name, kills, saveFreq, pauseMs) => {
      const file = bundle(name.replaceAll(" ", "-"), saveFreq);
      const whole = join(folder, "whole.json");
      const start = performance.now();
      expect(await run(file, join(folder, "unused"), whole, 0, null)).toBe(true);
      const startMs = performance.now() - start;
      const backup = join(folder, `backup-${name}`);
      const broken = join(folder, "broken.json");
      rmSync(broken, { force: true });
      const random = new Random(kills);
      const wanted: unknown = JSON.parse(readFileSync(whole, "utf8"));
      const expectEnd = (): void => {
        expect(JSON.parse(readFileSync(broken, "utf8"))).toEqual(wanted);
        rmSync(broken);
      };
      for (let killed = 0; killed < kills;) {
        // Pauses make the run long beside its start, so that most kills fall into it. One that comes to its end begins anew.
        if (await run(file, backup, broken, pauseMs, startMs * random.uniform(0.3, 1) + random.uniform(0, 600))) expectEnd();
        else killed++;
      }
      expect(existsSync(backup)).toBe(true);
      expect(await run(file, backup, broken, 0, null)).toBe(true);
      expectEnd();
      // What a killed process was writing may be left; the backup itself is gone.
      expect(readdirSync(backup).filter((entry) => !entry.endsWith(".tmp"))).toEqual([]);
    },
  );
});
