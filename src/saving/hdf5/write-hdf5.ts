/**
 * Writes HDF5 files as h5py's default does (superblock 0, groups as symbol tables, contiguous datasets, attributes in
 * object headers; HDF5 File Format Specification, version 3.0): every reader of HDF5 opens them.
 */
import { ValueError } from "../../errors.ts";
import { ByteWriter } from "./byte-writer.ts";
import { fixedTextType, numericTypes, textType } from "./datatypes.ts";
import { GlobalHeap } from "./global-heap.ts";
import { attributesOf, type H5Array, type H5Attribute, type H5GroupContent, isGroup } from "./tree.ts";

/** Entries of a leaf of a group's index, and children of its inner nodes. */
const leafEntries = 8;
const nodeChildren = 32;
const superblockBytes = 96;
const undefinedAddress = [255, 255, 255, 255, 255, 255, 255, 255];
/** Largest message of an object header. */
const largestMessage = 65535 - 7;

interface GroupAddresses {
  readonly header: number;
  readonly tree: number;
  readonly heap: number;
}

interface Message {
  readonly type: number;
  readonly flags: number;
  readonly body: Uint8Array;
}

const encoder = new TextEncoder();

/**
 * The bytes of a file, in parts that stand one after another: the arrays of the datasets are parts themselves and are not
 * copied. Throws ValueError for what the format cannot hold.
 */
export function writeHdf5(root: H5GroupContent): Uint8Array[] {
  const data: Uint8Array[] = [];
  const addresses = new Map<H5Array, number>();
  let end = superblockBytes;
  const place = (group: H5GroupContent): void => {
    for (const member of group.members.values()) {
      if (isGroup(member)) place(member);
      else if (member.bytes.length > 0 && !addresses.has(member)) {
        addresses.set(member, end);
        data.push(member.bytes);
        const rest = -member.bytes.length & 7;
        if (rest > 0) data.push(new Uint8Array(rest));
        end += member.bytes.length + rest;
      }
    }
  };
  place(root);
  const texts = new GlobalHeap(end);
  texts.collect(root);
  const heap = texts.bytes();
  const metadata = new Metadata(end + heap.length, addresses, texts);
  const at = metadata.group(root);
  const tail = metadata.bytes();
  return [superblock(at, end + heap.length + tail.length), ...data, heap, tail];
}

function superblock(root: GroupAddresses, fileBytes: number): Uint8Array {
  const out = new ByteWriter();
  out.reserve(superblockBytes);
  out.set(0, [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]);
  out.set(13, [8, 8]);
  out.put(16, 2, leafEntries / 2);
  out.put(18, 2, nodeChildren / 2);
  out.set(32, undefinedAddress);
  out.put(40, 8, fileBytes);
  out.set(48, undefinedAddress);
  putEntry(out, 56, 0, root.header, root);
  return out.bytes();
}

/** An entry of a symbol table: where the name stands in the heap, where the object's header is, and of groups the index. */
function putEntry(out: ByteWriter, at: number, name: number, header: number, group: GroupAddresses | null): void {
  out.put(at, 8, name);
  out.put(at + 8, 8, header);
  if (group === null) return;
  out.put(at + 16, 4, 1);
  out.put(at + 24, 8, group.tree);
  out.put(at + 32, 8, group.heap);
}

/** Headers, indices, heaps: everything but the data. Addresses in the file are `base` more than those in the writer. */
class Metadata {
  readonly #out = new ByteWriter();
  readonly #base: number;
  readonly #data: ReadonlyMap<H5Array, number>;
  readonly #datasets = new Map<H5Array, number>();
  readonly #texts: GlobalHeap;

  constructor(base: number, data: ReadonlyMap<H5Array, number>, texts: GlobalHeap) {
    this.#base = base;
    this.#data = data;
    this.#texts = texts;
  }

  /** All bytes. */
  bytes(): Uint8Array {
    return this.#out.bytes();
  }

