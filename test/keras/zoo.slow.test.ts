/** All of keras.applications as Keras 3.15 builds them: structure and outputs as recorded; with a Python that has Keras, configurations too. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { type Case, loadCases } from "./cases.ts";
import { configDifferences, forwardDifference, networkOf, outputDifference, structureDifferences } from "./zoo.ts";

const python = process.env["NABLA_PYTHON"] ?? "";

describe("recorded networks", () => {
  for (const entry of loadCases("zoo")) {
    it(`${entry.id} has Keras's layers, weights and outputs`, async () => {
      const model = networkOf(entry);
      expect(structureDifferences(model, entry)).toEqual([]);
      // One network of a class shows its arithmetic; those with other options where there is time for Python too.
      const runs = python !== "" || entry.id.endsWith("/logits");
      if (runs && entry["output"] !== undefined) expect(await forwardDifference(model, entry)).toBeNull();
    });
  }
});

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

  it.each([".weights.h5", ".h5"])("have weights that are read from its files *%s, the published layout among them", async (ending) => {
    const cases = savedNetworks();
    expect(cases.length).toBe(3);
    for (const entry of cases) {
      const weights = join(folder, entry.id.split("/").slice(1).join("-") + ending);
      const model = await networkOf(entry, { weights });
      expect(await outputDifference(model, entry), entry.id).toBeNull();
    }
    const entry = cases[0]!;
    const weights = join(folder, entry.id.split("/").slice(1).join("-") + ending);
    await expect(networkOf(entry, { weights, classes: 9 })).rejects.toThrow(/Dense "predictions"[^]*predictions\/kernel[^]*9\][^]*5\]/);
  });
});

let saved: Case[] | null = null;
/** Networks whose filled weights lie in the folder. */
function savedNetworks(): Case[] {
  if (saved !== null) return saved;
  const file = join(folder, "saved.json");
  const chosen = "/(MobileNetV2/alpha=0.35|MobileNetV3Small/minimalistic=True|EfficientNetV2B0/include_preprocessing=False)$";
  execFileSync(python, [script, file, "--weights", folder, "--case", chosen], { stdio: "ignore" });
  saved = (JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] }).cases;
  return saved;
}
if (python === "") console.log("networks of the Keras that NABLA_PYTHON has: skipped, NABLA_PYTHON names no interpreter");
