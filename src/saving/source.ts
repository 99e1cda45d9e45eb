/** Where files come from: a path (in browsers a URL), a place (`indexeddb://mine`), or their bytes. */
import { type ErrorParts, NablaError, ValueError } from "../errors.ts";
import { platform } from "../platform/index.ts";
import { parsePythonJson } from "../serialization/python-json.ts";
import { isPlace, readPlace, writePlace } from "./places/index.ts";

/** A place that files come from: it has a name, and gives the bytes when it is asked. */
export interface ReadableFile {
  /** Names the file in errors. */
  readonly name: string;
  /** All bytes. Throws where there is no such file. */
  read(): Promise<Uint8Array>;
}

/** A place that files go to. */
export interface WritableFile {
  /** Its ending tells the format: `model.keras`. */
  readonly name: string;
  /** Replaces the file by these parts, one after another: either all of it, or, where it fails, nothing. */
  write(parts: readonly Uint8Array[]): Promise<void>;
}

/** A file: its path (in browsers a URL), a name in a place (`indexeddb://`, `opfs://`), its bytes, or an object that gives them. */
export type FileSource = string | URL | Uint8Array | ArrayBuffer | Blob | ReadableFile;

/** Where a file goes: a path, a name in a place (`indexeddb://`, `opfs://`, `downloads://`), or an object that takes the bytes. */
export type FileTarget = string | WritableFile;

/** How errors name a file. */
export function sourceName(source: FileSource): string {
  if (typeof source === "string" || source instanceof URL) return String(source);
  const named = (source as { name?: unknown } | null)?.name;
  return typeof named === "string" ? named : "the bytes";
}

/** A file that is broken, hostile, or of another format. */
export class FormatError extends NablaError {
  constructor(parts: ErrorParts) {
    super("E_FORMAT", "FormatError", parts);
  }
}

/** The bytes of a file. Throws ValueError where there is none. */
export async function readSource(where: string, source: FileSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof Blob !== "undefined" && source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  if (isReadable(source)) return await source.read();
  if (typeof source !== "string" && !(source instanceof URL)) {
    throw new ValueError({
      where,
      problem: "this is no file",
      expected: "a path, the bytes of a file (Uint8Array, ArrayBuffer, Blob), or { name, read() }",
      received: source === null ? "null" : typeof source,
    });
  }
  if (isPlace(String(source))) return await readPlace(where, String(source));
  const bytes = await platform.readFile(pathOf(source));
  if (bytes !== null) return bytes;
  throw new ValueError({
    where,
    problem: "there is no such file",
    received: String(source),
    advice: "check the path and the folder the program runs in",
  });
}

/** Parts of a file as one array. Throws ValueError where one array cannot hold them. */
export function joinParts(where: string, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  let whole: Uint8Array;
  try {
    whole = new Uint8Array(length);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ValueError({
      where,
      problem: "the file is larger than one array here may be",
      received: `${length} bytes`,
      advice: "write it to a path, which takes it in parts; Node 22 and later have larger arrays",
    });
  }
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function isReadable(source: unknown): source is ReadableFile {
  return typeof source === "object" && source !== null && typeof (source as Partial<ReadableFile>).read === "function";
}

/** A path; a URL of a file is its path, other URLs stay as they are. */
function pathOf(source: string | URL): string {
  return typeof source === "string" || source.protocol !== "file:" ? String(source) : decodeURIComponent(source.pathname);
}

/** Writes a file at once. Throws ValueError for what is no place. */
export async function writeTarget(where: string, target: FileTarget, parts: readonly Uint8Array[]): Promise<void> {
  if (typeof target === "string")
    return isPlace(target) ? await writePlace(where, target, parts) : await platform.files.write(target, parts);
  if (typeof (target as Partial<WritableFile> | null)?.write === "function") return await target.write(parts);
  throw new ValueError({
    where,
    problem: "this is no place for a file",
    expected: "a path, or { name, write(parts) }",
    received: target === null ? "null" : typeof target,
  });
}

/** JSON of a file, in one pass whatever its text. `limitDepth`: how deep lists and objects may lie in each other. Throws FormatError. */
export function parseJson(where: string, text: string, limitDepth = 512): unknown {
  try {
    return parsePythonJson(text, where, limitDepth);
  } catch (error) {
    if (error instanceof ValueError) throw new FormatError(error.parts);
    throw error;
  }
}

/** A record without a prototype, so that names from files are nothing but names. */
export function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
