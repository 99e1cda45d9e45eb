/** Runs loop functions made by hand as WebAssembly: for tests of the emitter. */
import { address, Block, get, loadPtr } from "../loops/block.ts";
import type { Expr, LoopFunction, Storage, ValueType, Variable } from "../loops/ir.ts";
import { emitModule } from "./emit.ts";
import { mathImports } from "./emitted-functions.ts";

/** A function made by hand. */
export function loopFunction(
  name: string,
  build: (body: Block, parameters: { block: Expr; from: Expr; to: Expr; scratch: Expr }) => void,
): LoopFunction {
  const variable = (name: string, type: ValueType): Variable => ({ name, type });
  const parameters = {
    block: variable("block", "ptr"),
    from: variable("from", "i32"),
    to: variable("to", "i32"),
    scratch: variable("scratch", "ptr"),
  };
  const body = new Block();
  build(body, { block: get(parameters.block), from: get(parameters.from), to: get(parameters.to), scratch: get(parameters.scratch) });
  return { name, ...parameters, body: body.body };
}

/** Buffers stand at 4096 * (slot + 1); the parameter block at 0. */
export function execute(
  f: LoopFunction,
  inputs: readonly (Float32Array | Int32Array | Uint8Array | Float64Array)[],
  from = 0,
  to = 1,
  relaxedFma = false,
): DataView {
  const memory = new WebAssembly.Memory({ initial: 4 });
  const bytes = new Uint8Array(memory.buffer);
  const block = new Int32Array(memory.buffer);
  for (let slot = 0; slot < 8; slot++) block[slot * 2] = 4096 * (slot + 1);
  inputs.forEach((input, slot) => bytes.set(new Uint8Array(input.buffer, input.byteOffset, input.byteLength), 4096 * (slot + 1)));
  const module = new WebAssembly.Module(emitModule([f], { relaxedFma, sharedMemory: false }));
  const instance = new WebAssembly.Instance(module, { env: { memory }, math: mathImports });
  const exported = instance.exports[f.name] as (block: number, from: number, to: number, scratch: number) => void;
  exported(0, from, to, 65536);
  return new DataView(memory.buffer);
}

/** Runs `build` on inputs in slots 0.., result stored in slot 7. */
export function evaluate(
  storage: Storage,
  build: (pointers: readonly Expr[], body: Block) => Expr,
  inputs: readonly (Float32Array | Int32Array | Uint8Array | Float64Array)[],
  count?: number,
  relaxedFma = false,
): DataView {
  const f = loopFunction("f", (body, { block }) => {
    const pointers = [0, 1, 2, 3, 4, 5, 6, 7].map((slot) => body.let(loadPtr(block, slot)));
    body.store(storage, address(pointers[7]!), build(pointers, body), count);
  });
  const view = execute(f, inputs, 0, 1, relaxedFma);
  return new DataView(view.buffer, 4096 * 8, 4096);
}

/** A float32 array. */
export const f32x: (values: readonly number[]) => Float32Array = (values: readonly number[]): Float32Array => Float32Array.from(values);
/** An int32 array. */
export const i32x: (values: readonly number[]) => Int32Array = (values: readonly number[]): Int32Array => Int32Array.from(values);
/** The first `n` floats of a view. */
export const readF32: (view: DataView, n: number) => number[] = (view: DataView, n: number): number[] =>
  Array.from({ length: n }, (_, i) => view.getFloat32(i * 4, true));
/** The first `n` integers of a view. */
export const readI32: (view: DataView, n: number) => number[] = (view: DataView, n: number): number[] =>
  Array.from({ length: n }, (_, i) => view.getInt32(i * 4, true));
