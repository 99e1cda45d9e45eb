/** Texts of attributes, which stand in global heaps (HDF5 File Format Specification, III.E). */
import { ByteWriter } from "./byte-writer.ts";
import { attributesOf, type H5Array, type H5GroupContent, isGroup } from "./tree.ts";

/** A heap numbers its objects in 16 bits. */
const objectsPerHeap = 60000;
const leastHeapBytes = 4096;
const encoder = new TextEncoder();

/** The texts of a tree of groups: where each will stand is known before anything that refers to them is written. */
export class GlobalHeap {
  readonly #out = new ByteWriter();
  readonly #base: number;
  readonly #references = new Map<H5GroupContent | H5Array, Map<string, Uint8Array>>();
  #texts: Uint8Array[] = [];

  /** `base`: address in the file of what `bytes` gives. */
  constructor(base: number) {
    this.#base = base;
  }

  /** Takes the texts of a group and of what is in it. */
  collect(root: H5GroupContent): void {
    const pending: { bytes: Uint8Array; reference: ByteWriter; at: number }[] = [];
    const visit = (group: H5GroupContent | H5Array): void => {
      if (this.#references.has(group)) return;
      for (const [name, value] of attributesOf(group)) {
        const texts: readonly string[] | null = typeof value === "string" ? [value] : Array.isArray(value) ? (value as string[]) : null;
        if (texts === null) continue;
        const reference = new ByteWriter();
        reference.reserve(16 * texts.length);
        texts.forEach((text, i) => pending.push({ bytes: encoder.encode(text), reference, at: 16 * i }));
        const ofGroup = this.#references.get(group) ?? new Map<string, Uint8Array>();
        ofGroup.set(name, reference.bytes());
        this.#references.set(group, ofGroup);
      }
      if (isGroup(group)) for (const member of group.members.values()) visit(member);
    };
    visit(root);
    for (let first = 0; first < pending.length; first += objectsPerHeap) {
      const part = pending.slice(first, first + objectsPerHeap);
      this.#texts = part.map(({ bytes }) => bytes);
      const address = this.#base + this.#write();
      part.forEach(({ bytes, reference, at }, i) => {
        reference.put(at, 4, bytes.length);
        reference.put(at + 4, 8, address);
        reference.put(at + 12, 4, i + 1);
      });
    }
  }

  /** What stands in an attribute: for each text its length, its heap, and its number in the heap. */
  references(group: H5GroupContent | H5Array, name: string): Uint8Array {
    return this.#references.get(group)?.get(name) ?? new Uint8Array(0);
  }

  /** The heaps. */
  bytes(): Uint8Array {
    return this.#out.bytes();
  }

  #write(): number {
    const used = this.#texts.reduce((sum, text) => sum + 16 + padded(text.length), 16);
    const size = Math.max(leastHeapBytes, used + 16);
    const out = this.#out;
    const at = out.reserve(size);
    out.set(at, [0x47, 0x43, 0x4f, 0x4c, 1]);
    out.put(at + 8, 8, size);
    let position = at + 16;
    this.#texts.forEach((text, i) => {
      out.put(position, 2, i + 1);
      out.put(position + 8, 8, text.length);
      out.set(position + 16, text);
      position += 16 + padded(text.length);
    });
    // Object 0 is the free space, its own header included.
    out.put(position + 8, 8, at + size - position);
    return at;
  }
}

function padded(length: number): number {
  return (length + 7) & ~7;
}
