/** Broken files: seeded changes of bytes, for tests of what reads them. */
import { Random } from "./random.ts";

const extremes = [0, 1, 0x7f, 0x80, 0xff, 0xfe];
const texts = ["-1", "1e308", "null", "[]", "{}", '""', "99999999999999999999", "true", '"\\u0000"', "[[[[", "}}}}", "NaN"];

/** `bytes` after one to four seeded changes: bits, extremes, cuts, insertions, repetitions, words, texts. Most fall into the first `focus` bytes. */
export function mutateBytes(bytes: Uint8Array, seed: number, focus: number = bytes.length): Uint8Array {
  const generator = new Random(seed);
  const random = (): number => generator.next();
  let out: Uint8Array = bytes.slice();
  const changes = 1 + Math.floor(random() * 4);
  for (let change = 0; change < changes; change++) {
    const range = random() < 0.8 ? Math.min(focus, out.length) : out.length;
    const at = Math.floor(random() * Math.max(1, range));
    const length = 1 + Math.floor(random() ** 3 * 64);
    const before = out.subarray(0, at);
    const join = (...parts: readonly Uint8Array[]): Uint8Array => {
      const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
      let position = 0;
      for (const part of parts) {
        joined.set(part, position);
        position += part.length;
      }
      return joined;
    };
    switch (Math.floor(random() * 9)) {
      case 0:
        if (at < out.length) out[at]! ^= 1 << Math.floor(random() * 8);
        break;
      case 1:
        if (at < out.length) out[at] = extremes[Math.floor(random() * extremes.length)]!;
        break;
      case 2:
        out = out.slice(0, at);
        break;
      case 3:
        out = join(before, out.subarray(Math.min(out.length, at + length)));
        break;
      case 4:
        out = join(
          before,
          Uint8Array.from({ length }, () => Math.floor(random() * 256)),
          out.subarray(at),
        );
        break;
      case 5:
        out = join(before, out.subarray(at, at + length), out.subarray(at));
        break;
      case 6: {
        const word = new DataView(out.buffer, out.byteOffset, out.byteLength);
        if (at + 4 <= out.length) word.setUint32(at, [0xffffffff, 0x7fffffff, 0x80000000, 0][Math.floor(random() * 4)]!, random() < 0.5);
        break;
      }
      case 7: {
        const text = new TextEncoder().encode(texts[Math.floor(random() * texts.length)]);
        out = join(before, text, out.subarray(Math.min(out.length, at + Math.floor(random() * (text.length + 1)))));
        break;
      }
      default: {
        const from = Math.floor(random() * out.length);
        out.copyWithin(at, from, Math.min(out.length, from + length));
      }
    }
  }
  return out;
}

/** What happened to many broken files. */
export interface MutationOutcome {
  /** Errors of nabla's own, which say what is wrong. */
  readonly refused: number;
  /** Files that were still (or again) readable. */
  readonly read: number;
  /** Errors of any other kind, and files that took too long, with their seeds. */
  readonly surprises: readonly string[];
  /** By how many bytes the largest memory of the process grew meanwhile: what one file took, and what was not collected yet. */
  readonly grownBytes: number;
  /** Milliseconds of the file that took longest. */
  readonly longestMs: number;
}

/**
 * More memory than this no file of a few kilobytes takes, what was not collected yet included: half a gigabyte of the largest
 * resident set, for thousands of files.
 */
const memoryBound = 2 ** 29;

/** Expects clear errors and readings only, at least so many errors, and memory that stays within its bound. */
export function expectClear(outcome: MutationOutcome, refused: number): void {
  if (outcome.surprises.length > 0) throw new Error(outcome.surprises.join("\n"));
  if (outcome.refused <= refused) throw new Error(`${outcome.refused} files were refused: more than ${refused} are broken`);
  if (outcome.grownBytes >= memoryBound) throw new Error(`the memory grew by ${outcome.grownBytes} bytes`);
  if (process.env["NABLA_SHOW_MUTATIONS"] === "1") console.log(JSON.stringify(outcome));
}

/** Reads `count` mutations of each file. A surprise is an error for which `isClear` is false, or a file that takes longer than `limitMs`. */
export async function readMutations(
  files: readonly Uint8Array[],
  count: number,
  read: (bytes: Uint8Array) => unknown,
  isClear: (error: unknown) => boolean,
  options: { readonly focus?: number; readonly limitMs?: number; readonly firstSeed?: number } = {},
): Promise<MutationOutcome> {
  const { limitMs = 5000, firstSeed = 0 } = options;
  let refused = 0;
  let readable = 0;
  let longestMs = 0;
  const before = largestMemory();
  const surprises: string[] = [];
  for (let i = 0; i < count; i++) {
    const seed = firstSeed + i;
    const file = files[i % files.length]!;
    const begin = performance.now();
    try {
      await read(mutateBytes(file, seed, options.focus ?? file.length));
      readable++;
    } catch (error) {
      if (isClear(error)) refused++;
      else surprises.push(`seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message).slice(0, 400) : String(error)}`);
    }
    longestMs = Math.max(longestMs, performance.now() - begin);
    if (performance.now() - begin > limitMs) surprises.push(`seed ${seed}: ${Math.round(performance.now() - begin)} ms`);
  }
  return { refused, read: readable, surprises, grownBytes: largestMemory() - before, longestMs };
}

/** The largest resident set of the process so far, in bytes. */
function largestMemory(): number {
  return process.resourceUsage().maxRSS * 1024;
}
