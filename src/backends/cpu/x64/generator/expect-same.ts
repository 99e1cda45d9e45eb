/** Runs functions as machine code and through the interpreter, and compares what they leave in memory: for tests. */
import { expect } from "vitest";
import { address, type Block, loadPtr } from "../../loops/block.ts";
import { interpret } from "../../loops/interpret.ts";
import type { Expr, LoopFunction, Storage } from "../../loops/ir.ts";
import { loopFunction } from "../../wasm/run-emitted.ts";
import { loadFunctions, NativePages, whyNotNative } from "../run-machine-code.ts";

/** The kinds of code that this machine runs; says why it runs the others not. */
export const kinds: readonly ("avx2" | "avx512")[] = (["avx512", "avx2"] as const).filter((kind) => {
  const reason = whyNotNative(kind);
  if (reason !== null) console.log(`${kind} code is not run: ${reason}`);
  return reason === null;
});

/** Lanes of a vector. */
export const lanesOf: Readonly<Record<"avx2" | "avx512", number>> = { avx512: 16, avx2: 8 };

/** The parameter block at 0, inputs of 512 bytes at 512 * (slot + 1), slot 7 at 4096, scratch at 8192. */
const memoryBytes = 10240;
const scratchAt = 8192;
/** What a test puts into a slot. */
export type Input = Float32Array | Int32Array | Uint8Array | Float64Array;

function fillMemory(bytes: ArrayBuffer, inputs: readonly Input[], origin: bigint): void {
  const view = new DataView(bytes);
  new Uint8Array(bytes).fill(0xcc, 512);
  for (let slot = 0; slot < 8; slot++) view.setBigInt64(slot * 8, origin + BigInt(512 * (slot + 1)), true);
  inputs.forEach((input, slot) =>
    new Uint8Array(bytes, 512 * (slot + 1), input.byteLength).set(new Uint8Array(input.buffer, input.byteOffset, input.byteLength)),
  );
}

/** Memory after running a function as machine code. */
export function execute(f: LoopFunction, kind: "avx2" | "avx512", inputs: readonly Input[], from = 0, to = 1): Uint8Array {
  const pages = new NativePages(memoryBytes);
  const code = loadFunctions([f], kind);
  try {
    fillMemory(pages.bytes, inputs, pages.address);
    code.functions[0]!(pages.address, from, to, pages.address + BigInt(scratchAt));
    return new Uint8Array(pages.bytes.slice(512, memoryBytes));
  } finally {
    code.free();
    pages.free();
  }
}

/** Memory after interpreting it. */
export function interpreted(f: LoopFunction, kind: "avx2" | "avx512", inputs: readonly Input[], from = 0, to = 1): Uint8Array {
  const memory = new ArrayBuffer(memoryBytes);
  fillMemory(memory, inputs, 0n);
  interpret(f, { memory, lanes: lanesOf[kind], maskedTails: kind === "avx512", fma: true, block: 0, from, to, scratch: scratchAt });
  return new Uint8Array(memory.slice(512));
}

/** Runs and interprets; both must leave the same memory (any NaN for any NaN). */
export function expectSame(f: LoopFunction, kind: "avx2" | "avx512", inputs: readonly Input[], from = 0, to = 1): void {
  const found = execute(f, kind, inputs, from, to);
  const expected = interpreted(f, kind, inputs, from, to);
  const a = new Int32Array(found.buffer);
  const b = new Int32Array(expected.buffer);
  const isNaNWord = (bits: number): boolean => (bits & 0x7f800000) === 0x7f800000 && (bits & 0x7fffff) !== 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i] || (isNaNWord(a[i]!) && isNaNWord(b[i]!))) continue;
    // The low half of a NaN of 64 bits.
    if (f.name.includes("f64") && isNaNWord(a[i + 1]!) && isNaNWord(b[i + 1]!)) continue;
    expect.fail(`${f.name} (${kind}): word ${i} is ${a[i]}, interpreted ${b[i]}`);
  }
}

/** A function that stores `build(pointers)` in slot 7. */
export function evaluation(
  name: string,
  storage: Storage,
  build: (pointers: readonly Expr[], body: Block) => Expr,
  count?: number | Expr,
): LoopFunction {
  return loopFunction(name, (body, { block }) => {
    const pointers = [0, 1, 2, 3, 4, 5, 6, 7].map((slot) => body.let(loadPtr(block, slot)));
    const value = build(pointers, body);
    body.store(storage, address(pointers[7]!), value, count);
  });
}

/** Numbers with every kind of corner, no subnormal ones. */
export const floats: Float32Array = Float32Array.from([
  0,
  -0,
  1,
  -1.5,
  2.5,
  3.5,
  -2.5,
  1e10,
  -3e9,
  NaN,
  Infinity,
  -Infinity,
  0.1,
  7,
  -0.49999997,
  123456.7,
  0.5,
  -0.5,
  2147483648,
  -2147483648,
  2147483520,
  1e-30,
  -7.75,
  8388609,
  3,
  -3,
  65504,
  0.25,
  -100.5,
  1e20,
  -1e20,
  42,
]);
/** The same from the end. */
export const reversed: Float32Array = Float32Array.from([...floats].reverse());
/** Numbers with every kind of corner. */
export const integers: Int32Array = Int32Array.from([
  0, 1, -1, 7, -7, 2147483647, -2147483648, 65536, 255, 256, -256, 31, 32, 33, 12345, -99999, 2, 3, 5, -5, 1000, -1000, 64, 63, 9, 10, 11,
  12, 13, 14, 15, 16,
]);
/** The same from the end. */
export const mixed: Int32Array = Int32Array.from([...integers].reverse());
/** Float64 numbers with corners. */
export const doubles: Float64Array = Float64Array.from([
  0,
  -0,
  1.5,
  -2.5,
  NaN,
  Infinity,
  -Infinity,
  1e300,
  3e9,
  -3e9,
  0.5,
  -0.5,
  2147483647.5,
  1e-3,
]);
