/** `nabla doctor`: what runs here, and why nothing better does. */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { backendInfo, getBackend, jit, ops, tensor } from "../index.ts";
import { type Command, command } from "./command.ts";

interface Report {
  readonly node: string;
  readonly platform: string;
  readonly backend: Readonly<Record<string, string | number | boolean>>;
  readonly processors: number;
  readonly optionalParts: Readonly<Record<string, boolean>>;
  readonly gflops: number;
}

/** Packages that are used where they are installed, and what for. */
const parts: Readonly<Record<string, string>> = {
  koffi: "machine code on x86-64 Linux",
  webgpu: "the back-end webgpu in Node",
  sharp: "fast decoding of images",
  "@huggingface/tokenizers": "tokenizers",
};

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** Arithmetic per second of a product of two matrices of 512 rows, the best of five. */
async function measuredGflops(): Promise<number> {
  const size = 512;
  const repeats = 8;
  const x = tensor(
    Float32Array.from({ length: size * size }, (_, i) => ((i % 7) - 3) / 64),
    { shape: [size, size] },
  );
  const product = jit((a: typeof x) => Array.from({ length: repeats }).reduce<typeof x>((y) => ops.matmul(y, a), a));
  let best = Infinity;
  for (let i = 0; i < 6; i++) {
    const begin = performance.now();
    await product(x).data();
    if (i > 0) best = Math.min(best, performance.now() - begin);
  }
  return (2 * size ** 3 * repeats) / best / 1e6;
}

/** The command. */
export const doctor: Command = command<Report>({
  summary: "the back-end and why it was chosen, threads, optional parts, measured speed",
  positionals: [],
  options: {},
  examples: ["nabla doctor", "NABLA_BACKEND=wasm nabla doctor --json"],
  run: async () => {
    const gflops = await measuredGflops();
    return {
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      backend: { ...backendInfo(), name: getBackend() },
      processors: availableParallelism(),
      optionalParts: Object.fromEntries(Object.keys(parts).map((name) => [name, isInstalled(name)])),
      gflops: Math.round(gflops * 10) / 10,
    };
  },
  print: ({ node, platform, backend, processors, optionalParts, gflops }) => {
    const rows: [string, string][] = [
      ["Node", `${node} on ${platform}, ${processors} hardware threads`],
      ...Object.entries(backend).map(([key, value]): [string, string] => [key === "name" ? "back-end" : key, String(value)]),
      ...Object.entries(optionalParts).map(([name, found]): [string, string] => [
        name,
        found ? `found: ${parts[name]!}` : `not installed (${parts[name]!})`,
      ]),
      ["speed", `${gflops} GFLOP/s (products of matrices of 512 rows, float32)`],
    ];
    const width = Math.max(...rows.map(([key]) => key.length));
    return rows.map(([key, value]) => `${key.padEnd(width)}  ${value}`).join("\n");
  },
});
