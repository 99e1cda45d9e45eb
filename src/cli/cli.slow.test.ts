import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { layers, saving, Sequential, tensor, utils } from "../index.ts";

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

  it("trains on tables and on folders of images, and shows weights in HDF5", async () => {
    const model = new Sequential([layers.Dense({ units: 2, activation: "softmax", inputShape: [2] })]);
    await saving.saveModel(model, path("table.keras"));
    const rows = Array.from({ length: 40 }, (_, i) => `${Math.sin(i)},${Math.cos(i)},${i % 2 === 0 ? "even" : "odd"}`);
    writeFileSync(path("table.csv"), `a,b,kind\n${rows.join("\n")}\n`);
    const loss = ["--loss", "sparse_categorical_crossentropy"];
    const table = nabla(
      "train",
      path("table.keras"),
      "--data",
      path("table.csv"),
      "--target",
      "kind",
      ...loss,
      "--json",
      "-o",
      path("table.h5"),
    );
    expect(table.stderr).toBe("");
    expect((JSON.parse(table.stdout) as { history: { loss: number[] } }).history.loss.length).toBe(1);
    expect(nabla("convert", path("table.h5"), path("table.weights.h5")).status).toBe(0);
    expect(nabla("info", path("table.weights.h5")).stdout).toContain("layers/dense");
    expect(nabla("convert", path("table.weights.h5"), path("table.safetensors")).status).toBe(0);
    const wrong = nabla("train", path("table.keras"), "--data", path("table.csv"), "--target", "kinds", ...loss);
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining("it has kind") as string]);
    for (const [name, color] of [
      ["red", [220, 30, 30]],
      ["blue", [30, 30, 220]],
    ] as const)
      for (let i = 0; i < 6; i++) {
        const pixels = Float32Array.from({ length: 32 * 32 * 3 }, (_, k) => color[k % 3]! + ((i + k) % 20));
        await utils.saveImg(path(`images/${name}/${i}.png`), tensor(pixels, { shape: [32, 32, 3] }), { scale: false });
      }
    const small = new Sequential([
      layers.Flatten({ inputShape: [8, 8, 3] }),
      layers.Rescaling({ scale: 1 / 255 }),
      layers.Dense({ units: 2, activation: "softmax" }),
    ]);
    await saving.saveModel(small, path("colours.keras"));
    const trained = nabla("train", path("colours.keras"), "--data", path("images"), ...loss, "--metrics", "accuracy", "--epochs", "8", "--learning-rate", "0.05", "--seed", "1", "-o", path("colours.keras"), "--json"); // prettier-ignore
    expect(trained.stderr).toBe("");
    expect(JSON.parse(nabla("evaluate", path("colours.keras"), "--data", path("images"), "--json").stdout)).toMatchObject({ accuracy: 1 });
    const [one] = JSON.parse(nabla("predict", path("colours.keras"), "-i", path("images/red/0.png")).stdout) as number[];
    expect(one).toBeLessThan(0.5);
  });

  it("mistakes in the line are told before anything is read", () => {
    for (const [args, text] of [
      [["train", "m.keras", "--data", "nowhere.npz", "--epochs", "x"], "--epochs takes a number"],
      [["train", "m.keras", "--data", "nowhere.npz", "-o", "m.foo"], "tells no format"],
      [["predict", "m.keras", "-i", "x.npy", "-o", "y.txt"], ".npy, .npz, .json or .csv"],
      [["info"], "takes FILE [FILE2]"],
    ] as const) {
      const { status, stderr } = nabla(...args);
      expect([status, stderr]).toEqual([2, expect.stringContaining(text) as string]);
    }
  });

  it("ends with 1 where a file is not there, and says it as JSON where asked to", () => {
    const { status, stderr } = nabla("info", path("missing.keras"), "--json");
    expect(status).toBe(1);
    expect((JSON.parse(stderr) as { error: string }).error).toContain("no such file");
  });
});
