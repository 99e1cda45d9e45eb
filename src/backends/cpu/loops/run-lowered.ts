/** Runs lowered kernels on host arrays, by the IR's interpreter or as wasm: for tests and measurements. */
import { type DType, dtypes, hostArray, isFloat, roundedTo, storedElements, type TypedArray } from "../../../dtype/index.ts";
import type { Kernel } from "../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../target.ts";
import { emitModule } from "../wasm/emit.ts";
import { mathImports } from "../wasm/emitted-functions.ts";
import { reservedBytes } from "../wasm/memory-bounds.ts";
import { interpret } from "./interpret.ts";
import type { LoweredKernel } from "./ir.ts";
import type { NaiveFault, NaiveMemory } from "./naive-kernel.ts";

/** Where a kernel's buffers, parameters, fault record and scratch stand in memory. */
export interface Layout {
  readonly pointers: readonly number[];
  readonly block: number;
  readonly fault: number;
  readonly scratch: number;
  readonly end: number;
  /** What generated code may touch. */
  readonly regions: readonly (readonly [number, number])[];
}

/** Lays everything a kernel needs out from byte `start`. */
export function layOut(kernel: Kernel, lowered: LoweredKernel, buffers: readonly TypedArray[], start: number): Layout {
  let at = start;
  const regions: [number, number][] = [];
  const take = (bytes: number): number => {
    const place = at;
    regions.push([place, place + bytes]);
    at = Math.ceil((place + bytes + 64) / 64) * 64;
    return place;
  };
  const pointers = buffers.map((buffer, i) => take(buffer.length * dtypes[kernel.buffers[i]!.dtype].bytes));
  const extents = kernel.axes.filter((axis) => axis.dynamic).length;
  const block = take(8 * (buffers.length + kernel.scalars.length + extents + 1));
  const fault = take(12);
  const scratch = take(lowered.scratchBytes);
  return { pointers, block, fault, scratch, end: at, regions };
}

/** Writes the parameter block; `origin` is the address of byte 0. */
export function writeBlock(view: DataView, kernel: Kernel, layout: Layout, scalars: readonly number[], origin = 0n): void {
  let at = layout.block;
  for (const pointer of layout.pointers) {
    view.setBigInt64(at, origin + BigInt(pointer), true);
    at += 8;
  }
  kernel.scalars.forEach((dtype, i) => {
    const value = scalars[i]!;
    if (dtype === "float64") view.setFloat64(at, value, true);
    else if (isFloat(dtype)) view.setFloat32(at, roundedTo(dtype, value), true);
    else view.setInt32(at, value, true);
    at += 8;
  });
  for (const axis of kernel.axes) {
    if (!axis.dynamic) continue;
    view.setInt32(at, axis.extent, true);
    at += 8;
  }
  view.setBigInt64(at, origin + BigInt(layout.fault), true);
}

/** Writes the buffers to their places, as they are stored. */
export function place(memory: ArrayBuffer, kernel: Kernel, layout: Layout, buffers: readonly TypedArray[]): void {
  buffers.forEach((buffer, i) => storedElements(kernel.buffers[i]!.dtype, memory, layout.pointers[i]!, buffer.length).set(buffer));
}

/** Copies the buffers back and reads the fault record. */
export function collect(memory: ArrayBuffer, kernel: Kernel, layout: Layout, buffers: readonly TypedArray[]): NaiveFault | null {
  buffers.forEach((buffer, i) => {
    buffer.set(storedElements(kernel.buffers[i]!.dtype, memory, layout.pointers[i]!, buffer.length).slice());
  });
  const view = new DataView(memory);
  return view.getInt32(layout.fault, true) === 0
    ? null
    : { index: view.getInt32(layout.fault + 4, true), extent: view.getInt32(layout.fault + 8, true) };
}

/** Chunks [from, to) of the unit space. */
export function* chunks(lowered: LoweredKernel): Generator<readonly [number, number]> {
  for (let from = 0; from < lowered.units; from += lowered.grain) yield [from, Math.min(from + lowered.grain, lowered.units)];
}

/** Interprets every chunk. Only the kernel's buffers, parameters and scratch may be touched. */
export function runInterpreted(kernel: Kernel, lowered: LoweredKernel, target: CpuTarget, data: NaiveMemory): NaiveFault | null {
  const layout = layOut(kernel, lowered, data.buffers, 4096);
  const memory = new ArrayBuffer(layout.end);
  place(memory, kernel, layout, data.buffers);
  writeBlock(new DataView(memory), kernel, layout, data.scalars);
  for (const [from, to] of chunks(lowered)) {
    interpret(lowered.code, {
      memory,
      lanes: target.lanes,
      maskedTails: target.maskedTails,
      fma: target.fma,
      regions: layout.regions,
      block: layout.block,
      from,
      to,
      scratch: layout.scratch,
    });
  }
  return collect(memory, kernel, layout, data.buffers);
}

/** A kernel compiled to wasm with its own memory. */
export interface WasmRun {
  /** Runs every chunk once. */
  run(): void;
  /** Copies the buffers back and returns the fault. */
  collect(): NaiveFault | null;
  readonly wasm: Uint8Array;
}

/** Compiles to wasm and places the data. */
export function prepareWasm(kernel: Kernel, lowered: LoweredKernel, data: NaiveMemory): WasmRun {
  const layout = layOut(kernel, lowered, data.buffers, reservedBytes);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(layout.end / 65536) + 1 });
  place(memory.buffer, kernel, layout, data.buffers);
  writeBlock(new DataView(memory.buffer), kernel, layout, data.scalars);
  const wasm = emitModule([lowered.code], { relaxedFma: false, sharedMemory: false });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env: { memory }, math: mathImports });
  const f = instance.exports[lowered.code.name] as (block: number, from: number, to: number, scratch: number) => void;
  const pieces = [...chunks(lowered)];
  return {
    run: () => {
      for (const [from, to] of pieces) f(layout.block, from, to, layout.scratch);
    },
    collect: () => collect(memory.buffer, kernel, layout, data.buffers),
    wasm,
  };
}

/** Runs every chunk as wasm. */
export function runWasm(kernel: Kernel, lowered: LoweredKernel, data: NaiveMemory): NaiveFault | null {
  const prepared = prepareWasm(kernel, lowered, data);
  prepared.run();
  return prepared.collect();
}

/** Fresh arrays for a kernel's buffers, filled by `value`. */
export function fillBuffers(kernel: Kernel, value: (dtype: DType) => number): TypedArray[] {
  return kernel.buffers.map(({ dtype, elements }) => {
    const array = hostArray(dtype, elements);
    for (let i = 0; i < elements; i++) array[i] = value(dtype);
    return array;
  });
}

/** Bytes of a dtype's elements. */
export function byteLength(dtype: DType, elements: number): number {
  return dtypes[dtype].bytes * elements;
}
