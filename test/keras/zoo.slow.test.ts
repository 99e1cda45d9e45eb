/** All of keras.applications as Keras 3.15 builds them: structure and outputs as recorded; with a Python that has Keras, configurations too. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { type Case, loadCases } from "./cases.ts";
import { configDifferences, forwardDifference, networkOf, structureDifferences } from "./zoo.ts";

describe("recorded networks", () => {
  for (const entry of loadCases("zoo")) {
    it(`${entry.id} has Keras's layers, weights and outputs`, async () => {
      const model = networkOf(entry);
      expect(structureDifferences(model, entry)).toEqual([]);
      if (entry["output"] !== undefined) expect(await forwardDifference(model, entry)).toBeNull();
    });
  }
});

const python = process.env["NABLA_PYTHON"] ?? "";
const script = fileURLToPath(new URL("../../scripts/record-applications.py", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "nabla-zoo-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(python === "")("networks of the Keras that NABLA_PYTHON has", () => {
  // The largest networks of each family differ from the others in numbers only.
  const chosen = "/(VGG16|ResNet50(V2)?|InceptionV3|InceptionResNetV2|Xception|DenseNet121|MobileNet.*|EfficientNet(V2)?B0|ConvNeXtTiny)/";
  it("have the configurations that nabla's have", () => {
    const file = join(folder, "zoo.json");
    execFileSync(python, [script, file, "--configs", "--no-forward", "--case", chosen], { stdio: "ignore" });
    const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] };
    expect(cases.length).toBeGreaterThan(50);
    for (const entry of cases) {
      // Keras itself fails on an EfficientNetV2 with another name.
      if (entry["error"] !== undefined) continue;
      const model = networkOf(entry);
      expect([...structureDifferences(model, entry), ...configDifferences(model, entry)], entry.id).toEqual([]);
    }
  });
});
if (python === "") console.log("networks of the Keras that NABLA_PYTHON has: skipped, NABLA_PYTHON names no interpreter");
