/** Object headers (HDF5 File Format Specification, IV.A.1): the messages that describe a group or a dataset. */
import type { FileBytes } from "./file-bytes.ts";

/** One message. */
export interface HeaderMessage {
  readonly type: number;
  readonly flags: number;
  /** Where its body stands in the file. */
  readonly at: number;
  readonly size: number;
}

/** Types of messages that are read. */
export const messageTypes = {
  dataspace: 0x1,
  linkInfo: 0x2,
  datatype: 0x3,
  link: 0x6,
  external: 0x7,
  layout: 0x8,
  filters: 0xb,
  attribute: 0xc,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

/** The messages of the header at an address, those of its continuations included. */
export function readHeader(file: FileBytes, at: number): HeaderMessage[] {
  const newer = file.u8(at) === 0x4f;
  return newer ? readNewHeader(file, at) : readOldHeader(file, at);
}

/** Blocks that were read: none is read twice. */
class Blocks {
  readonly #file: FileBytes;
  readonly #seen = new Set<number>();
  readonly #queue: { at: number; size: number }[] = [];

  constructor(file: FileBytes) {
    this.#file = file;
  }

  add(at: number, size: number): void {
    this.#file.check(at, size);
    if (this.#seen.has(at)) throw this.#file.broken("an object header goes round in a circle");
    this.#seen.add(at);
    this.#queue.push({ at, size });
  }

  next(): { at: number; size: number } | undefined {
    return this.#queue.shift();
  }
}

function readOldHeader(file: FileBytes, at: number): HeaderMessage[] {
  if (file.u8(at) !== 1) throw file.broken("an object header has no known version", `version ${file.u8(at)} at ${at}`);
  const blocks = new Blocks(file);
  blocks.add(at + 16, file.u32(at + 8));
  const messages: HeaderMessage[] = [];
  for (let block = blocks.next(); block !== undefined; block = blocks.next()) {
    const end = block.at + block.size;
    let position = block.at;
    while (position + 8 <= end) {
      const message = { type: file.u16(position), flags: file.u8(position + 4), at: position + 8, size: file.u16(position + 2) };
      if (message.at + message.size > end) throw file.broken("a message of an object header is too long");
      if (message.type === messageTypes.continuation) blocks.add(file.address(message.at), file.u64(message.at + 8));
      else messages.push(message);
      position = message.at + message.size;
    }
  }
  return messages;
}

function readNewHeader(file: FileBytes, at: number): HeaderMessage[] {
  file.expectSignature(at, "OHDR");
  if (file.u8(at + 4) !== 2) throw file.broken("an object header has no known version");
  const flags = file.u8(at + 5);
  const start = at + 6 + ((flags & 0x20) !== 0 ? 16 : 0) + ((flags & 0x10) !== 0 ? 4 : 0);
  const sizeBytes = 1 << (flags & 3);
  const size = [file.u8(start), file.u16(start), file.u32(start), sizeBytes === 8 ? file.u64(start) : 0][flags & 3]!;
  const blocks = new Blocks(file);
  blocks.add(start + sizeBytes, size);
  const messages: HeaderMessage[] = [];
  const head = (flags & 4) !== 0 ? 6 : 4;
  for (let block = blocks.next(); block !== undefined; block = blocks.next()) {
    const end = block.at + block.size;
    let position = block.at;
    while (position + head <= end) {
      const message = { type: file.u8(position), flags: file.u8(position + 3), at: position + head, size: file.u16(position + 1) };
      if (message.at + message.size > end) throw file.broken("a message of an object header is too long");
      if (message.type === messageTypes.continuation) {
        const [next, length] = [file.address(message.at), file.u64(message.at + 8)];
        file.expectSignature(next, "OCHK");
        // The block begins with its signature and ends with a checksum.
        blocks.add(next + 4, length - 8);
      } else messages.push(message);
      position = message.at + message.size;
    }
  }
  return messages;
}
