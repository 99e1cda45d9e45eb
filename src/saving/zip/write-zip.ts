/** Writes zip archives whose entries are stored as they are, as Keras does (APPNOTE.TXT 6.3.10). */
import { ByteWriter } from "../hdf5/byte-writer.ts";
import { crc32 } from "./crc32.ts";

/** An entry to be written: bytes in parts that stand one after another. */
export interface ZipContent {
  readonly name: string;
  readonly parts: readonly Uint8Array[];
}

const encoder = new TextEncoder();
/** Sizes and places from here on need fields of 8 bytes. */
const large = 0xffffffff;
/** A regular file that everybody may read, as Unix writes it. */
const permissions = 0o100644 * 2 ** 16;
/** 1 January 1980: the same model gives the same bytes. */
const date = 0x21;

/** The bytes of an archive, in parts that stand one after another; the parts of the entries are not copied. */
export function writeZip(entries: readonly ZipContent[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const add = (bytes: Uint8Array): void => {
    out.push(bytes);
    at += bytes.length;
  };
  for (const { name, parts } of entries) {
    const start = at;
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    const crc = parts.reduce((sum, part) => crc32(part, sum), 0);
    const nameBytes = encoder.encode(name);
    const local = size >= large ? extra([size, size]) : new Uint8Array(0);
    add(entryHeader(0x04034b50, { nameBytes, size, crc, extra: local }, null));
    parts.forEach(add);
    const wide = [...(size >= large ? [size, size] : []), ...(start >= large ? [start] : [])];
    directory.push(entryHeader(0x02014b50, { nameBytes, size, crc, extra: wide.length > 0 ? extra(wide) : new Uint8Array(0) }, start));
  }
  const directoryAt = at;
  directory.forEach(add);
  add(endOfArchive(entries.length, directoryAt, at - directoryAt));
  return out;
}

function extra(values: readonly number[]): Uint8Array {
  const out = new ByteWriter();
  out.reserve(4 + values.length * 8);
  out.put(0, 2, 1);
  out.put(2, 2, values.length * 8);
  values.forEach((value, i) => out.put(4 + i * 8, 8, value));
  return out.bytes();
}

/** The header in front of an entry; with `start`, its line in the directory. */
function entryHeader(
  signature: number,
  entry: { readonly nameBytes: Uint8Array; readonly size: number; readonly crc: number; readonly extra: Uint8Array },
  start: number | null,
): Uint8Array {
  const { nameBytes, size, crc, extra: extraBytes } = entry;
  const out = new ByteWriter();
  const head = start === null ? 30 : 46;
  out.reserve(head + nameBytes.length + extraBytes.length);
  out.put(0, 4, signature);
  const wide = size >= large || (start ?? 0) >= large;
  const version = wide ? 45 : 20;
  let position = 4;
  if (start !== null) {
    out.put(position, 2, version + 3 * 256);
    position += 2;
  }
  out.put(position, 2, version);
  // Names are in UTF-8 where they are not plain ASCII.
  out.put(position + 2, 2, nameBytes.some((byte) => byte > 127) ? 0x800 : 0);
  out.put(position + 8, 2, date);
  out.put(position + 10, 4, crc);
  out.put(position + 14, 4, Math.min(size, large));
  out.put(position + 18, 4, Math.min(size, large));
  out.put(position + 22, 2, nameBytes.length);
  out.put(position + 24, 2, extraBytes.length);
  if (start !== null) {
    out.put(38, 4, permissions);
    out.put(42, 4, Math.min(start, large));
  }
  out.set(head, nameBytes);
  out.set(head + nameBytes.length, extraBytes);
  return out.bytes();
}

function endOfArchive(count: number, at: number, size: number): Uint8Array {
  const wide = count >= 0xffff || at >= large || size >= large;
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
  out.put(end + 8, 2, Math.min(count, 0xffff));
  out.put(end + 10, 2, Math.min(count, 0xffff));
  out.put(end + 12, 4, Math.min(size, large));
  out.put(end + 16, 4, Math.min(at, large));
  return out.bytes();
}
