/** Tar archives (POSIX ustar). */
import { FormatError } from "../saving/source.ts";

const block = 512;
const text = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes).replace(/\0.*$/s, "");

/** The plain files of an archive by their names; views of its bytes. Throws FormatError where it is broken. */
export function readTar(where: string, bytes: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + block <= bytes.length;) {
    const header = bytes.subarray(at, at + block);
    // Blocks of zeros end an archive.
    if (header.every((byte) => byte === 0)) break;
    const size = parseInt(text(header.subarray(124, 136)).trim() || "0", 8);
    // The checksum counts its own field as blanks.
    const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
    if (sum !== parseInt(text(header.subarray(148, 156)).trim(), 8) || !(size >= 0 && at + block + size <= bytes.length))
      throw new FormatError({
        where,
        problem: "the archive is broken or cut off",
        expected: "tar",
        received: `a bad header at byte ${at}`,
      });
    const kind = String.fromCharCode(header[156]!);
    const prefix = text(header.subarray(257, 262)) === "ustar" ? text(header.subarray(345, 500)) : "";
    const name = text(header.subarray(0, 100));
    if (kind === "0" || kind === "\0") files.set(prefix === "" ? name : `${prefix}/${name}`, bytes.subarray(at + block, at + block + size));
    at += block * (1 + Math.ceil(size / block));
  }
  return files;
}
