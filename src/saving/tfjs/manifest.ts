/** The weights of TF.js files: a manifest of names, shapes and types, and shards of bytes. */
import { hostArray, type TypedArray, widened } from "../../dtype/index.ts";
import { isPlainObject, type Tensor } from "../../graph/index.ts";
import { FormatError } from "../source.ts";
import { countOf, readStored, type StoredType, storedTypes, tensorOf } from "../stored-array.ts";

/** A group of weights that share shards. */
export interface ManifestGroup {
  readonly paths: readonly string[];
  readonly weights: readonly unknown[];
}

/** The groups of a manifest. Throws FormatError where it is none. */
export function manifestOf(where: string, manifest: unknown): ManifestGroup[] {
  const fits = (group: unknown): boolean =>
    isPlainObject(group) &&
    Array.isArray(group.paths) &&
    group.paths.every((path) => typeof path === "string") &&
    Array.isArray(group.weights);
  if (Array.isArray(manifest) && manifest.every(fits)) return manifest as ManifestGroup[];
  throw new FormatError({
    where,
    problem: "the manifest of the weights is not understood",
    expected: '"weightsManifest": [{ "paths": [...], "weights": [...] }]',
  });
}

const plainTypes: ReadonlySet<string> = new Set(["float32", "int32", "bool", "uint8", "float16"]);

/** The weights of a group by name, from the bytes of its shards one after another. */
export function readGroup(where: string, { weights }: ManifestGroup, bytes: Uint8Array): [string, Tensor][] {
  let at = 0;
  const read = weights.map((entry): [string, Tensor] => {
    if (!isPlainObject(entry) || typeof entry.name !== "string")
      throw new FormatError({
        where,
        problem: "a weight of the manifest has no name",
        received: JSON.stringify(entry)?.slice(0, 120) ?? "nothing",
      });
    const label = `${where}: ${JSON.stringify(entry.name)}`;
    const count = countOf(entry.shape);
    if (count === null)
      throw new FormatError({
        where: label,
        problem: "the shape is none",
        received: JSON.stringify(entry.shape)?.slice(0, 120) ?? "nothing",
      });
    const quantization = isPlainObject(entry.quantization) ? entry.quantization : null;
    const stored = quantization === null ? entry.dtype : quantization.dtype;
    const type = (quantization !== null && stored === "uint16" ? "uint16" : stored) as StoredType;
    if (typeof stored !== "string" || !(plainTypes.has(stored) || type === "uint16"))
      throw new FormatError({
        where: label,
        problem: "the element type is not read",
        expected: [...plainTypes].join(", "),
        received: JSON.stringify(stored) ?? "nothing",
      });
    const end = at + count * storedTypes[type].bytes;
    if (end > bytes.length)
      throw new FormatError({
        where: label,
        problem: "the shards end before the weight does",
        expected: `${end} bytes`,
        received: String(bytes.length),
      });
    const values = readStored(label, bytes.subarray(at, end), type, count);
    at = end;
    const shape = entry.shape as number[];
    // TensorFlow.js stores float32 in two bytes; it has no tensors of them.
    if (quantization === null || type === "float16")
      return [entry.name, tensorOf(values, shape, type === "float16" ? widened(storedTypes[type].dtype) : storedTypes[type].dtype)];
    return [
      entry.name,
      tensorOf(dequantized(label, values, quantization, entry.dtype), shape, entry.dtype === "int32" ? "int32" : "float32"),
    ];
  });
  if (at !== bytes.length)
    throw new FormatError({
      where,
      problem: "bytes follow the last weight of the shards",
      expected: String(at),
      received: String(bytes.length),
    });
  return read;
}

/** `value scale + min`. */
function dequantized(
  where: string,
  values: TypedArray,
  { scale, min }: { readonly scale?: unknown; readonly min?: unknown },
  dtype: unknown,
): TypedArray {
  if (typeof scale !== "number" || typeof min !== "number")
    throw new FormatError({ where, problem: "scale and min of a quantized weight are missing" });
  const whole = dtype === "int32";
  const out = hostArray(whole ? "int32" : "float32", values.length);
  for (let i = 0; i < values.length; i++) out[i] = whole ? Math.round(values[i]! * scale + min) : values[i]! * scale + min;
  return out;
}
