/** Runs generated machine code in this process, for tests and measurements. */
import type { Kernel } from "../../../compiler/kernels/kernel.ts";
import type { CallableFunction, LoopFunction, LoweredKernel } from "../loops/ir.ts";
import type { MathFunction } from "../loops/math.ts";
import { mathLoop } from "../loops/math/measure.ts";
import type { NaiveFault, NaiveMemory } from "../loops/naive-kernel.ts";
import { chunks, collect, layOut, place, writeBlock } from "../loops/run-lowered.ts";
import { emitFunctions } from "./generator/emit.ts";
import { type InstructionSet, nativeInstructionSets, openHost } from "./host.ts";

/** Why code of a kind cannot run here; null: it can. */
export function whyNotNative(kind: InstructionSet): string | null {
  try {
    return nativeInstructionSets().includes(kind) ? null : "the processor lacks it";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Pages of this process. */
export class NativePages {
  readonly address: bigint;
  readonly bytes: ArrayBuffer;
  readonly #length: number;

  constructor(length: number) {
    const { system } = openHost();
    this.#length = Math.ceil(Math.max(1, length) / 4096) * 4096;
    const address = system.map(this.#length, "a test");
    this.address = BigInt(address);
    this.bytes = system.access.view(address, this.#length);
  }

  /** Readable and executable from now on, writable no longer. */
  makeExecutable(): void {
    openHost().system.makeExecutable(Number(this.address), this.#length);
  }

  free(): void {
    openHost().system.unmap(Number(this.address), this.#length);
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
  const { system } = openHost();
  return Object.fromEntries(Object.entries(mathNames).map(([name, symbol]) => [name, BigInt(system.symbol(symbol))])) as Record<
    CallableFunction,
    bigint
  >;
}

/** Machine code in executable pages. */
export function loadCode(code: Uint8Array, offsets: readonly number[]): { readonly functions: NativeLoop[]; free(): void } {
  const { system } = openHost();
  const pages = new NativePages(code.length);
  new Uint8Array(pages.bytes).set(code);
  pages.makeExecutable();
  const functions = offsets.map((offset): NativeLoop => {
    const call = system.access.bind(Number(pages.address) + offset, ["address", "int32", "int32", "address"], "void");
    return (block, from, to, scratch) => void call(Number(block), from, to, Number(scratch));
  });
  return { functions, free: () => pages.free() };
}

/** Emits and loads functions for a kind of processor. */
export function loadFunctions(functions: readonly LoopFunction[], kind: InstructionSet): ReturnType<typeof loadCode> {
  const { bytes, offsets } = emitFunctions(functions, { avx512: kind === "avx512", functions: mathAddresses() });
  return loadCode(bytes, offsets);
}

/** Runs every chunk of a kernel as machine code. */
export function runNative(kernel: Kernel, lowered: LoweredKernel, data: NaiveMemory, kind: InstructionSet): NaiveFault | null {
  const layout = layOut(kernel, lowered, data.buffers, 64);
  const pages = new NativePages(layout.end + 64);
  const code = loadFunctions([lowered.code], kind);
  try {
    place(pages.bytes, kernel, layout, data.buffers);
    writeBlock(new DataView(pages.bytes), kernel, layout, data.scalars, pages.address);
    const [run] = code.functions;
    for (const [from, to] of chunks(lowered)) run!(pages.address + BigInt(layout.block), from, to, pages.address + BigInt(layout.scratch));
    return collect(pages.bytes, kernel, layout, data.buffers);
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
  kind: InstructionSet,
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
