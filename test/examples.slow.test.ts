import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function example(name: string, ...args: readonly string[]): string {
  const child = spawnSync(process.execPath, ["--import", "tsx", "--conditions=source", `examples/${name}.ts`, ...args], {
    cwd: root,
    encoding: "utf8",
    timeout: 500_000,
  });
  expect(child.stderr).toBe("");
  expect(child.status).toBe(0);
  return child.stdout;
}

describe("the lecture's programs", () => {
  it("sequential.ts trains, evaluates and predicts", () => {
    const output = example("sequential");
    expect(output).toContain("Epoch 5/5");
    expect(Number(/accuracy: (0\.\d+)/.exec(output.split("Epoch 5/5")[1]!)![1])).toBeGreaterThan(0.55);
    expect(output).toContain("355 predictions");
  });

  it("functional.ts trains", () => {
    const output = example("functional");
    expect(Number(/accuracy: (0\.\d+)/.exec(output.slice(output.indexOf("{")))![1])).toBeGreaterThan(0.6);
  });

  it("lenet.ts prints the summary, a line per epoch, the confusion matrix, digits and the accuracy", () => {
    const output = example("lenet", "--epochs", "1");
    for (const part of ['Model: "lenet"', "Total params: 61,706", "Confusion matrix", "says", "Time:"]) expect(output).toContain(part);
    expect(output.trim().split("\n").at(-1)).toMatch(/^Held-out accuracy: \d\d\.\d %$/);
  });
});
