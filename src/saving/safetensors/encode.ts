/** Writing safetensors. */
import { type DType, dtypes, isFloat, isShortFloat } from "../../dtype/index.ts";
import { DTypeError, ValueError } from "../../errors.ts";
import { isPlainObject } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { readArray } from "../read-array.ts";
import { storedBytes } from "../stored-array.ts";

/** Options of `saveSafetensors`. */
export interface SafetensorsOptions {
  /** Texts by name, kept in the header. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** "float16" or "bfloat16" stores floating-point tensors in 16 bits, rounded to the nearest. Default: as they are. */
  readonly floats?: "float16" | "bfloat16" | null;
}

const names: Readonly<Record<DType, string>> = {
  float32: "F32",
  float64: "F64",
  float16: "F16",
  bfloat16: "BF16",
  int32: "I32",
  int8: "I8",
  uint8: "U8",
  bool: "BOOL",
};

/**
 * The bytes of a safetensors file. Tensors are stored widest elements first and by name, and the header is padded, so
 * that every tensor is aligned to its elements. Throws ValueError for names and metadata that are none.
 */
export async function encodeSafetensors(
  tensors: Readonly<Record<string, TensorLike>> | ReadonlyMap<string, TensorLike>,
  options: SafetensorsOptions = {},
): Promise<Uint8Array> {
  const where = "saveSafetensors";
  const { metadata, floats = null } = options;
  if (floats !== null && floats !== "float16" && floats !== "bfloat16")
    throw new DTypeError({
      where,
      problem: "floats cannot be stored like this",
      expected: '"float16" or "bfloat16"',
      received: String(floats),
    });
  const given =
    tensors instanceof Map
      ? [...(tensors as ReadonlyMap<string, TensorLike>)]
      : Object.entries(tensors as Readonly<Record<string, TensorLike>>);
  const arrays = await Promise.all(
    given.map(async ([name, value]) => {
      if (name === "__metadata__")
        throw new ValueError({
          where,
          problem: "this name belongs to the format",
          received: name,
          advice: "use another name for the tensor",
        });
      const { values, shape, dtype } = await readArray(value);
      const stored = floats !== null && isFloat(dtype) ? floats : dtype;
      const bytes = storedBytes(values, dtype, isShortFloat(stored) ? stored : null);
      return { name, shape, bytes, type: names[stored], width: dtypes[stored].bytes };
    }),
  );
  arrays.sort((a, b) => b.width - a.width || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const header = new Map<string, unknown>();
  if (metadata !== undefined) {
    if (!isPlainObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string"))
      throw new ValueError({
        where,
        problem: "metadata holds something that is no text",
        expected: "texts by name",
        advice: "JSON.stringify what is no text",
      });
    header.set("__metadata__", metadata);
  }
  let offset = 0;
  for (const { name, type, shape, bytes } of arrays) {
    header.set(name, { dtype: type, shape, data_offsets: [offset, offset + bytes.length] });
    offset += bytes.length;
  }
  // An object literal would sort names that look like numbers, and lose "__proto__".
  const text = `{${[...header].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
  const encoded = new TextEncoder().encode(text);
  const length = Math.ceil(encoded.length / 8) * 8;
  const out = new Uint8Array(8 + length + offset);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(encoded, 8);
  out.fill(0x20, 8 + encoded.length, 8 + length);
  let at = 8 + length;
  for (const { bytes } of arrays) {
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}
