import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { layers, saving, Sequential, tensor } from "../index.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

function nabla(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "--conditions=source", main, ...args], {
    cwd: root,
    encoding: "utf8",
    timeout: 110_000,
  });
  return { status, stdout, stderr };
}

describe("the command line", () => {
  it("converts a model, whose predictions are the same", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nabla-cli-"));
    const path = (name: string): string => join(folder, name);
    const model = new Sequential([layers.Dense({ units: 2, name: "d", inputShape: [3] })]);
    await saving.saveModel(model, path("m.keras"));
    await saving.saveNpy(path("x.npy"), tensor([[1, 2, 3]]));
    const converted = nabla("convert", path("m.keras"), path("m.onnx"), "--json");
    expect(converted.stderr).toBe("");
    expect(converted.status).toBe(0);
    expect((JSON.parse(converted.stdout) as { bytes: number }).bytes).toBeGreaterThan(100);
    const predicted = nabla("predict", path("m.onnx"), "--input", path("x.npy"), "--json");
    const { outputs } = JSON.parse(predicted.stdout) as { outputs: number[][][] };
    const expected = await (await model.predict(tensor([[1, 2, 3]]))).data();
    outputs[0]![0]!.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  });

  it("says what is wrong with a command, and ends with 2", () => {
    const { status, stderr, stdout } = nabla("convrt", "a", "b");
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("perhaps convert");
  });
});
