/** Generated machine code in pages that are written, then executable, never both. */
import type { LoopFunction } from "../loops/ir.ts";
import type { CodeStore } from "../runtime/code-cache.ts";
import type { Mappings } from "./mappings.ts";
import { pageBytes } from "./system.ts";

/** Code of several functions: all bytes, and where each function begins. */
export interface MachineCode {
  readonly bytes: Uint8Array;
  readonly offsets: readonly number[];
}

/** Maps code and makes it executable; returns its address and the bytes mapped. Throws BackendError. */
export function mapCode(mappings: Mappings, code: Uint8Array): { readonly address: number; readonly bytes: number } {
  const { system } = mappings;
  const bytes = Math.ceil(Math.max(1, code.length) / pageBytes) * pageBytes;
  const address = mappings.map(bytes, "generated code");
  new Uint8Array(system.access.view(address, bytes)).set(code);
  try {
    system.makeExecutable(address, bytes);
  } catch (error) {
    mappings.unmap(address);
    throw error;
  }
  return { address, bytes };
}

/** The functions that were generated together, in one mapping, which lives as long as one of them. */
interface Unit {
  readonly address: number;
  left: number;
}

/** Code of kernels; jobs name it by address. */
export class CodeMemory implements CodeStore {
  private readonly mappings: Mappings;
  private readonly generate: (functions: readonly LoopFunction[]) => MachineCode;
  private readonly units = new Map<number, Unit>();

  constructor(mappings: Mappings, generate: (functions: readonly LoopFunction[]) => MachineCode) {
    this.mappings = mappings;
    this.generate = generate;
  }

  install(functions: readonly LoopFunction[]): { readonly references: readonly number[]; readonly bytes: number } {
    const code = this.generate(functions);
    const { address, bytes } = mapCode(this.mappings, code.bytes);
    const unit: Unit = { address, left: functions.length };
    const references = code.offsets.map((offset) => address + offset);
    for (const reference of references) this.units.set(reference, unit);
    return { references, bytes };
  }

  remove(references: readonly number[]): void {
    for (const reference of references) {
      const unit = this.units.get(reference)!;
      this.units.delete(reference);
      if (--unit.left === 0) this.mappings.unmap(unit.address);
    }
  }
}
