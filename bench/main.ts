/**
 * Trains and infers the same models here and on the peers, one process at a time, interleaved model by model.
 *
 *   npm run bench -- [--models a,b] [--seconds 6] [--rounds 1] [--backends wasm] [--no-peers]
 *
 * Prints a Markdown table and writes bench/results/steps.json and steps.md. Peers stand in bench/package.json and are
 * installed by the first run; PyTorch and JAX are measured where Python has them.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { models } from "./models.ts";

interface Row {
  readonly peer: string;
  readonly model: string;
  readonly train_ms?: number;
  readonly infer_ms?: number;
  readonly first_ms?: number;
  readonly gflops?: number;
  readonly error?: string;
}

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const { values } = parseArgs({
  options: {
    models: { type: "string", default: Object.keys(models).join(",") },
    seconds: { type: "string", default: "6" },
    rounds: { type: "string", default: "1" },
    backends: { type: "string", default: "wasm" },
    "no-peers": { type: "boolean", default: false },
  },
});
const names = values.models.split(",");
const { seconds } = values;
const tsx = [join(root, "node_modules/tsx/dist/cli.mjs"), "--conditions=source"];

function run(command: string, args: readonly string[]): Row[] {
  const child = spawnSync(command, args, { cwd: here, encoding: "utf8", timeout: 600_000, stdio: ["ignore", "pipe", "pipe"] });
  const rows = child.stdout.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Row] : []));
  if (rows.length === 0 && child.status !== 0)
    console.error(`  ${args.slice(-4).join(" ")}: ${child.stderr.trim().split("\n").at(-1) ?? "failed"}`);
  return rows;
}

function has(python: string, module: string): boolean {
  return spawnSync(python, ["-c", `import ${module}`], { stdio: "ignore" }).status === 0;
}

/** Best multiply-add rate of one thread of wasm, GFLOP/s. */
function wasmPeak(): number {
  const child = spawnSync(process.execPath, [...tsx, join(here, "peak.ts")], { cwd: here, encoding: "utf8" });
  const peak = Number(child.stdout.trim().split("\n").at(-1));
  return Number.isFinite(peak) ? peak : Number.NaN;
}

if (!values["no-peers"] && !existsSync(join(here, "node_modules"))) {
  console.error("Installing the peers (once) ...");
  spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: here,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
}
const pythons = ["python3", "/usr/bin/python3"];
const torch = values["no-peers"] ? undefined : pythons.find((python) => has(python, "torch"));
const jax = values["no-peers"] ? undefined : pythons.find((python) => has(python, "jax"));
for (const [peer, found] of [
  ["PyTorch", torch],
  ["JAX", jax],
] as const) {
  if (found === undefined && !values["no-peers"]) console.error(`skipped: ${peer} (no Python here has it)`);
}

const rows: Row[] = [];
const peaks: number[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  peaks.push(wasmPeak());
  for (const name of names) {
    console.error(`${name} ...`);
    for (const backend of values.backends.split(","))
      rows.push(...run(process.execPath, [...tsx, join(here, "nabla.ts"), backend, name, seconds]));
    if (values["no-peers"]) continue;
    if (torch !== undefined) rows.push(...run(torch, [join(here, "peers/pytorch_steps.py"), "--models", name, "--seconds", seconds]));
    if (jax !== undefined) rows.push(...run(jax, [join(here, "peers/jax_steps.py"), "--models", name, "--seconds", seconds]));
    rows.push(...run(process.execPath, [join(here, "peers/jax-js.mjs"), name, seconds]));
    for (const backend of ["cpu", "wasm"]) rows.push(...run(process.execPath, [join(here, "peers/tfjs.mjs"), backend, name, seconds]));
  }
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN;
}

const peak = median(peaks);
const peers = [...new Set(rows.map((row) => row.peer))];
const figure = (model: string, peer: string, key: "train_ms" | "infer_ms" | "first_ms" | "gflops"): number =>
  median(rows.filter((row) => row.model === model && row.peer === peer).flatMap((row) => (row[key] === undefined ? [] : [row[key]])));
const text = (x: number): string => (Number.isNaN(x) ? "-" : x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2));
const lines = [
  `Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores; wasm multiply-add peak of one thread ${text(peak)} GFLOP/s`,
];
const ours = peers.filter((peer) => peer.startsWith("nabla"));
for (const own of ours) {
  const others = peers.filter((peer) => !peer.startsWith("nabla"));
  for (const kind of ["train_ms", "infer_ms"] as const) {
    const extra = kind === "train_ms" ? ["GFLOP/s", "of peak", "first ms"] : [];
    lines.push(
      "",
      `**${own}, ${kind === "train_ms" ? "training step" : "inference"}**: ms, and in brackets how many times faster it is than the peer`,
      "",
    );
    const header = ["model", own, ...extra, ...others];
    lines.push(`| ${header.join(" | ")} |`, `|${header.map(() => "---").join("|")}|`);
    for (const name of names) {
      const mine = figure(name, own, kind);
      const more =
        kind === "train_ms"
          ? [
              text(figure(name, own, "gflops")),
              `${text((100 * figure(name, own, "gflops")) / peak)} %`,
              text(figure(name, own, "first_ms")),
            ]
          : [];
      const cells = others.map((peer) => {
        const theirs = figure(name, peer, kind);
        const failed = rows.find((row) => row.model === name && row.peer === peer && row.error !== undefined);
        if (Number.isNaN(theirs)) return failed === undefined ? "-" : "cannot";
        return `${text(theirs)} (${text(theirs / mine)})`;
      });
      lines.push(`| ${[name, text(mine), ...more, ...cells].join(" | ")} |`);
    }
  }
}
const failures = [...new Set(rows.filter((row) => row.error !== undefined).map((row) => `${row.peer}: ${row.error ?? ""}`))];
if (failures.length > 0) lines.push("", ...failures.map((failure) => `cannot: ${failure}`));
mkdirSync(join(here, "results"), { recursive: true });
writeFileSync(join(here, "results", "steps.json"), `${JSON.stringify({ node: process.version, peaks, rows }, null, 1)}\n`);
writeFileSync(join(here, "results", "steps.md"), `${lines.join("\n")}\n`);
console.log(lines.join("\n"));
