/** Files between real Keras and nabla, both ways. Needs NABLA_PYTHON: a Python with keras 3.15 or later and one of its back-ends. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { layers, Input, Model, ops, Sequential, setBackend } from "../../src/index.ts";
import { exchangeModel, writeOwn } from "./exchange.ts";
import { missingPython, runPython } from "./python.ts";

const missing = missingPython(["keras", "h5py"]);
if (missing !== null) console.log(`files between Keras and nabla are not tested: ${missing}`);
const script = "scripts/exchange/exchange.py";

describe.skipIf(missing !== null)("files between Keras and nabla", { timeout: 1_800_000 }, () => {
  let folder = "";
  beforeAll(async () => {
    await setBackend(process.env["NABLA_BACKEND"] ?? "cpu");
    folder = mkdtempSync(join(tmpdir(), "nabla-exchange-"));
    runPython([script, "write", folder, "--random", "30", "--seed", process.env["NABLA_SEED"] ?? "0"]);
  }, 1_800_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("what Keras wrote opens here, predicts, evaluates and trains on as there", async () => {
    const names = readdirSync(folder)
      .filter((file) => file.endsWith(".io.json"))
      .map((file) => file.slice(0, -".io.json".length));
    expect(names.length).toBeGreaterThan(80);
    const faults: Record<string, string[]> = {};
    for (const name of names) {
      const found = await exchangeModel(folder, name);
      if (found.length > 0) faults[name] = found;
    }
    expect(faults).toEqual({});
  });

  it("what nabla wrote opens in Keras, predicts, evaluates and trains on as before", async () => {
    const x = Input({ shape: [5, 4], name: "x" });
    const gated = ops.multiply(layers.Dense({ units: 4 })(x), ops.sigmoid(ops.getItem(x, ["...", { start: 0, stop: 4 }])));
    const pooled = ops.mean(ops.transpose(gated, [0, 2, 1]), { axis: -1, keepdims: true });
    const operations = new Model({ inputs: x, outputs: layers.Dense({ units: 2 })(ops.reshape(pooled, [-1, 4])) });
    await writeOwn(folder, "own_operations", operations, { x: [5, 4], y: [2] });
    const shared = layers.GroupQueryAttention({ headDim: 3, numQueryHeads: 4, numKeyValueHeads: 2 });
    await writeOwn(folder, "own_attention", new Model({ inputs: x, outputs: shared(x, x) }), { x: [5, 4], y: [5, 4] });
    const adapted = new Sequential([layers.Dense({ units: 3, inputShape: [5, 4] }), layers.LSTM({ units: 3 }), layers.Dense({ units: 2 })]);
    (adapted.layers[0] as unknown as { enableLora: (rank: number) => void }).enableLora(2);
    await writeOwn(folder, "own_adapted", adapted, { x: [5, 4], y: [2] });
    const report = JSON.parse(runPython([script, "check", folder])) as { models: number; faults: object };
    expect(report.faults).toEqual({});
    expect(report.models).toBeGreaterThan(80);
  });
});
