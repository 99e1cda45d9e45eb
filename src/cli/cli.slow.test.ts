import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { layers, saving, Sequential } from "../index.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "nabla-cli-"));
const path = (name: string): string => join(folder, name);

function nabla(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "--conditions=source", main, ...args], {
    cwd: root,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("the command line", () => {
  it.each(["info", "convert", "predict", "evaluate", "train", "bench", "doctor"])("%s has a help with examples", (name) => {
    const { status, stdout } = nabla(name, "--help");
    expect(status).toBe(0);
    expect(stdout).toContain(`Examples\n  nabla ${name}`);
  });

  it("trains, evaluates, converts both ways and finds where weights differ", async () => {
    const model = new Sequential([layers.Flatten({ inputShape: [8, 8, 1] }), layers.Dense({ units: 10, activation: "softmax" })]);
    await saving.saveModel(model, path("start.keras"));
    const trained = nabla("train", path("start.keras"), "--data", "digits", "--loss", "sparse_categorical_crossentropy", "--metrics", "accuracy", "--epochs", "10", "--validation-split", "0.1", "--csv-log", path("log.csv"), "--seed", "1", "-o", path("end.keras"), "--json"); // prettier-ignore
    expect(trained.stderr).toBe("");
    const { history } = JSON.parse(trained.stdout) as { history: Record<string, number[]> };
    expect(history["loss"]!.at(-1)!).toBeLessThan(history["loss"]![0]!);
    expect(Object.keys(history)).toContain("val_accuracy");
    expect(readFileSync(path("log.csv"), "utf8").trim().split("\n").length).toBe(11);
    const evaluated = nabla("evaluate", path("end.keras"), "--data", "digits", "--json");
    expect((JSON.parse(evaluated.stdout) as { accuracy: number }).accuracy).toBeGreaterThan(0.5);
    for (const target of ["m.h5", "m.onnx", "m.safetensors", "m.npz", "m.weights.h5", "m.json", "web/model.json"])
      expect(nabla("convert", path("end.keras"), path(target)).status, target).toBe(0);
    expect(nabla("info", path("end.keras"), path("m.h5")).stdout).toContain("equal");
    expect(nabla("info", path("start.keras"), path("end.keras")).stdout).toContain("differ by up to");
    expect(nabla("info", path("web/model.json")).stdout).toContain("650 parameters");
    expect(nabla("bench", path("m.onnx"), "--runs", "2").status).toBe(0);
  });

  it("ends with 1 where a file is not there, and says it as JSON where asked to", () => {
    const { status, stderr } = nabla("info", path("missing.keras"), "--json");
    expect(status).toBe(1);
    expect((JSON.parse(stderr) as { error: string }).error).toContain("no such file");
  });
});
