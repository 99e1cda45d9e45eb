/** Constants that code reads from memory: they stand after the code and are addressed relative to it. */
import type { Assembler, Label } from "../assembler/index.ts";

interface Entry {
  readonly label: Label;
  readonly words: readonly number[];
}

const view = new DataView(new ArrayBuffer(8));

/** The bits of a float32 as an int32. */
export function floatBits(value: number): number {
  view.setFloat32(0, value, true);
  return view.getInt32(0, true);
}

/** Constants of one block of code, each kept once. */
export class ConstantPool {
  readonly #assembler: Assembler;
  readonly #entries = new Map<string, Entry>();

  constructor(assembler: Assembler) {
    this.#assembler = assembler;
  }

  /** Place of 32-bit words, one after another. */
  words(words: readonly number[]): Label {
    const key = words.join();
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { label: this.#assembler.label(), words };
      this.#entries.set(key, entry);
    }
    return entry.label;
  }

  /** Place of a float64. */
  double(value: number): Label {
    view.setFloat64(0, value, true);
    return this.words([view.getInt32(0, true), view.getInt32(4, true)]);
  }

  /** Writes the constants, longest first, so that each is aligned to its size. */
  write(): void {
    const entries = [...this.#entries.values()].sort((a, b) => b.words.length - a.words.length);
    if (entries.length === 0) return;
    this.#assembler.align(64);
    for (const { label, words } of entries) {
      this.#assembler.bind(label);
      for (const word of words) this.#assembler.int32(word);
    }
  }
}
