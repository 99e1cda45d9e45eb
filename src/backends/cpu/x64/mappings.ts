/** All that a back-end has mapped, in a list that generated code reads where the thread of its JavaScript ends. */
import type { System } from "./system.ts";

/** Entries that fit. More are mapped all the same, and stay until the process ends if its thread is terminated. */
const listBytes = 2 ** 20;
const capacity = listBytes / 16;

/** Maps memory for one back-end and remembers it. */
export class Mappings {
  readonly system: System;
  /** Address of the list of (address, bytes). */
  readonly list: number;
  private readonly words: Uint32Array;
  private readonly positions = new Map<number, { readonly bytes: number; position: number }>();
  /** Entries of the list. */
  count = 0;
  private readonly order: number[] = [];
  /** Called with the number of entries whenever it changes. */
  onCount: (count: number) => void = () => undefined;
  /** Bytes mapped. */
  bytes = 0;

  constructor(system: System) {
    this.system = system;
    this.list = system.map(listBytes, "a list");
    this.words = new Uint32Array(system.access.view(this.list, listBytes));
    // The list stands first in itself: it is given back after everything else.
    this.add(this.list, listBytes);
  }

  /** Maps zeroed, writable pages. Throws BackendError. */
  map(bytes: number, what: string): number {
    const address = this.system.map(bytes, what);
    this.add(address, bytes);
    return address;
  }

  /** Takes over pages that are mapped. */
  add(address: number, bytes: number): void {
    const position = this.count < capacity ? this.count++ : -1;
    this.positions.set(address, { bytes, position });
    this.bytes += bytes;
    if (position < 0) return;
    this.order[position] = address;
    this.write(position, address, bytes);
    this.onCount(this.count);
  }

  /** Gives pages back. */
  unmap(address: number): void {
    const { bytes } = this.positions.get(address)!;
    this.forget(address);
    this.system.unmap(address, bytes);
  }

  /** Takes pages out of the list; they stay mapped. */
  forget(address: number): void {
    const { bytes, position } = this.positions.get(address)!;
    this.positions.delete(address);
    this.bytes -= bytes;
    if (position < 0) return;
    const last = this.order.pop()!;
    this.count--;
    this.onCount(this.count);
    if (last === address) return;
    const moved = this.positions.get(last)!;
    moved.position = position;
    this.order[position] = last;
    this.write(position, last, moved.bytes);
  }

  private write(position: number, address: number, bytes: number): void {
    this.words.set([address, Math.floor(address / 2 ** 32), bytes, Math.floor(bytes / 2 ** 32)], position * 4);
  }
}