  group(group: H5GroupContent): GroupAddresses {
    const names = [...group.members.keys()].map((name) => ({ name, bytes: encoder.encode(name) }));
    for (const { name, bytes } of names) {
      if (name !== "" && name !== "." && !name.includes("/") && !bytes.includes(0)) continue;
      throw new ValueError({
        where: "HDF5",
        problem: "a member of a group cannot have this name",
        expected: "a text without / and zero bytes",
        received: JSON.stringify(name),
      });
    }
    names.sort((a, b) => compareBytes(a.bytes, b.bytes));
    const entries = names.map(({ name }) => {
      const member = group.members.get(name)!;
      if (!isGroup(member)) return { header: this.#dataset(member), group: null };
      const inner = this.group(member);
      return { header: inner.header, group: inner };
    });
    // The heap begins with the empty text.
    let heapBytes = 8;
    const offsets = names.map(({ bytes }) => {
      const offset = heapBytes;
      heapBytes += (bytes.length + 8) & ~7;
      return offset;
    });
    const out = this.#out;
    const heap = out.reserve(32);
    const heapData = out.reserve(heapBytes);
    out.set(heap, [0x48, 0x45, 0x41, 0x50]);
    out.put(heap + 8, 8, heapBytes);
    // No free space: 1 ends the list.
    out.put(heap + 16, 8, 1);
    out.put(heap + 24, 8, this.#base + heapData);
    names.forEach(({ bytes }, i) => out.set(heapData + offsets[i]!, bytes));
    // Leaves of up to 8 entries, and inner nodes of up to 32 children above them until one is left.
    let level: { address: number; last: number }[] = [];
    for (let first = 0; first < entries.length; first += leafEntries) {
      const count = Math.min(leafEntries, entries.length - first);
      const leaf = out.reserve(8 + leafEntries * 40);
      out.set(leaf, [0x53, 0x4e, 0x4f, 0x44, 1]);
      out.put(leaf + 6, 2, count);
      for (let i = 0; i < count; i++) {
        const { header, group: inner } = entries[first + i]!;
        putEntry(out, leaf + 8 + i * 40, offsets[first + i]!, header, inner);
      }
      level.push({ address: leaf, last: offsets[first + count - 1]! });
    }
    let depth = 0;
    let tree: number;
    do {
      const nodes: { address: number; last: number }[] = [];
      for (let first = 0; first === 0 || first < level.length; first += nodeChildren) {
        const children = level.slice(first, first + nodeChildren);
        const node = out.reserve(24 + nodeChildren * 16 + 8);
        nodes.push({ address: node, last: children.at(-1)?.last ?? 0 });
        out.set(node, [0x54, 0x52, 0x45, 0x45, 0, depth]);
        out.put(node + 6, 2, children.length);
        out.set(node + 8, undefinedAddress);
        out.set(node + 16, undefinedAddress);
        out.put(node + 24, 8, first === 0 ? 0 : level[first - 1]!.last);
        children.forEach(({ address, last }, i) => {
          out.put(node + 32 + i * 16, 8, this.#base + address);
          out.put(node + 40 + i * 16, 8, last);
        });
        if (nodes.length > 1) {
          const before = nodes.at(-2)!.address;
          out.put(before + 16, 8, this.#base + node);
          out.put(node + 8, 8, this.#base + before);
        }
      }
      tree = nodes[0]!.address;
      level = nodes;
      depth++;
    } while (level.length > 1);
    const symbolTable = new ByteWriter();
    symbolTable.reserve(16);
    symbolTable.put(0, 8, this.#base + tree);
    symbolTable.put(8, 8, this.#base + heap);
    const header = this.#header([{ type: 0x11, flags: 0, body: symbolTable.bytes() }, ...this.#attributes(group)]);
    return { header, tree: this.#base + tree, heap: this.#base + heap };
  }

  #dataset(array: H5Array): number {
    const known = this.#datasets.get(array);
    if (known !== undefined) return known;
    const layout = new ByteWriter();
    layout.reserve(24);
    layout.set(0, [3, 1]);
    const address = this.#data.get(array);
    if (address === undefined) layout.set(2, undefinedAddress);
    else layout.put(2, 8, address);
    layout.put(10, 8, array.bytes.length);
    const header = this.#header([
      { type: 0x1, flags: 0, body: dataspace(array.shape) },
      { type: 0x3, flags: 1, body: Uint8Array.from(numericTypes[array.dtype]) },
      { type: 0x5, flags: 1, body: Uint8Array.of(2, 2, 2, 1, 0, 0, 0, 0) },
      { type: 0x8, flags: 0, body: layout.bytes() },
      ...this.#attributes(array),
    ]);
    this.#datasets.set(array, header);
    return header;
  }

  #attributes(group: H5GroupContent | H5Array): Message[] {
    return [...attributesOf(group)].map(([name, value]) => {
      const { type, space, data } = this.#attribute(group, name, value);
      const nameBytes = encoder.encode(name);
      const parts = [Uint8Array.of(...nameBytes, 0), Uint8Array.from(type), space];
      const out = new ByteWriter();
      out.reserve(8);
      out.put(0, 1, 1);
      parts.forEach((part, i) => out.put(2 + i * 2, 2, part.length));
      for (const part of [...parts, data]) out.set(out.reserve(part.length), part);
      const body = out.bytes();
      if (body.length > largestMessage) {
        throw new ValueError({
          where: "HDF5",
          problem: `the attribute "${name}" is too large for an object header`,
          expected: `${largestMessage} bytes or fewer`,
          received: String(body.length),
        });
      }
      return { type: 0xc, flags: 0, body };
    });
  }

  #attribute(
    group: H5GroupContent | H5Array,
    name: string,
    value: H5Attribute,
  ): { type: readonly number[]; space: Uint8Array; data: Uint8Array } {
    if (typeof value === "string" || isList(value)) {
      const single = typeof value === "string";
      return { type: textType(single), space: dataspace(single ? [] : [value.length]), data: this.#texts.references(group, name) };
    }
    if (!("fixed" in value)) return { type: numericTypes[value.dtype], space: dataspace(value.shape), data: value.bytes };
    const texts = value.fixed.map((text) => encoder.encode(text));
    const width = Math.max(1, ...texts.map((text) => text.length));
    const data = new Uint8Array(texts.length * width);
    texts.forEach((text, i) => data.set(text, i * width));
    return { type: fixedTextType(width), space: dataspace([texts.length]), data };
  }

  #header(messages: readonly Message[]): number {
    const size = messages.reduce((sum, { body }) => sum + 8 + ((body.length + 7) & ~7), 0);
    const out = this.#out;
    const at = out.reserve(16 + size);
    out.put(at, 1, 1);
    out.put(at + 2, 2, messages.length);
    out.put(at + 4, 4, 1);
    out.put(at + 8, 4, size);
    let position = at + 16;
    for (const { type, flags, body } of messages) {
      const padded = (body.length + 7) & ~7;
      out.put(position, 2, type);
      out.put(position + 2, 2, padded);
      out.put(position + 4, 1, flags);
      out.set(position + 8, body);
      position += 8 + padded;
    }
    return this.#base + at;
  }
}

function isList(value: H5Attribute): value is readonly string[] {
  return Array.isArray(value);
}

function dataspace(shape: readonly number[]): Uint8Array {
  const out = new ByteWriter();
  out.reserve(8 + shape.length * 16);
  // Version, rank, and whether largest extents are told: those of a list are its extents.
  out.set(0, [1, shape.length, shape.length > 0 ? 1 : 0]);
  [...shape, ...shape].forEach((extent, i) => out.put(8 + i * 8, 8, extent));
  return out.bytes();
}

/** The order of names in an index: that of C's strcmp. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
