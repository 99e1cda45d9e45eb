/**
 * Time and memory of saving and loading a 100 MB `.keras` file. Run with: npx tsx bench/run-script.ts files.ts
 * Saving and loading run in processes of their own; memory is the growth of the largest resident set (VmHWM of Linux) over
 * that before, in units of the file's size.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, loadModel, Sequential, setBackend } from "../src/index.ts";

const [what, path = ""] = process.argv.slice(2);
/** Kilobytes of a line of the process's status. */
const status = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"))![1]);
const network = (units: number): Sequential =>
  new Sequential(Array.from({ length: 4 }, (_, i) => layers.Dense({ units, name: `d${i}`, ...(i === 0 ? { inputShape: [units] } : {}) })));

if (what === undefined) {
  const folder = mkdtempSync(join(tmpdir(), "nabla-bench-"));
  try {
    const file = join(folder, "large.keras");
    console.log("| what | measured | bound |\n|---|---|---|");
    for (const part of ["save", "load"]) {
      const runs = Array.from({ length: 5 }, () => {
        const child = spawnSync(process.execPath, [process.argv[1]!, part, file], { encoding: "utf8" });
        if (child.status !== 0) throw new Error(child.stderr);
        return JSON.parse(child.stdout) as { ms: number; growth: number };
      });
      const size = statSync(file).size;
      const ms = runs.map((run) => run.ms).sort((a, b) => a - b)[2]!;
      const growth = Math.max(...runs.map((run) => run.growth)) / size;
      console.log(`| ${part} ${(size / 1e6).toFixed(0)} MB: median of 5 | ${ms.toFixed(0)} ms | 1500 ms |`);
      console.log(`| ${part}: largest growth of memory | ${growth.toFixed(2)} times the file | 2.2 |`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
} else {
  await setBackend("cpu");
  // What a first file needs in code is there already.
  const { saving } = await import("../src/index.ts");
  const tiny = await saving.toBytes(network(8));
  await loadModel(tiny);
  let large: Sequential | null = null;
  if (what === "save") {
    large = network(2500);
    await large.setWeights(large.weights.map(({ shape }) => new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5)));
  }
  globalThis.gc?.();
  const before = status("VmRSS");
  const start = performance.now();
  if (large !== null) await large.save(path);
  else await loadModel(path);
  const ms = performance.now() - start;
  console.log(JSON.stringify({ ms, growth: Math.max(0, status("VmHWM") - before) * 1024 }));
}
