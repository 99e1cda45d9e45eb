/** Legacy .h5 files of tf.keras 2: those that stand in test/fixtures/keras2, and, where NABLA_PYTHON has tf_keras, all of scripts/exchange/keras2.py. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModel, setBackend, type Tensor } from "../../src/index.ts";
import { resetAutoNames } from "../../src/layers/index.ts";
import { flattenStructure } from "../../src/layers/structure.ts";
import { dataOf } from "./exchange.ts";
import { missingPython, runPython } from "./python.ts";

const fixtures = new URL("../fixtures/keras2/", import.meta.url);
const unpacked = (name: string): Uint8Array => new Uint8Array(gunzipSync(readFileSync(new URL(`${name}.gz`, fixtures))));
const names = readdirSync(fixtures)
  .filter((file) => file.endsWith(".io.json.gz"))
  .map((file) => file.slice(0, -".io.json.gz".length));

/** What Keras 2 made of a model that it had loaded. */
interface Recorded {
  readonly x: never;
  readonly y: never;
  readonly predict: never;
  readonly evaluate: Readonly<Record<string, number>>;
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly predict_after: never;
}

/** Nadam's schedule of momentums is another one in Keras 3. */
const otherRule = /nadam|recurrent/;

async function expectClose(got: unknown, wanted: never, bound: number): Promise<void> {
  const tensors = flattenStructure(got) as Tensor[];
  for (const [index, want] of (flattenStructure(dataOf(wanted)) as Tensor[]).entries()) {
    const [a, b] = [await tensors[index]!.data(), await want.data()];
    expect(a.length).toBe(b.length);
    b.forEach((value, i) => expect(Math.abs(a[i]! - value)).toBeLessThan(bound));
  }
}

async function goesOn(name: string, h5: Uint8Array, io: Recorded): Promise<void> {
  resetAutoNames();
  const model = await loadModel(h5);
  const [x, y] = [dataOf(io.x), dataOf(io.y)];
  await expectClose(await model.predict(x, { verbose: 0 }), io.predict, 1e-5);
  const measured = await model.evaluate(x, y, { batchSize: 4, verbose: 0 });
  // Keras 3 tells the losses of single outputs only as metrics.
  expect(Object.keys(io.evaluate).filter((key) => !(key in measured) && !/_loss$/.test(key))).toEqual([]);
  for (const [key, value] of Object.entries(measured)) expect(Math.abs(value - io.evaluate[key]!)).toBeLessThan(1e-5);
  const bound = otherRule.test(name) ? 2e-2 : 1e-4;
  const { history } = await model.fit(x, y, { batchSize: 4, epochs: 2, shuffle: false, verbose: 0 });
  for (const [key, values] of Object.entries(history))
    values.forEach((value, epoch) => expect(Math.abs(value - io.history[key]![epoch]!)).toBeLessThan(bound));
  await expectClose(await model.predict(x, { verbose: 0 }), io.predict_after, bound);
}

beforeAll(() => setBackend("wasm"));

describe("files of Keras 2", () => {
  it("are there", () => {
    expect(names.length).toBeGreaterThan(15);
  });

  it.each(names)("%s predicts, evaluates and goes on training as there", async (name) => {
    const io = JSON.parse(new TextDecoder().decode(unpacked(`${name}.io.json`))) as Recorded;
    await goesOn(name, unpacked(`${name}.h5`), io);
  });

  it.each(["attention", "newer_lion"])("%s goes on as there from a .keras file too, whose layout Keras 3 has changed", async (name) => {
    const io = JSON.parse(new TextDecoder().decode(unpacked(`${name}.io.json`))) as Recorded;
    await goesOn(name, unpacked(`${name}.keras`), io);
  });

  it("weights alone fit the model that Keras 2 described", async () => {
    const model = await loadModel(unpacked("nested.h5"));
    const before = await model.getWeights();
    await model.setWeights(before.map((weight) => weight.multiply(0)));
    await model.loadWeights(unpacked("nested.weights.h5"));
    for (const [index, weight] of (await model.getWeights()).entries())
      expect(Array.from(await weight.data())).toEqual(Array.from(await before[index]!.data()));
  });
});

const missing = missingPython(["tf_keras", "tensorflow"]);
if (missing !== null) console.log(`files that tf.keras 2 writes now are not tested: ${missing}`);

describe.skipIf(missing !== null)("files that tf_keras writes", { timeout: 1_800_000 }, () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "nabla-keras2-"));
    runPython(["scripts/exchange/keras2.py", folder]);
  }, 1_800_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("predict, evaluate and go on training here", async () => {
    const written = readdirSync(folder).filter((file) => file.endsWith(".io.json"));
    expect(written.length).toBeGreaterThan(20);
    for (const file of written) {
      const name = file.slice(0, -".io.json".length);
      const io = JSON.parse(readFileSync(join(folder, file), "utf8")) as Recorded;
      await goesOn(name, new Uint8Array(readFileSync(join(folder, `${name}.h5`))), io);
    }
  });
});
