/**
 * Trains and infers the same models here and on the peers, one process at a time, interleaved model by model; then
 * single contractions.
 *
 *   npm run bench -- [--models a,b] [--only steps|kernels] [--seconds 6] [--rounds 1] [--backends cpu,wasm] [--peers pytorch,jax,js]
 *
 * Prints Markdown tables and writes bench/results/steps.json and steps.md. Peers stand in bench/package.json and are
 * installed by the first run; PyTorch and JAX are measured where Python has them.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { models } from "./models.ts";
import { here, ownNumber, ownRows, pythonWith, type Row, rowsOf } from "./processes.ts";
import { median, stepTables, text, workTable } from "./tables.ts";

const usage = `npm run bench -- [--models a,b] [--only steps|kernels] [--seconds 6] [--rounds 1] [--backends cpu,wasm] [--peers pytorch,jax,js]

Models: ${Object.keys(models).join(", ")}.
NABLA_PYTHON names the Python that has torch and jax.`;
const { values } = parseArgs({
  options: {
    models: { type: "string", default: Object.keys(models).join(",") },
    only: { type: "string" },
    seconds: { type: "string", default: "6" },
    rounds: { type: "string", default: "1" },
    backends: { type: "string", default: "cpu,wasm" },
    peers: { type: "string", default: "pytorch,jax,js" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit();
}
const names = values.models.split(",");
const backends = values.backends.split(",");
const { seconds } = values;
const peerNames = values.peers.split(",");
const withScripts = peerNames.includes("js");

if (withScripts && !existsSync(join(here, "node_modules"))) {
  console.error("Installing the peers (once) ...");
  spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: here,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
}
const torch = peerNames.includes("pytorch") ? pythonWith("torch") : undefined;
const jax = peerNames.includes("jax") ? pythonWith("jax") : undefined;
for (const [name, found] of [
  ["pytorch", torch],
  ["jax", jax],
] as const) {
  if (found === undefined && peerNames.includes(name)) console.error(`skipped: ${name} (no Python here has it)`);
}

const rows: Row[] = [];
const peaks = new Map<string, number[]>(backends.map((backend) => [`nabla ${backend}`, []]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const backend of backends) peaks.get(`nabla ${backend}`)!.push(ownNumber("peak.ts", [backend]));
  for (const name of values.only === "kernels" ? [] : names) {
    console.error(`${name} ...`);
    for (const backend of backends) rows.push(...ownRows("nabla.ts", [backend, name, seconds]));
    if (torch !== undefined) rows.push(...rowsOf(torch, [join(here, "peers/pytorch_steps.py"), "--models", name, "--seconds", seconds]));
    if (jax !== undefined) rows.push(...rowsOf(jax, [join(here, "peers/jax_steps.py"), "--models", name, "--seconds", seconds]));
    if (!withScripts || models[name]?.isLarge === true) continue;
    rows.push(...rowsOf(process.execPath, [join(here, "peers/jax-js.mjs"), name, seconds]));
    for (const backend of ["cpu", "wasm"]) rows.push(...rowsOf(process.execPath, [join(here, "peers/tfjs.mjs"), backend, name, seconds]));
  }
  if (values.only === "steps") continue;
  const cores = cpus().length;
  for (const threads of cores > 1 ? ["1", String(Math.min(cores, 8))] : ["1"]) {
    console.error(`contractions, ${threads} thread${threads === "1" ? "" : "s"} ...`);
    for (const backend of backends) rows.push(...ownRows("kernels.ts", [backend, String(Number(seconds) / 6)], { NABLA_THREADS: threads }));
    if (torch !== undefined) rows.push(...rowsOf(torch, [join(here, "peers/pytorch_kernels.py"), String(Number(seconds) / 6), threads]));
  }
}

const peak = (peer: string): number => median(peaks.get(peer) ?? []);
const lines = [
  `Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores; multiply-add peak of one thread: ${backends.map((backend) => `${backend} ${text(peak(`nabla ${backend}`))}`).join(", ")} GFLOP/s`,
  ...(values.only === "kernels" ? [] : stepTables(rows, names, peak)),
  ...(values.only === "steps" ? [] : workTable(rows, peak)),
];
mkdirSync(join(here, "results"), { recursive: true });
writeFileSync(
  join(here, "results", "steps.json"),
  `${JSON.stringify({ node: process.version, peaks: Object.fromEntries(peaks), rows }, null, 1)}\n`,
);
writeFileSync(join(here, "results", "steps.md"), `${lines.join("\n")}\n`);
console.log(lines.join("\n"));
