/** Writes zip archives whose entries are stored as they are, as Keras does, or deflated (APPNOTE.TXT 6.3.10). */
import { deflateSync } from "fflate";
import { ByteWriter } from "../hdf5/byte-writer.ts";
import { crc32 } from "./crc32.ts";

/** An entry to be written: bytes in parts that stand one after another. */
export interface ZipContent {
  readonly name: string;
  readonly parts: readonly Uint8Array[];
  /** Whether it is deflated. Default false. */
  readonly deflate?: boolean;
}

/** Options of `writeZip`. */
export interface ZipOptions {
  /** From which size or place on fields of 8 bytes are written (zip64). Default 4 GiB - 1; 0 writes them always. */
  readonly zip64From?: number;
}

const encoder = new TextEncoder();
/** Stands in fields of 4 bytes whose number has a field of 8: sizes and places from here on need one. */
const large = 0xffffffff;
/** A regular file that everybody may read, as Unix writes it. */
const permissions = 0o100644 * 2 ** 16;
/** 1 January 1980: the same model gives the same bytes. */
const date = 0x21;

/** The bytes of an archive, in parts that stand one after another; the parts of the entries are not copied. */
export function writeZip(entries: readonly ZipContent[], options: ZipOptions = {}): Uint8Array[] {
  const from = options.zip64From ?? large;
  const out: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const add = (bytes: Uint8Array): void => {
    out.push(bytes);
    at += bytes.length;
  };
  for (const { name, parts, deflate = false } of entries) {
    const start = at;
    const crc = parts.reduce((sum, part) => crc32(part, sum), 0);
    const stored = deflate ? [deflateSync(joined(parts))] : parts;
    const [size, packed] = [lengthOf(parts), lengthOf(stored)];
    const nameBytes = encoder.encode(name);
    const wide = size >= from || packed >= from;
    const entry = { nameBytes, size, packed, crc, deflate, wide };
    add(entryHeader(0x04034b50, { ...entry, extra: wide ? extra([size, packed]) : new Uint8Array(0) }, null));
    stored.forEach(add);
    const fields = [...(wide ? [size, packed] : []), ...(start >= from ? [start] : [])];
    const place = { at: start, wide: start >= from };
    directory.push(entryHeader(0x02014b50, { ...entry, extra: fields.length > 0 ? extra(fields) : new Uint8Array(0) }, place));
  }
  const directoryAt = at;
  directory.forEach(add);
  add(endOfArchive(entries.length, directoryAt, at - directoryAt, from));
  return out;
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function extra(values: readonly number[]): Uint8Array {
  const out = new ByteWriter();
  out.reserve(4 + values.length * 8);
  out.put(0, 2, 1);
  out.put(2, 2, values.length * 8);
  values.forEach((value, i) => out.put(4 + i * 8, 8, value));
  return out.bytes();
}

interface EntryHeader {
  readonly nameBytes: Uint8Array;
  readonly size: number;
  readonly packed: number;
  readonly crc: number;
  readonly deflate: boolean;
  /** Whether its sizes stand in the extra field. */
  readonly wide: boolean;
  readonly extra: Uint8Array;
}

/** The header in front of an entry; with `start`, its line in the directory. */
function entryHeader(signature: number, entry: EntryHeader, start: { readonly at: number; readonly wide: boolean } | null): Uint8Array {
  const { nameBytes, size, packed, crc, deflate, wide, extra: extraBytes } = entry;
  const out = new ByteWriter();
  const head = start === null ? 30 : 46;
  out.reserve(head + nameBytes.length + extraBytes.length);
  out.put(0, 4, signature);
  const version = wide || start?.wide === true ? 45 : 20;
  let position = 4;
  if (start !== null) {
    out.put(position, 2, version + 3 * 256);
    position += 2;
  }
  out.put(position, 2, version);
  // Names are in UTF-8 where they are not plain ASCII.
  out.put(position + 2, 2, nameBytes.some((byte) => byte > 127) ? 0x800 : 0);
  out.put(position + 4, 2, deflate ? 8 : 0);
  out.put(position + 8, 2, date);
  out.put(position + 10, 4, crc);
  out.put(position + 14, 4, wide ? large : packed);
  out.put(position + 18, 4, wide ? large : size);
  out.put(position + 22, 2, nameBytes.length);
  out.put(position + 24, 2, extraBytes.length);
  if (start !== null) {
    out.put(38, 4, permissions);
    out.put(42, 4, start.wide ? large : start.at);
  }
  out.set(head, nameBytes);
  out.set(head + nameBytes.length, extraBytes);
  return out.bytes();
}

function endOfArchive(count: number, at: number, size: number, from: number): Uint8Array {
  const wide = count >= 0xffff || at >= from || size >= from;
  const out = new ByteWriter();
  const end = wide ? 76 : 0;
  out.reserve(end + 22);
  if (wide) {
    out.put(0, 4, 0x06064b50);
    out.put(4, 8, 44);
    out.put(12, 2, 45 + 3 * 256);
    out.put(14, 2, 45);
    for (const [offset, value] of [
      [24, count],
      [32, count],
      [40, size],
      [48, at],
    ] as const)
      out.put(offset, 8, value);
    out.put(56, 4, 0x07064b50);
    out.put(64, 8, at + size);
    out.put(72, 4, 1);
  }
  out.put(end, 4, 0x06054b50);
  out.put(end + 8, 2, wide ? 0xffff : count);
  out.put(end + 10, 2, wide ? 0xffff : count);
  out.put(end + 12, 4, wide ? large : size);
  out.put(end + 16, 4, wide ? large : at);
  return out.bytes();
}
