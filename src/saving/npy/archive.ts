/** The .npz format: a zip of .npy files. */
import { FormatError } from "../source.ts";
import { isZip, writeZip, ZipArchive } from "../zip/index.ts";

/** Largest sum of unpacked bytes. */
const unpackedLimit = 2 ** 32;

/**
 * The files of a zip by name; those that are stored as they are are views of its bytes. Throws FormatError where it is
 * broken, a name stands twice, or what is packed claims to hold more than its bytes can or than 4 GiB in all.
 */
export function unpack(where: string, bytes: Uint8Array): Map<string, Uint8Array> {
  if (!isZip(bytes)) throw new FormatError({ where, problem: "the archive is no zip, or broken", expected: "a .npz file" });
  const archive = new ZipArchive(bytes, where);
  const total = archive.names.reduce((sum, name) => sum + archive.unpackedSize(name), 0);
  if (total > unpackedLimit)
    throw new FormatError({
      where,
      problem: "the archive claims to hold more than is unpacked",
      expected: `${unpackedLimit} bytes or fewer`,
      received: String(total),
    });
  return new Map(archive.names.map((name) => [name, archive.read(name)!]));
}

/** A zip of files, in parts. Times are fixed, so that equal contents give equal bytes. */
export function pack(files: ReadonlyMap<string, Uint8Array>, compressed: boolean): Uint8Array[] {
  return writeZip([...files].map(([name, bytes]) => ({ name, parts: [bytes], deflate: compressed })));
}
