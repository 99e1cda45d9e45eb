/**
 * The WebGPU back-end on a graphics card, beside eager PyTorch on the same card where Python (NABLA_PYTHON) has it with CUDA:
 * products of matrices in float32 and float16 against the card's float32 peak, training steps of the models of
 * peers/pytorch_steps.py, and ResNet-20 and ResNet-50 (batch 64) also under "mixed_float16". One process at a time.
 *
 *   NABLA_PYTHON=python3 node --import tsx --conditions=source bench/gpu.ts [--peak 66.9] [--minutes 8] [--seconds 2]
 *     [--sizes 1024,4096] [--models a,b]
 *
 * `--peak`: float32 TFLOP/s of the card, without tensor cores (default: what its data sheet says, for cards that are known
 * here). What matters most comes first; what does not fit into `--minutes` is left out and named. Prints Markdown and writes
 * bench/results/gpu.json.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { models } from "./models.ts";
import { here, ownRows, pythonWith, type Row, rowsOf } from "./processes.ts";
import { median, text } from "./tables.ts";

const { values } = parseArgs({
  options: {
    peak: { type: "string" },
    sizes: { type: "string", default: "512,1024,2048,4096,8192" },
    models: { type: "string" },
    seconds: { type: "string", default: "2" },
    minutes: { type: "string", default: "8" },
  },
});
/** float32 TFLOP/s without tensor cores, from data sheets. */
const peaks: Readonly<Record<string, number>> = {
  H100: 66.9,
  H200: 66.9,
  A100: 19.5,
  L40S: 91.6,
  L4: 30.3,
  T4: 8.1,
  "RTX 4090": 82.6,
  "RTX 3090": 35.6,
};
interface GpuRow extends Row {
  readonly batch?: number;
  readonly policy?: string;
  readonly info?: Readonly<Record<string, string | number | boolean>>;
}

const deadline = performance.now() + 60_000 * Number(values.minutes);
const leftOut: string[] = [];
const rows: GpuRow[] = [];
/** Adds rows where there is time for any. */
function measured(what: string, run: (timeoutMs: number) => Row[]): void {
  const left = Math.floor(deadline - performance.now());
  if (left < 5000) {
    leftOut.push(what);
    return;
  }
  console.error(`${what} (${(left / 1000).toFixed(0)} s left)`);
  const found = run(left);
  if (found.length === 0) leftOut.push(`${what} (failed, or too slow for the time that was left)`);
  rows.push(...found);
}

const python = pythonWith("torch");
const hasCuda =
  python !== undefined && spawnSync(python, ["-c", "import torch, sys; sys.exit(0 if torch.cuda.is_available() else 1)"]).status === 0;
if (!hasCuda) console.error("skipped: PyTorch on CUDA (no Python here has it; NABLA_PYTHON names one)");
const { seconds } = values;
function torch(what: string, args: readonly string[]): void {
  if (!hasCuda) return;
  const common = [join(here, "peers/pytorch_steps.py"), "--device", "cuda", "--seconds", seconds];
  measured(`PyTorch: ${what}`, (timeoutMs) => rowsOf(python, [...common, ...args], {}, timeoutMs));
}
function own(model: string, batch: string, policy: string): void {
  measured(`${model}, batch ${batch}, ${policy}`, (timeoutMs) =>
    ownRows("nabla.ts", ["webgpu", model, seconds, batch, policy], {}, timeoutMs),
  );
}

if (values.sizes !== "") {
  measured("products", (timeoutMs) => ownRows("gpu-matmul.ts", [values.sizes, seconds, "float32,float16"], {}, timeoutMs));
  torch("products", ["--matmul", values.sizes, "--dtypes", "float32,float16"]);
}
// Those with a figure to reach first, the largest last.
const first = ["mlp_784_512_512_10_b128_adam", "lenet_28_b128_adam", "resnet20_32_b32_sgdm", "resnet50_224_b4_sgdm"];
const large = Object.keys(models).filter((name) => models[name]!.isLarge === true && !first.includes(name));
const others = Object.keys(models).filter((name) => !first.includes(name) && !large.includes(name));
const chosen = values.models?.split(",").filter((name) => name !== "") ?? [...first, ...others, ...large];
for (const name of chosen) {
  const batch = name.startsWith("resnet50") ? "64" : String(models[name]!.batch);
  own(name, batch, "float32");
  torch(name, ["--models", name, "--batch", batch]);
  if (name.startsWith("resnet")) own(name, batch, "mixed_float16");
}

mkdirSync(join(here, "results"), { recursive: true });
writeFileSync(join(here, "results/gpu.json"), `${JSON.stringify(rows, undefined, 1)}\n`);
const isOwn = ({ peer }: Row): boolean => peer.startsWith("nabla");
const info = rows.find(({ info }) => info !== undefined)?.info ?? {};
const adapter = String(info["adapter"] ?? "no adapter");
const known = Object.keys(peaks).find((card) => adapter.includes(card));
const peak = 1000 * (values.peak !== undefined ? Number(values.peak) : known === undefined ? Number.NaN : peaks[known]!);
const figure = (found: readonly Row[], mine: boolean, key: "gflops" | "train_ms" | "infer_ms" | "first_ms"): number =>
  median(found.filter((row) => isOwn(row) === mine).flatMap((row) => (row[key] === undefined ? [] : [row[key]])));
const lines = [
  `${adapter}; features: ${String(info["features"] ?? "")}; float16: ${String(info["float16"] ?? "")}; float32 peak ${text(peak / 1000)} TFLOP/s`,
  "",
  "PyTorch's products in float16 run on tensor cores, ours on float32 units.",
  "",
  "| product | GFLOP/s | of float32 peak | PyTorch GFLOP/s | ratio |",
  "|---|---|---|---|---|",
];
for (const work of new Set(rows.flatMap((row) => row.work ?? []))) {
  const found = rows.filter((row) => row.work === work);
  const [mine, theirs] = [figure(found, true, "gflops"), figure(found, false, "gflops")];
  lines.push(`| ${work} | ${text(mine)} | ${text((100 * mine) / peak)} % | ${text(theirs)} | ${text(mine / theirs)} |`);
}
lines.push(
  "",
  "| model | batch | precision | step ms | GFLOP/s | PyTorch float32 ms | ratio | inference ms | PyTorch ms | first step ms |",
  "|---|---|---|---|---|---|---|---|---|---|",
);
for (const row of rows.filter((each) => each.model !== undefined && isOwn(each))) {
  const found = rows.filter(({ model, batch, peer, policy }) => {
    const isSame = model === row.model && batch === row.batch;
    return isSame && (!peer.startsWith("nabla") || policy === row.policy);
  });
  const [train, theirs] = [figure(found, true, "train_ms"), figure(found, false, "train_ms")];
  const cells = [
    train,
    figure(found, true, "gflops"),
    theirs,
    theirs / train,
    figure(found, true, "infer_ms"),
    figure(found, false, "infer_ms"),
    figure(found, true, "first_ms"),
  ];
  lines.push(`| ${row.model!} | ${row.batch ?? "-"} | ${row.policy ?? "-"} | ${cells.map(text).join(" | ")} |`);
}
if (leftOut.length > 0) lines.push("", `Not measured: ${leftOut.join("; ")}.`);
console.log(lines.join("\n"));
