/** Runs generated machine code in this process, for tests and measurements. */
import { createRequire } from "node:module";
import type { Kernel } from "../../../compiler/kernels/kernel.ts";
import type { CallableFunction, LoopFunction, LoweredKernel } from "../loops/ir.ts";
import type { MathFunction } from "../loops/math.ts";
import { mathLoop } from "../loops/math/measure.ts";
import type { NaiveFault, NaiveMemory } from "../loops/naive-kernel.ts";
import { bytesOf, chunks, collect, layOut, writeBlock } from "../loops/run-lowered.ts";
import { emitFunctions } from "./generator/emit.ts";

/** What is used of koffi. */
interface Koffi {
  load(path: string): { func(prototype: string): NativeFunction };
  proto(prototype: string): unknown;
  decode(pointer: bigint, type: unknown): NativeFunction;
  view(pointer: bigint, length: number): ArrayBuffer;
}

type NativeFunction = (...args: (number | bigint | null | string)[]) => bigint | number;

interface Native {
  readonly koffi: Koffi;
  readonly mmap: NativeFunction;
  readonly mprotect: NativeFunction;
  readonly munmap: NativeFunction;
  readonly dlsym: NativeFunction;
  readonly entry: unknown;
  readonly features: ReadonlySet<string>;
}

let native: Native | string | null = null;

function findNative(): Native | string {
  if (process.platform !== "linux" || process.arch !== "x64") return `no machine code on ${process.platform} ${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    const koffi = require("koffi") as Koffi;
    const fs = require("node:fs") as { readFileSync(path: string, encoding: string): string };
    const flags = /^flags\s*:(.*)$/m.exec(fs.readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "";
    const libc = koffi.load("libc.so.6");
    koffi.load("libm.so.6");
    return {
      koffi,
      mmap: libc.func("uintptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)"),
      mprotect: libc.func("int mprotect(uintptr_t, size_t, int)"),
      munmap: libc.func("int munmap(uintptr_t, size_t)"),
      dlsym: koffi.load("libm.so.6").func("uintptr_t dlsym(uintptr_t, const char *)"),
      entry: koffi.proto("void loopFunction(uintptr_t, int, int, uintptr_t)"),
      features: new Set(flags.trim().split(" ")),
    };
  } catch (error) {
    return `koffi cannot be used: ${String(error)}`;
  }
}

function getNative(): Native {
  native ??= findNative();
  if (typeof native === "string") throw new Error(native);
  return native;
}

/** Why code of a kind cannot run here; null: it can. */
export function whyNotNative(kind: "avx2" | "avx512"): string | null {
  native ??= findNative();
  if (typeof native === "string") return native;
  const needed = kind === "avx2" ? ["avx2", "fma", "bmi2"] : ["avx512f", "avx512vl", "avx512dq", "avx512bw", "bmi2"];
  const { features } = native;
  const missing = needed.filter((name) => !features.has(name));
  return missing.length === 0 ? null : `the processor has no ${missing.join(", ")}`;
}

/** Pages of this process. */
export class NativePages {
  readonly address: bigint;
  readonly bytes: ArrayBuffer;
  readonly #length: number;

  constructor(length: number) {
    const { koffi, mmap } = getNative();
    this.#length = Math.ceil(Math.max(1, length) / 4096) * 4096;
    // PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS
    this.address = BigInt(mmap(0, this.#length, 3, 0x22, -1, 0));
    this.bytes = koffi.view(this.address, this.#length);
  }

  /** Readable and executable from now on, writable no longer. */
  makeExecutable(): void {
    if (getNative().mprotect(this.address, this.#length, 5) !== 0) throw new Error("memory cannot be made executable");
  }

  free(): void {
    getNative().munmap(this.address, this.#length);
  }
}

/** Generated functions as JavaScript functions. */
export type NativeLoop = (block: bigint, from: number, to: number, scratch: bigint) => void;

const mathNames: Readonly<Record<CallableFunction, string>> = {
  exp: "exp",
  expm1: "expm1",
  log: "log",
  log1p: "log1p",
  tanh: "tanh",
  sin: "sin",
  cos: "cos",
  tan: "tan",
  asin: "asin",
  acos: "acos",
  atan: "atan",
  sinh: "sinh",
  cosh: "cosh",
  asinh: "asinh",
  acosh: "acosh",
  atanh: "atanh",
  pow: "pow",
  atan2: "atan2",
  remainder: "fmod",
};

/** Addresses of libm's functions. */
export function mathAddresses(): Record<CallableFunction, bigint> {
  const { dlsym } = getNative();
  return Object.fromEntries(Object.entries(mathNames).map(([name, symbol]) => [name, BigInt(dlsym(0, symbol))])) as Record<
    CallableFunction,
    bigint
  >;
}

/** Machine code in executable pages. */
export function loadCode(code: Uint8Array, offsets: readonly number[]): { readonly functions: NativeLoop[]; free(): void } {
  const { koffi, entry } = getNative();
  const pages = new NativePages(code.length);
  new Uint8Array(pages.bytes).set(code);
  pages.makeExecutable();
  const functions = offsets.map((offset) => koffi.decode(pages.address + BigInt(offset), entry) as unknown as NativeLoop);
  return { functions, free: () => pages.free() };
}

/** Emits and loads functions for a kind of processor. */
export function loadFunctions(functions: readonly LoopFunction[], kind: "avx2" | "avx512"): ReturnType<typeof loadCode> {
  const { bytes, offsets } = emitFunctions(functions, { avx512: kind === "avx512", functions: mathAddresses() });
  return loadCode(bytes, offsets);
}

/** Runs every chunk of a kernel as machine code. */
export function runNative(kernel: Kernel, lowered: LoweredKernel, data: NaiveMemory, kind: "avx2" | "avx512"): NaiveFault | null {
  const layout = layOut(kernel, lowered, data.buffers, 64);
  const pages = new NativePages(layout.end + 64);
  const code = loadFunctions([lowered.code], kind);
  try {
    data.buffers.forEach((buffer, i) => new Uint8Array(pages.bytes, layout.pointers[i], buffer.byteLength).set(bytesOf(buffer)));
    writeBlock(new DataView(pages.bytes), kernel, layout, data.scalars, pages.address);
    const [run] = code.functions;
    for (const [from, to] of chunks(lowered)) run!(pages.address + BigInt(layout.block), from, to, pages.address + BigInt(layout.scratch));
    return collect(pages.bytes, layout, data.buffers);
  } finally {
    code.free();
    pages.free();
  }
}

/** f of every pair (x[i], y[i]) by machine code, in vectors or one by one. Lengths must be equal multiples of 16. */
export function evaluateMathNatively(
  f: MathFunction,
  x: Float32Array,
  y: Float32Array,
  kind: "avx2" | "avx512",
  vector: boolean,
): Float32Array<ArrayBuffer> {
  const code = loadFunctions([mathLoop(f, vector ? (kind === "avx512" ? 16 : 8) : 1)], kind);
  const bytes = x.byteLength;
  const pages = new NativePages(64 + 3 * bytes);
  const view = new DataView(pages.bytes);
  for (let slot = 0; slot < 3; slot++) view.setBigInt64(8 * slot, pages.address + BigInt(64 + slot * bytes), true);
  new Float32Array(pages.bytes, 64, x.length).set(x);
  new Float32Array(pages.bytes, 64 + bytes, y.length).set(y);
  code.functions[0]!(pages.address, 0, x.length, 0n);
  const results = new Float32Array(pages.bytes, 64 + 2 * bytes, x.length).slice();
  code.free();
  pages.free();
  return results;
}
