/** Reading safetensors: 8 bytes of header length, a JSON header, the elements. */
import { isPlainObject, type Tensor } from "../../graph/index.ts";
import { emptyRecord, FormatError, parseJson } from "../source.ts";
import { countOf, readStored, type StoredType, storedTypes, tensorOf } from "../stored-array.ts";

/** What a safetensors file holds. */
export interface SafetensorsFile {
  /** The tensors by name, in the order of the header. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Texts by name (`__metadata__`). */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Longest header that is read; the format's own limit. */
export const headerLimit = 100_000_000;

/** Names of element types in headers. */
export const safetensorsTypes: Readonly<Record<string, StoredType>> = {
  BOOL: "bool",
  U8: "uint8",
  I8: "int8",
  U16: "uint16",
  I16: "int16",
  U32: "uint32",
  I32: "int32",
  U64: "uint64",
  I64: "int64",
  F8_E4M3: "float8_e4m3",
  F8_E5M2: "float8_e5m2",
  F8_E8M0: "float8_e8m0",
  F16: "float16",
  BF16: "bfloat16",
  F32: "float32",
  F64: "float64",
};

interface Entry {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: readonly number[];
  readonly count: number;
  readonly begin: number;
  readonly end: number;
}

/**
 * The tensors of a safetensors file. F8 becomes float32, integers of 64, 16 and (signed) 8 bits int32.
 * Throws FormatError where the header is broken: lengths beyond the file, offsets that overlap, leave gaps or do not fit
 * the shape, names that stand twice.
 */
export function decodeSafetensors(bytes: Uint8Array, where = "safetensors"): SafetensorsFile {
  if (bytes.length < 8)
    throw new FormatError({ where, problem: "the file is too short", expected: "at least 8 bytes", received: String(bytes.length) });
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > headerLimit || length > bytes.length - 8) {
    throw new FormatError({
      where,
      problem: "the header is longer than the file or the format's limit",
      expected: `at most ${Math.min(headerLimit, bytes.length - 8)} bytes`,
      received: String(length),
      advice: "this is no safetensors file, or it was cut off while it was copied",
    });
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length));
  } catch {
    throw new FormatError({ where, problem: "the header is no text" });
  }
  if (!text.startsWith("{"))
    throw new FormatError({ where, problem: "the header does not begin with {", received: JSON.stringify(text.slice(0, 20)) });
  const header = parseJson(where, text, 8);
  if (!isPlainObject(header)) throw new FormatError({ where, problem: "the header is no object" });
  expectDistinctNames(where, text, Object.keys(header).length);
  const data = bytes.subarray(8 + length);
  const metadata = emptyRecord<string>();
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") Object.assign(metadata, readMetadata(where, value));
    else entries.push(readEntry(where, name, value));
  }
  expectPacked(where, entries, data.length);
  const tensors = emptyRecord<Tensor>();
  for (const { name, type, shape, count, begin, end } of entries) {
    const values = readStored(`${where}: ${name}`, data.subarray(begin, end), type, count);
    tensors[name] = tensorOf(values, shape, storedTypes[type].dtype);
  }
  return { tensors, metadata };
}

function readMetadata(where: string, value: unknown): Record<string, string> {
  if (isPlainObject(value) && Object.values(value).every((entry) => typeof entry === "string")) return value as Record<string, string>;
  throw new FormatError({ where, problem: "__metadata__ holds something that is no text", expected: "texts by name" });
}

function readEntry(where: string, name: string, value: unknown): Entry {
  const broken = (problem: string, expected: string, received: unknown): FormatError =>
    new FormatError({
      where: `${where}: ${JSON.stringify(name)}`,
      problem,
      expected,
      received: JSON.stringify(received)?.slice(0, 200) ?? "nothing",
    });
  if (!isPlainObject(value)) throw broken("the entry is no object", '{ "dtype", "shape", "data_offsets" }', value);
  const { dtype, shape, data_offsets: offsets } = value;
  const type = typeof dtype === "string" && Object.hasOwn(safetensorsTypes, dtype) ? safetensorsTypes[dtype] : undefined;
  if (type === undefined) throw broken("the element type is not read", Object.keys(safetensorsTypes).join(", "), dtype);
  const count = countOf(shape);
  if (count === null) throw broken("the shape is no shape", "non-negative integers whose product is exact", shape);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every((offset) => Number.isSafeInteger(offset) && offset >= 0))
    throw broken("the offsets are no offsets", "[begin, end]", offsets);
  const [begin, end] = offsets as [number, number];
  if (end - begin !== count * storedTypes[type].bytes)
    throw broken("the offsets do not fit shape and type", `${count * storedTypes[type].bytes} bytes`, offsets);
  return { name, type, shape: shape as number[], count, begin, end };
}

/** Tensors lie side by side, none over another, none outside, nothing between: what the format demands. */
function expectPacked(where: string, entries: readonly Entry[], size: number): void {
  let at = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at || end > size) {
      throw new FormatError({
        where: `${where}: ${JSON.stringify(name)}`,
        problem:
          end > size
            ? "the elements lie outside the file"
            : begin < at
              ? "the elements overlap those of another tensor"
              : "there is a gap before the elements",
        expected: `to begin at byte ${at} and to end by ${size}`,
        received: `[${begin}, ${end}]`,
      });
    }
    at = end;
  }
  if (at !== size) throw new FormatError({ where, problem: "bytes follow the last tensor", expected: String(at), received: String(size) });
}

/** JSON.parse keeps the last of two equal names: count them in the text. */
function expectDistinctNames(where: string, text: string, distinct: number): void {
  let depth = 0;
  let names = 0;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (letter === '"') {
      for (i++; text[i] !== '"'; i++) if (text[i] === "\\") i++;
      if (depth === 1 && /^\s*:/.test(text.slice(i + 1, i + 40))) names++;
    } else if (letter === "{" || letter === "[") depth++;
    else if (letter === "}" || letter === "]") depth--;
  }
  if (names === distinct) return;
  throw new FormatError({ where, problem: "a name stands twice in the header", expected: `${distinct} names`, received: `${names}` });
}
