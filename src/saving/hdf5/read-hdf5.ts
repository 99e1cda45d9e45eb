/**
 * Reads HDF5 files (HDF5 File Format Specification, version 3.0) from bytes in memory: what h5py writes by default, and of
 * newer layouts what fits into object headers. Nothing is read before it is asked for, arrays are views of the bytes, and
 * every address and length is checked, so that no file makes it read outside the bytes, go round in circles, or ask for
 * more memory than its data can fill.
 */
import { FormatError } from "../source.ts";
import { inOrder } from "./byte-order.ts";
import { FileBytes, noAddress } from "./file-bytes.ts";
import { type HeaderMessage, messageTypes, readHeader } from "./object-header.ts";
import { type AttributeValue, attributeName, attributeValue, readTexts } from "./read-attributes.ts";
import { readChunks, readFilters } from "./read-chunks.ts";
import { bodyOf, datasetType, elementCount, type FileType, readShape, readType } from "./read-types.ts";
import type { H5DType } from "./tree.ts";

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Where HDF5 data begins: other data may stand in front, of 512 bytes, 1024, and so on. Null where there is none. */
export function hdf5Start(bytes: Uint8Array): number | null {
  let base = 0;
  while (base + 8 <= bytes.length && signature.some((byte, i) => bytes[base + i] !== byte)) base = base === 0 ? 512 : base * 2;
  return base + 8 <= bytes.length ? base : null;
}

/** The root group of a file. `where` names the file in errors. Throws FormatError for what is no HDF5 file. */
export function openHdf5(bytes: Uint8Array, where = "HDF5"): H5Group {
  const base = hdf5Start(bytes);
  if (base === null) {
    throw new FormatError({
      where,
      problem: "this is no HDF5 file",
      expected: "the signature \\x89HDF",
      received: bytes.length === 0 ? "an empty file" : `${bytes.length} bytes without it`,
    });
  }
  const file = new FileBytes(bytes.subarray(base), where);
  const version = file.u8(8);
  if (version > 3) throw file.broken("its version is unknown", String(version));
  const old = version < 2;
  if (file.u8(old ? 13 : 9) !== 8 || file.u8(old ? 14 : 10) !== 8) throw file.unsupported("addresses of other than 8 bytes");
  const start = version === 1 ? 28 : old ? 24 : 12;
  const end = file.u64(start + 16);
  if (end > file.length) {
    throw new FormatError({
      where,
      problem: "the HDF5 file is truncated",
      expected: `${end} bytes`,
      received: String(file.length),
      advice: "copy or write the file anew",
    });
  }
  return new H5Group(file, file.address(old ? start + 40 : start + 24), "/");
}

/** What a group and a dataset share: messages and attributes. */
abstract class H5Object {
  /** Path within the file. */
  readonly path: string;
  protected readonly file: FileBytes;
  protected readonly messages: readonly HeaderMessage[];

  constructor(file: FileBytes, messages: readonly HeaderMessage[], path: string) {
    this.file = file;
    this.messages = messages;
    this.path = path;
  }

  /** Names of the attributes. */
  attributeNames(): string[] {
    return this.#attributes().map((message) => attributeName(this.file, message));
  }

  /** The value of an attribute: text, texts or numbers; undefined where there is none. */
  attribute(name: string): AttributeValue | undefined {
    const message = this.#attributes().find((candidate) => attributeName(this.file, candidate) === name);
    return message === undefined ? undefined : attributeValue(this.file, message);
  }

  #attributes(): HeaderMessage[] {
    const dense = this.messages.find(({ type }) => type === messageTypes.attributeInfo);
    if (dense !== undefined) {
      const at = dense.at + 2 + ((this.file.u8(dense.at + 1) & 1) !== 0 ? 2 : 0);
      if (this.file.address(at) !== noAddress) throw this.file.unsupported("dense storage of attributes");
    }
    return this.messages.filter(({ type, flags }) => type === messageTypes.attribute && (flags & 2) === 0);
  }
}

/** A group: groups and datasets by name. */
export class H5Group extends H5Object {
  #links: ReadonlyMap<string, number | null> | undefined;

