/** Generated kernels as WebAssembly modules, each function at one position of every thread's table. */
import type { LoopFunction } from "../loops/ir.ts";
import type { CodeStore } from "../runtime/code-cache.ts";
import type { EmitOptions } from "./emit.ts";
import { generatorOfCode } from "./parts.ts";
import type { Threads } from "./threads.ts";

/** Positions of the function tables, given out and taken back. */
export class ModuleStore implements CodeStore {
  readonly #threads: Threads;
  readonly #options: EmitOptions;
  readonly #freeIndices: number[] = [];
  #nextIndex = 0;

  constructor(threads: Threads, options: EmitOptions) {
    this.#threads = threads;
    this.#options = options;
  }

  install(functions: readonly LoopFunction[]): { readonly references: readonly number[]; readonly bytes: number } {
    const bytes = generatorOfCode.get().emitModule(functions, this.#options);
    const module = new WebAssembly.Module(bytes);
    const entries = functions.map(({ name }) => ({ name, index: this.#freeIndices.pop() ?? this.#nextIndex++ }));
    this.#threads.install({ module, entries }, []);
    return { references: entries.map(({ index }) => index), bytes: bytes.length };
  }

  remove(references: readonly number[]): void {
    this.#freeIndices.push(...references);
    this.#threads.install(null, references);
  }
}
