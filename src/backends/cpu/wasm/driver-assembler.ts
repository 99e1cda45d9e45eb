/** An assembler for the functions of the drivers. */
import { ByteWriter, emptyBlock, type Opcode, type WasmFunction, type WasmType } from "./encode.ts";

/** Small assembler over the instruction writer. Methods add one instruction each and return the assembler. */
export class DriverAssembler {
  readonly code: ByteWriter = new ByteWriter();
  readonly #locals: WasmType[] = [];
  readonly #parameters: number;

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  local(type: WasmType): number {
    this.#locals.push(type);
    return this.#parameters + this.#locals.length - 1;
  }
  get(local: number): this {
    this.code.op("local.get", local);
    return this;
  }
  set(local: number): this {
    this.code.op("local.set", local);
    return this;
  }
  i32(value: number): this {
    this.code.i32Const(value);
    return this;
  }
  op(...names: readonly Opcode[]): this {
    for (const name of names) this.code.op(name);
    return this;
  }
  memory(name: Opcode, alignment: number, offset = 0): this {
    this.code.op(name, alignment, offset);
    return this;
  }
  branch(name: "br" | "br_if", depth: number): this {
    this.code.op(name, depth);
    return this;
  }
  nest(name: "block" | "loop" | "if", body: () => void): this {
    this.code.op(name, emptyBlock);
    body();
    this.code.op("end");
    return this;
  }
  finish(name: string, parameterTypes: readonly WasmType[]): WasmFunction {
    return { name, type: { parameters: parameterTypes, results: [] }, locals: this.#locals, code: this.code.finish() };
  }
}
