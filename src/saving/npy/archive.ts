/** The .npz format: a zip of .npy files. */
import { type Unzipped, unzipSync, zipSync } from "fflate";
import { FormatError } from "../source.ts";

/** Largest sum of unpacked bytes. */
const unpackedLimit = 2 ** 32;

/**
 * The files of a zip by name. Throws FormatError where it is broken, a name stands twice, or it claims to hold more than
 * its bytes can (deflate packs at most 1032 to 1) or than 4 GiB.
 */
export function unpack(where: string, bytes: Uint8Array): Map<string, Uint8Array> {
  const names = new Set<string>();
  const sizes = new Map<string, number>();
  let total = 0;
  let files: Unzipped;
  try {
    files = unzipSync(bytes, {
      filter: ({ name, size, originalSize }) => {
        if (names.has(name))
          throw new FormatError({ where, problem: "a name stands twice in the archive", received: JSON.stringify(name) });
        names.add(name);
        sizes.set(name, originalSize);
        total += originalSize;
        if (size > bytes.length || originalSize > size * 1032 + 64 || total > unpackedLimit) {
          throw new FormatError({
            where,
            problem: "the archive claims to hold more than it can",
            expected: `at most ${Math.min(unpackedLimit, size * 1032 + 64)} bytes from ${size} packed`,
            received: `${originalSize} in ${JSON.stringify(name)}`,
          });
        }
        return true;
      },
    });
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError({ where, problem: "the archive is no zip, or broken", received: (error as Error).message });
  }
  const found = new Map(Object.entries(files));
  for (const [name, size] of sizes) {
    const got = found.get(name)?.length ?? 0;
    if (got !== size)
      throw new FormatError({
        where,
        problem: "a file of the archive is shorter than the archive says",
        expected: String(size),
        received: `${got} in ${JSON.stringify(name)}`,
      });
  }
  return found;
}

/** A zip of files. Times are fixed, so that equal contents give equal bytes. */
export function pack(files: ReadonlyMap<string, Uint8Array>, compressed: boolean): Uint8Array {
  return zipSync(Object.fromEntries(files), { level: compressed ? 6 : 0, mtime: new Date(1980, 0, 1) });
}
