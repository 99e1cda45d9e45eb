/** A published file or archive, downloaded once (`keras.utils.get_file`). */
import { type Checksum, fetchFile, hasChecksum } from "../downloads/index.ts";
import { ValueError } from "../errors.ts";
import { platform } from "../platform/index.ts";
import { isZip, ZipArchive } from "../saving/zip/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { gunzip } from "./inflate.ts";
import { readTar } from "./tar.ts";

/** Options of `getFile`. */
export interface GetFileOptions {
  /** Address of the file. */
  readonly origin: string;
  /** Name it is kept under; of an archive that is extracted, without an ending, the name of its folder. Default: that of the address. */
  readonly fname?: string | null;
  /** SHA-256 or MD5 in hexadecimal digits. */
  readonly fileHash?: string | null;
  /** Default "auto": by the number of digits. */
  readonly hashAlgorithm?: "auto" | "sha256" | "md5";
  /** Whether the archive (tar, tar.gz, zip) is taken apart into a folder. Default false. */
  readonly extract?: boolean;
  /** Default "auto". */
  readonly archiveFormat?: "auto" | "tar" | "zip";
  /** Folder below `cacheDir`. Default "datasets". */
  readonly cacheSubdir?: string;
  /** Default: the user's folder for data that can be downloaded again (NABLA_CACHE names another). */
  readonly cacheDir?: string | null;
  /** Whether it is downloaded again where it is there. Default false. */
  readonly forceDownload?: boolean;
}

const optionNames = [
  "origin",
  "fname",
  "fileHash",
  "hashAlgorithm",
  "extract",
  "archiveFormat",
  "cacheSubdir",
  "cacheDir",
  "forceDownload",
];

/**
 * The path of a file that somebody publishes, downloaded where it is not in the cache yet; of an archive with
 * `extract: true`, the path of the folder it was extracted into. Parts of archives that lead out of the folder are
 * refused. Throws DownloadError where it cannot be had or its hash is another, ValueError for options that make no sense.
 *
 * @example
 * const folder = await utils.getFile({ origin: "https://example.org/flower_photos.tgz", extract: true });
 */
export async function getFile(options: GetFileOptions): Promise<string> {
  const where = "utils.getFile";
  checkOptions(where, options, optionNames);
  const { origin, fileHash = null, hashAlgorithm = "auto", extract = false, archiveFormat = "auto", forceDownload = false } = options;
  if (typeof origin !== "string" || !URL.canParse(origin))
    throw new ValueError({ where, problem: "origin is no address", expected: "https://...", received: String(origin) });
  const folder = `${options.cacheDir ?? platform.files.cacheFolder()}/${options.cacheSubdir ?? "datasets"}`;
  const given = options.fname ?? null;
  const name = given ?? decodeURIComponent(new URL(origin).pathname.split("/").at(-1)!);
  if (name === "" || name === "." || name === ".." || /[\\/]/.test(name))
    throw new ValueError({
      where,
      problem: given === null ? "the address tells no name for the file" : "fname is a name, no path",
      expected: 'fname: "flowers.zip"',
      received: JSON.stringify(given ?? origin),
      advice: "cacheDir and cacheSubdir say in which folder it is kept",
    });
  const [target, extracted] = !extract
    ? [name, null]
    : given?.includes(".") === true
      ? [name, `${name.slice(0, name.indexOf("."))}_extracted`]
      : [`${name}_archive`, name];
  const path = `${folder}/${target}`;
  const checksum = fileHash === null ? null : checksumOf(where, fileHash, hashAlgorithm);
  if (forceDownload || (checksum !== null && (await isOther(path, checksum)))) await platform.files.remove(path);
  const bytes = await fetchFile({ where, url: origin, file: target, folder, checksum });
  if (extracted === null) return path;
  for (const [part, content] of await partsOf(where, bytes, archiveFormat)) {
    if (/^[\\/]|^[A-Za-z]:|(^|[\\/])\.\.([\\/]|$)/.test(part))
      throw new ValueError({
        where,
        problem: "a part of the archive leads out of its folder",
        expected: "names below the folder",
        received: JSON.stringify(part),
        advice: "do not trust this archive",
      });
    await platform.files.write(`${folder}/${extracted}/${part}`, content());
  }
  return `${folder}/${extracted}`;
}

function checksumOf(where: string, hash: string, algorithm: "auto" | "sha256" | "md5"): Checksum {
  const kind = algorithm === "auto" ? (hash.length === 64 ? "sha256" : "md5") : algorithm;
  if ((kind !== "sha256" && kind !== "md5") || !new RegExp(`^[0-9a-f]{${kind === "sha256" ? 64 : 32}}$`, "i").test(hash))
    throw new ValueError({
      where,
      problem: "this is no hash",
      expected: "64 hexadecimal digits (sha256) or 32 (md5)",
      received: `${String(algorithm)}: ${hash}`,
    });
  return `${kind}:${hash}`;
}

async function isOther(path: string, checksum: Checksum): Promise<boolean> {
  const bytes = await platform.readFile(path);
  return bytes !== null && !(await hasChecksum(bytes, checksum));
}

/** The files of an archive. */
async function partsOf(
  where: string,
  bytes: Uint8Array,
  format: "auto" | "tar" | "zip",
): Promise<[name: string, content: () => Uint8Array][]> {
  if (format !== "tar" && isZip(bytes)) {
    const archive = new ZipArchive(bytes, where);
    return archive.names.map((name) => [name, () => archive.read(name)!]);
  }
  if (format === "zip")
    throw new ValueError({
      where,
      problem: "this is no zip archive",
      expected: "a zip archive",
      received: `${bytes.length} bytes of something else`,
    });
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? await gunzip("the archive", bytes) : bytes;
  return [...readTar(where, plain)].map(([name, content]) => [name, () => content]);
}
