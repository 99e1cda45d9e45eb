import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function run(command: string, args: readonly string[], cwd: string): string {
  const child = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 300_000, shell: process.platform === "win32" });
  expect(child.status, `${command} ${args.join(" ")}\n${child.stdout}\n${child.stderr}`).toBe(0);
  return child.stdout;
}

const program = `
import { layers, Sequential, setRandomSeed, tensor } from "nabla";
import { Adam } from "nabla/optimizers";
setRandomSeed(1);
const x = tensor(Array.from({ length: 64 }, (_, i) => [Math.sin(i), Math.cos(i)]));
const y = tensor(Array.from({ length: 64 }, (_, i) => (Math.sin(i) > 0 ? 1 : 0)));
const model = new Sequential();
model.add(layers.Dense({ units: 8, activation: "relu", inputShape: [2] }));
model.add(layers.Dense({ units: 1, activation: "sigmoid" }));
model.compile({ optimizer: Adam({ learningRate: 0.05 }), loss: "binary_crossentropy", metrics: ["accuracy"] });
const { history } = await model.fit(x, y, { epochs: 20, verbose: 0 });
console.log(JSON.stringify(history["accuracy"]));
`;
const typed = `
import { layers, Sequential, type Tensor, tensor } from "nabla";
const model = new Sequential([layers.Dense({ units: 1, inputShape: [2] })]);
export const predicted: Promise<Tensor> = model.predict(tensor([[1, 2]]));
// @ts-expect-error units is a number
layers.Dense({ units: "8" });
`;

it("the packed tarball, installed into an empty folder, imports, trains and is typed", () => {
  const folder = mkdtempSync(join(tmpdir(), "nabla-pack-"));
  try {
    run("npm", ["pack", "--pack-destination", folder, "--loglevel=error"], root);
    const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"))!;
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "somebody", private: true, type: "module" }));
    run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", join(folder, tarball)], folder);
    writeFileSync(join(folder, "train.mjs"), program);
    const accuracy = JSON.parse(run(process.execPath, ["train.mjs"], folder)) as number[];
    expect(accuracy).toHaveLength(20);
    expect(accuracy.at(-1)).toBeGreaterThan(0.95);

    writeFileSync(join(folder, "typed.ts"), typed);
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2022", "--lib", "es2023,dom,esnext.disposable"];
    run(process.execPath, [tsc, ...options, "typed.ts"], folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