  /** Reads the header at an address. */
  constructor(file: FileBytes, at: number, path: string, messages: readonly HeaderMessage[] = readHeader(file, at)) {
    super(file, messages, path);
  }

  /** Names of the members, in the order of the file. */
  names(): string[] {
    return [...this.#members().keys()];
  }

  /** Whether there is a member of this name. */
  has(name: string): boolean {
    return this.#members().has(name);
  }

  /** The member at a path; undefined where there is none. */
  get(path: string): H5Group | H5Dataset | undefined {
    const [name, ...rest] = path.split("/").filter((part) => part !== "");
    if (name === undefined) return this;
    const member = this.#member(name);
    if (rest.length === 0 || member === undefined) return member;
    return member instanceof H5Group ? member.get(rest.join("/")) : undefined;
  }

  /** The group at a path; undefined where there is none. */
  group(path: string): H5Group | undefined {
    const found = this.get(path);
    return found instanceof H5Group ? found : undefined;
  }

  /** The dataset at a path; undefined where there is none. */
  dataset(path: string): H5Dataset | undefined {
    const found = this.get(path);
    return found instanceof H5Dataset ? found : undefined;
  }

  #member(name: string): H5Group | H5Dataset | undefined {
    const at = this.#members().get(name);
    if (at === undefined) return undefined;
    if (at === null) throw this.file.unsupported(`a soft or external link ("${name}")`);
    const path = this.path === "/" ? `/${name}` : `${this.path}/${name}`;
    const messages = readHeader(this.file, at);
    const layout = messages.find(({ type }) => type === messageTypes.layout);
    return layout === undefined ? new H5Group(this.file, at, path, messages) : new H5Dataset(this.file, messages, path, layout);
  }

  #members(): ReadonlyMap<string, number | null> {
    return (this.#links ??= this.#readLinks());
  }

  #readLinks(): Map<string, number | null> {
    const table = this.messages.find(({ type }) => type === messageTypes.symbolTable);
    const links = new Map<string, number | null>();
    if (table !== undefined) {
      readSymbols(this.file, table.at, links);
      return links;
    }
    for (const message of this.messages) {
      if (message.type === messageTypes.linkInfo) {
        const at = message.at + 2 + ((this.file.u8(message.at + 1) & 1) !== 0 ? 8 : 0);
        if (this.file.address(at) !== noAddress) throw this.file.unsupported("dense storage of links");
      } else if (message.type === messageTypes.link) readLink(this.file, message.at, links);
    }
    return links;
  }
}

/** The names in a group's index of symbol tables. */
function readSymbols(file: FileBytes, at: number, links: Map<string, number | null>): void {
  const heap = file.address(at + 8);
  file.expectSignature(heap, "HEAP");
  const [heapBytes, heapData] = [file.u64(heap + 8), file.address(heap + 24)];
  file.check(heapData, heapBytes);
  const seen = new Set<number>();
  const visit = (node: number, depth: number): void => {
    if (seen.has(node) || depth > 32) throw file.broken("the index of a group goes round in a circle");
    seen.add(node);
    if (file.u8(node) === 0x54) {
      file.expectSignature(node, "TREE");
      if (file.u8(node + 4) !== 0) throw file.broken("the index of a group is of another kind");
      const entries = file.u16(node + 6);
      for (let i = 0; i < entries; i++) visit(file.address(node + 32 + i * 16), depth + 1);
      return;
    }
    file.expectSignature(node, "SNOD");
    const count = file.u16(node + 6);
    file.check(node, 8 + count * 40);
    for (let entry = node + 8; entry < node + 8 + count * 40; entry += 40) {
      const name = file.u64(entry);
      if (name >= heapBytes) throw file.broken("a name stands outside its heap");
      const soft = file.u32(entry + 16) === 2;
      links.set(file.text(heapData + name, heapBytes - name), soft ? null : file.address(entry + 8));
    }
  };
  visit(file.address(at), 0);
}

