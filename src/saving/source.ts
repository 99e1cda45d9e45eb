/** Where files come from: a path (in browsers a URL), or their bytes. */
import { type ErrorParts, NablaError, ValueError } from "../errors.ts";
import { platform } from "../platform/index.ts";

/** A file: its path, or its bytes. */
export type FileSource = string | Uint8Array | ArrayBuffer;

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
  if (typeof source !== "string") {
    throw new ValueError({
      where,
      problem: "this is no file",
      expected: "a path, or the bytes of a file (Uint8Array, ArrayBuffer)",
      received: source === null ? "null" : typeof source,
    });
  }
  const bytes = await platform.readFile(source);
  if (bytes !== null) return bytes;
  throw new ValueError({
    where,
    problem: "there is no such file",
    received: source,
    advice: "check the path and the folder the program runs in",
  });
}

/** JSON of a file. `limitDepth`: how deep lists and objects may lie in each other. Throws FormatError. */
export function parseJson(where: string, text: string, limitDepth = 512): unknown {
  checkDepth(where, text, limitDepth);
  try {
    // Python writes bare NaN and Infinity.
    const strings = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;
    const quoted = /\b(?:NaN|Infinity)\b/.test(text)
      ? text.replace(strings, (part) => (part.startsWith('"') ? part : `"\\u0000${part}"`))
      : text;
    return JSON.parse(quoted, (key, value: unknown) => {
      if (typeof value === "string" && value.startsWith("\u0000")) return Number(value.slice(1));
      return key === "__proto__" ? undefined : value;
    }) as unknown;
  } catch (error) {
    throw new FormatError({ where, problem: "the text is no JSON", received: (error as Error).message });
  }
}

/** Whoever walks the parsed values recurses: a million nested lists must not reach them. */
function checkDepth(where: string, text: string, limit: number): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > limit)
        throw new FormatError({ where, problem: "lists and objects lie too deep in each other", expected: `at most ${limit} levels` });
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
}

/** A record without a prototype, so that names from files are nothing but names. */
export function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
