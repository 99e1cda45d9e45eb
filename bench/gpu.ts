/**
 * The WebGPU back-end on a graphics card, beside PyTorch on the same card where Python has it with CUDA: products of
 * matrices against the card's float32 peak, then training steps of the models of peers/pytorch_steps.py and of ResNet-50 with
 * a batch of 64. One process at a time, interleaved.
 *
 *   node --import tsx --conditions=source bench/gpu.ts [--peak 66.9] [--sizes 1024,4096] [--models a,b] [--seconds 6] [--rounds 1]
 *
 * `--peak`: float32 TFLOP/s of the card (H100 SXM without tensor cores: 66.9). Prints Markdown tables and writes
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
    models: { type: "string", default: Object.keys(models).join(",") },
    seconds: { type: "string", default: "6" },
    rounds: { type: "string", default: "1" },
  },
});
const python = pythonWith("torch");
const hasCuda =
  python !== undefined && spawnSync(python, ["-c", "import torch, sys; sys.exit(0 if torch.cuda.is_available() else 1)"]).status === 0;
if (!hasCuda) console.error("skipped: PyTorch on CUDA (no Python here has it)");
const torch = (args: readonly string[]): Row[] =>
  hasCuda ? rowsOf(python, [join(here, "peers/pytorch_steps.py"), "--device", "cuda", "--seconds", values.seconds, ...args]) : [];

const rows: (Row & { readonly batch?: number })[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  for (const size of values.sizes.split(",")) {
    console.error(`matmul ${size} ...`);
    rows.push(...ownRows("gpu-matmul.ts", [size, values.seconds]), ...torch(["--matmul", size]));
  }
  for (const name of values.models.split(",").filter((entry) => entry !== "")) {
    for (const batch of name.startsWith("resnet50") ? [undefined, "64"] : [undefined]) {
      console.error(`${name}${batch === undefined ? "" : `, batch ${batch}`} ...`);
      rows.push(...ownRows("nabla.ts", ["webgpu", name, values.seconds, ...(batch === undefined ? [] : [batch])]));
      rows.push(...torch(["--models", name, ...(batch === undefined ? [] : ["--batch", batch])]));
    }
  }
}

mkdirSync(join(here, "results"), { recursive: true });
writeFileSync(join(here, "results/gpu.json"), `${JSON.stringify(rows, undefined, 1)}\n`);
const isOwn = ({ peer }: Row): boolean => peer.startsWith("nabla");
const figure = (found: readonly Row[], own: boolean, key: "gflops" | "train_ms" | "infer_ms" | "first_ms"): number =>
  median(found.filter((row) => isOwn(row) === own).flatMap((row) => (row[key] === undefined ? [] : [row[key]])));
const peak = values.peak === undefined ? Number.NaN : Number(values.peak) * 1000;
const lines = ["| product | GFLOP/s | of peak | PyTorch GFLOP/s | ratio |", "|---|---|---|---|---|"];
for (const work of new Set(rows.flatMap((row) => row.work ?? []))) {
  const found = rows.filter((row) => row.work === work);
  const [mine, theirs] = [figure(found, true, "gflops"), figure(found, false, "gflops")];
  lines.push(`| ${work} | ${text(mine)} | ${text((100 * mine) / peak)} % | ${text(theirs)} | ${text(mine / theirs)} |`);
}
lines.push(
  "",
  "| model | batch | step ms | PyTorch ms | ratio | inference ms | PyTorch ms | first step ms |",
  "|---|---|---|---|---|---|---|---|",
);
for (const key of new Set(rows.flatMap((row) => (row.model === undefined ? [] : `${row.model} ${row.batch}`)))) {
  const found = rows.filter((row) => `${row.model} ${row.batch}` === key);
  const [train, theirs] = [figure(found, true, "train_ms"), figure(found, false, "train_ms")];
  const cells = [
    train,
    theirs,
    theirs / train,
    figure(found, true, "infer_ms"),
    figure(found, false, "infer_ms"),
    figure(found, true, "first_ms"),
  ];
  lines.push(`| ${key.replace(" ", " | ")} | ${cells.map(text).join(" | ")} |`);
}
console.log(lines.join("\n"));
