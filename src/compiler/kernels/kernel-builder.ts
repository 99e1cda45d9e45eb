/** Builds the expressions of one kernel: shares equal entries, numbers buffers, records accesses. */
import type { DType } from "../../dtype/index.ts";
import type { Affine } from "../../graph/index.ts";
import type { ScheduledKernel } from "../target.ts";
import { affineKey } from "./affine.ts";
import type { Access, DynamicTerm, Entry, Guard, Kernel, KernelBuffer } from "./kernel.ts";

/** A list of entries in which equal entries are one. */
export class Expression {
  readonly entries: Entry[] = [];
  readonly #known = new Map<string, number>();

  add(entry: Entry): number {
    const key = entryKey(entry);
    const before = this.#known.get(key);
    if (before !== undefined) return before;
    this.entries.push(entry);
    this.#known.set(key, this.entries.length - 1);
    return this.entries.length - 1;
  }
}

function entryKey(entry: Entry): string {
  switch (entry.op) {
    case "load":
      return `l${entry.access}`;
    case "constant":
      return `c${entry.dtype}${Object.is(entry.value, -0) ? "-0" : entry.value}`;
    case "parameter":
      return `p${entry.slot}`;
    case "position":
      return `x${affineKey(entry.index)}`;
    case "scalar":
      return `s${entry.f}${entry.dtype}${entry.args.join()}`;
    case "threefry":
      return `t${entry.word},${entry.args.join()}`;
    case "accumulator":
      return `a${entry.index}`;
  }
}

/** Text that is equal for equal guards. */
export function guardsKey(guards: readonly Guard[]): string {
  return guards.map(({ index, limit }) => `${affineKey(index)}<${limit}`).join(";");
}

/** Buffers, accesses and scalars of one kernel under construction. */
export class KernelBuilder {
  readonly rank: number;
  readonly accesses: Access[] = [];
  /** Program scalar of each run-time scalar. */
  readonly scalars: number[] = [];
  readonly scalarTypes: DType[] = [];
  readonly bufferIds: number[] = [];
  readonly #buffers: { dtype: DType; elements: number; read: boolean; write: boolean }[] = [];
  readonly #known = new Map<string, number>();

  constructor(rank: number) {
    this.rank = rank;
  }

  /** Position of a run-time scalar of the program. */
  scalar(id: number, dtype: DType): number {
    const slot = this.scalars.indexOf(id);
    if (slot >= 0) return slot;
    this.scalars.push(id);
    this.scalarTypes.push(dtype);
    return this.scalars.length - 1;
  }

  /** Records an access; equal accesses of one buffer are one. `update`: stores over part of what stands there, which counts as reading it. */
  access(
    buffer: { readonly id: number; readonly dtype: DType; readonly elements: number },
    use: "read" | "write" | "update",
    index: Affine,
    guards: readonly Guard[] = [],
    fill = 0,
    dynamic: readonly DynamicTerm[] = [],
  ): number {
    let position = this.bufferIds.indexOf(buffer.id);
    if (position < 0) {
      this.bufferIds.push(buffer.id);
      this.#buffers.push({ dtype: buffer.dtype, elements: buffer.elements, read: false, write: false });
      position = this.#buffers.length - 1;
    }
    if (use !== "write") this.#buffers[position]!.read = true;
    if (use !== "read") this.#buffers[position]!.write = true;
    const terms = dynamic.map((term) => `${term.value},${term.stride},${term.extent},${term.mode},${affineKey(term.offset)}`).join(";");
    const key = `${position}|${affineKey(index)}|${guardsKey(guards)}|${fill}|${terms}`;
    const before = this.#known.get(key);
    if (before !== undefined) return before;
    this.accesses.push({ buffer: position, index, guards, fill, dynamic });
    this.#known.set(key, this.accesses.length - 1);
    return this.accesses.length - 1;
  }

  /** The buffers, as the kernel lists them. */
  kernelBuffers(): KernelBuffer[] {
    return this.#buffers.map(({ dtype, elements, read, write }) => ({
      dtype,
      elements,
      use: read && write ? "readwrite" : write ? "write" : "read",
    }));
  }

  /** Binds a finished kernel to its buffers. */
  bound(kernel: Kernel): ScheduledKernel {
    return { kernel, buffers: [...this.bufferIds], scalars: [...this.scalars] };
  }
}
