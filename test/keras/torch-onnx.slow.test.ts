/** ONNX files that PyTorch exported, by both of its exporters. Needs NABLA_PYTHON: a Python with torch, onnx and onnxscript. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { saving, setBackend, Tensor } from "../../src/index.ts";
import { difference, type StoredArray, toTensor } from "./cases.ts";
import { missingPython, runPython } from "./python.ts";

const missing = missingPython(["torch", "onnx", "onnxscript"]);
if (missing !== null) console.log(`ONNX files of PyTorch are not tested: ${missing}`);

interface Recorded {
  readonly inputs: readonly StoredArray[];
  readonly outputs: readonly StoredArray[];
  readonly files: readonly string[];
}

describe.skipIf(missing !== null)("ONNX files that PyTorch exported", { timeout: 1_800_000 }, () => {
  let folder = "";
  beforeAll(async () => {
    await setBackend(process.env["NABLA_BACKEND"] ?? "cpu");
    folder = mkdtempSync(join(tmpdir(), "nabla-torch-"));
    runPython(["scripts/exchange/torch_onnx.py", folder]);
  }, 1_800_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("give the outputs of the networks", async () => {
    const recorded = JSON.parse(readFileSync(join(folder, "io.json"), "utf8")) as Record<string, Recorded>;
    const faults: string[] = [];
    let files = 0;
    for (const { inputs, outputs, files: names } of Object.values(recorded)) {
      for (const file of names) {
        files++;
        const model = await saving.loadOnnx(join(folder, file));
        const given = inputs.map(toTensor);
        const result = (await model.predict((given.length === 1 ? given[0] : given) as never)) as Tensor | Record<string, Tensor>;
        for (const [index, y] of (result instanceof Tensor ? [result] : Object.values(result)).entries()) {
          const found = difference({ shape: y.shape, dtype: y.dtype, data: await y.data() }, outputs[index]!, { rtol: 2e-5, atol: 2e-5 });
          if (found !== null) faults.push(`${file}: output ${index}: ${found}`);
        }
      }
    }
    expect(faults).toEqual([]);
    expect(files).toBeGreaterThan(40);
  });
});