/** A link that stands in the group's header (IV.A.2.g). */
function readLink(file: FileBytes, at: number, links: Map<string, number | null>): void {
  if (file.u8(at) !== 1) throw file.broken("a link of an unknown version");
  const flags = file.u8(at + 1);
  let position = at + 2;
  const kind = (flags & 8) !== 0 ? file.u8(position++) : 0;
  if ((flags & 4) !== 0) position += 8;
  if ((flags & 16) !== 0) position += 1;
  const lengthBytes = 1 << (flags & 3);
  const length = [file.u8(position), file.u16(position), file.u32(position), lengthBytes === 8 ? file.u64(position) : 0][flags & 3]!;
  position += lengthBytes;
  links.set(new TextDecoder().decode(file.slice(position, length)), kind === 0 ? file.address(position + length) : null);
}

/** A dataset: an array of numbers or texts. */
export class H5Dataset extends H5Object {
  readonly dtype: H5DType;
  readonly shape: readonly number[];
  /** Number of elements. */
  readonly size: number;
  readonly #type: FileType;
  readonly #layout: HeaderMessage;

  constructor(file: FileBytes, messages: readonly HeaderMessage[], path: string, layout: HeaderMessage) {
    super(file, messages, path);
    const message = (type: number, what: string): number => {
      const found = messages.find((candidate) => candidate.type === type);
      if (found === undefined) throw file.broken(`the dataset ${path} tells no ${what}`);
      return bodyOf(file, found);
    };
    this.#type = datasetType(file, readType(file, message(messageTypes.datatype, "datatype")), () => this.attribute("dtype"));
    this.shape = readShape(file, message(messageTypes.dataspace, "shape"));
    this.size = elementCount(file, this.shape);
    this.dtype = this.#type.kind === "number" ? this.#type.dtype : "string";
    this.#layout = layout;
  }

  /** The numbers in row-major order, little-endian: a view of the file where they stand in it like that. */
  bytes(): Uint8Array {
    if (this.#type.kind !== "number") throw this.file.broken(`the dataset ${this.path} holds texts instead of numbers`);
    return inOrder(this.#stored(this.#type.size), this.#type);
  }

  /** The texts in row-major order. */
  texts(): string[] {
    const type = this.#type;
    if (type.kind === "number") throw this.file.broken(`the dataset ${this.path} holds numbers instead of texts`);
    const stored = this.#stored(type.size);
    const at = stored.byteOffset - this.file.bytes.byteOffset;
    if (stored.buffer !== this.file.bytes.buffer) throw this.file.unsupported("texts in chunks");
    return readTexts(this.file, type, at, this.size);
  }

  #stored(elementSize: number): Uint8Array {
    const { file } = this;
    const { at } = this.#layout;
    const version = file.u8(at);
    const total = this.size * elementSize;
    if (this.messages.some(({ type }) => type === messageTypes.external)) throw file.unsupported("data in other files");
    if (version !== 3 && version !== 4) throw file.unsupported(`the data layout ${version}`);
    const kind = file.u8(at + 1);
    if (total === 0) return new Uint8Array(0);
    if (kind === 0) {
      if (file.u16(at + 2) < total) throw file.broken(`the dataset ${this.path} is shorter than its shape`);
      return file.slice(at + 4, total);
    }
    if (kind === 1) {
      const [address, bytes] = [file.address(at + 2), file.u64(at + 10)];
      // Space that was never written is zero; no file is larger for it.
      if (address === noAddress) throw file.broken(`the dataset ${this.path} was never written`);
      if (bytes < total) throw file.broken(`the dataset ${this.path} is shorter than its shape`, `${bytes} bytes instead of ${total}`);
      return file.slice(address, total);
    }
    if (kind !== 2 || version !== 3) throw file.unsupported("a layout of chunks of newer versions");
    const rank = file.u8(at + 2) - 1;
    if (rank !== this.shape.length || rank < 1) throw file.broken(`the chunks of ${this.path} have other axes than the dataset`);
    const chunk = this.shape.map((_, axis) => file.u32(at + 11 + axis * 4));
    const pipeline = this.messages.find(({ type }) => type === messageTypes.filters);
    return readChunks(file, {
      tree: file.address(at + 3),
      chunk,
      shape: this.shape,
      size: elementSize,
      filters: pipeline === undefined ? [] : readFilters(file, bodyOf(file, pipeline)),
    });
  }
}
