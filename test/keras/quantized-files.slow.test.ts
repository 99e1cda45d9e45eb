import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Input, layers, loadModel, Model, ops, quantizers, Sequential, type Tensor } from "../../src/index.ts";

const python = process.env.NABLA_PYTHON ?? "python3";
const env = { ...process.env, KERAS_BACKEND: process.env.KERAS_BACKEND ?? "torch", OMP_NUM_THREADS: "1" };
const version = spawnSync(python, ["-c", "import keras; print(keras.__version__)"], { encoding: "utf8", env });
const isNew = version.status === 0 && Number(/^3\.(\d+)/.exec(version.stdout)?.[1] ?? 0) >= 15;
if (!isNew) console.log(`skipped: ${python} has no Keras 3.15 or later (NABLA_PYTHON names an interpreter that has)`);
const folder = mkdtempSync(join(tmpdir(), "nabla-quantized-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = `
import json, sys, keras, numpy as np
folder = sys.argv[1]
x = np.sin(np.arange(15, dtype="float32")).reshape(3, 5)
found = {}
for mode in ("int8", "int4", "float8"):
    model = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(300, activation="relu"), keras.layers.Dense(3)])
    model.quantize(mode)
    model.save(f"{folder}/{mode}.keras")
    model.save_weights(f"{folder}/{mode}.weights.h5")
    found[mode] = model.predict(x, verbose=0).ravel().tolist()
json.dump(found, open(f"{folder}/keras.json", "w"))
`;
const read = `
import json, sys, keras, numpy as np
folder = sys.argv[1]
found = {}
for name, (shape, file) in json.load(open(f"{folder}/inputs.json")).items():
    x = np.sin(np.arange(np.prod(shape), dtype="float32")).reshape(shape)
    found[name] = keras.models.load_model(f"{folder}/{file}").predict(x, verbose=0).ravel().tolist()
json.dump(found, open(f"{folder}/again.json", "w"))
`;

function run(script: string): void {
  const { status, stderr } = spawnSync(python, ["-W", "ignore", "-c", script, folder], { encoding: "utf8", env });
  expect(status, stderr).toBe(0);
}
const json = (name: string): Record<string, number[]> => JSON.parse(readFileSync(join(folder, name), "utf8")) as Record<string, number[]>;
const waves = (...shape: number[]): Tensor => ops.reshape(ops.sin(ops.arange(shape.reduce((a, b) => a * b))), shape);
const near = (found: ArrayLike<number>, expected: ArrayLike<number>): void => {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of Array.from(found).entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-6 * (1 + Math.abs(value)));
};

describe.skipIf(!isNew)("files of quantized models", () => {
  it("go from Keras to nabla and back", { timeout: 600_000 }, async () => {
    run(write);
    const expected = json("keras.json");
    const inputs: Record<string, readonly [number[], string]> = {};
    const here: Record<string, ArrayLike<number>> = {};
    for (const mode of ["int8", "int4", "float8"]) {
      const model = await loadModel(join(folder, `${mode}.keras`));
      here[mode] = await (await model.predict(waves(3, 5), { verbose: 0 })).data();
      near(here[mode], expected[mode]!);
      // Weights alone, into a model whose weights are others.
      for (const weight of model.weights) if (weight.dtype === "float32") weight.assign(ops.zeros(weight.shape));
      await model.loadWeights(join(folder, `${mode}.weights.h5`));
      near(await (await model.predict(waves(3, 5), { verbose: 0 })).data(), expected[mode]!);
      await model.save(join(folder, `${mode}-again.keras`));
      inputs[mode] = [[3, 5], `${mode}-again.keras`];
    }
    const given = Input({ shape: [4, 8] });
    const attended = layers.MultiHeadAttention({ numHeads: 2, keyDim: 3 })(given, given);
    const attention = new Model({ inputs: given, outputs: layers.Dense({ units: 2 })(attended) });
    attention.quantize("int8");
    here.attention = await (await attention.predict(waves(2, 4, 8), { verbose: 0 })).data();
    await attention.save(join(folder, "attention.keras"));
    inputs.attention = [[2, 4, 8], "attention.keras"];
    for (const mode of ["gptq", "awq"] as const) {
      const blocks = [layers.Dense({ units: 7, activation: "relu", inputShape: [5] }), layers.Dense({ units: 3, useBias: false })];
      const model = new Sequential(blocks);
      const options = { dataset: [waves(6, 5)], groupSize: 2, quantizationLayerStructure: { sequentialBlocks: blocks } };
      const config = mode === "gptq" ? quantizers.GPTQConfig(options) : quantizers.AWQConfig(options);
      await model.quantize(mode, { config });
      here[mode] = await (await model.predict(waves(3, 5), { verbose: 0 })).data();
      await model.save(join(folder, `${mode}.keras`));
      near(await (await (await loadModel(join(folder, `${mode}.keras`))).predict(waves(3, 5), { verbose: 0 })).data(), here[mode]);
      inputs[mode] = [[3, 5], `${mode}.keras`];
    }
    writeFileSync(join(folder, "inputs.json"), JSON.stringify(inputs));
    run(read);
    const again = json("again.json");
    for (const [name, values] of Object.entries(here)) near(values, again[name]!);
  });
});
