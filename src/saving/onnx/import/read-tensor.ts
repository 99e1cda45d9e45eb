/** Arrays of ONNX files: raw, typed or in files beside. */
import { type DType, hostArray, type TypedArray } from "../../../dtype/index.ts";
import { dataTensor, type Tensor } from "../../../graph/index.ts";
import { FormatError } from "../../source.ts";
import { countOf, readStored, type StoredType, storedTypes } from "../../stored-array.ts";
import { elementTypes, type TensorProto } from "../schema.ts";

/** Bytes of files beside the model, by their location in it. */
export type ExternalFiles = ReadonlyMap<string, Uint8Array>;

const storedOf = new Map<number, StoredType>(
  Object.entries(elementTypes).flatMap(([name, number]) => (name === "string" ? [] : [[number, name as StoredType] as const])),
);

/** An array with its elements on the host. */
export interface ReadTensor {
  readonly values: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** The elements of an array. Throws FormatError where they do not fill its shape, or its type is not read. */
export function readTensorProto(where: string, tensor: TensorProto, external: ExternalFiles = new Map()): ReadTensor {
  const name = `${where}: ${tensor.name === undefined || tensor.name === "" ? "a constant" : `"${tensor.name}"`}`;
  const type = storedOf.get(tensor.dataType ?? 0);
  if (type === undefined)
    throw new FormatError({
      where: name,
      problem: "the element type is not read",
      expected: [...storedOf.values()].join(", "),
      received: `type ${tensor.dataType ?? 0}`,
    });
  const count = countOf(tensor.dims);
  if (count === null) throw new FormatError({ where: name, problem: "the shape is none", received: `[${tensor.dims.join(", ")}]` });
  const { bytes } = storedTypes[type];
  // Graphs of quantized models compute with int8 as whole numbers of any size.
  const dtype = type === "int8" ? "int32" : storedTypes[type].dtype;
  const raw = tensor.dataLocation === 1 ? externalBytes(name, tensor, external) : tensor.rawData;
  if (raw !== undefined) {
    if (raw.length !== count * bytes)
      throw new FormatError({
        where: name,
        problem: "the elements do not fill the shape",
        expected: `${count * bytes} bytes for [${tensor.dims.join(", ")}]`,
        received: String(raw.length),
      });
    const values = readStored(name, raw, type, count, { overflow: "saturate-sentinels" });
    return { values: type === "int8" ? Int32Array.from(values) : values, shape: tensor.dims, dtype };
  }
  const lists: readonly (readonly number[])[] = [
    tensor.floatData,
    tensor.int32Data,
    tensor.int64Data,
    tensor.doubleData,
    tensor.uint64Data,
  ];
  const list = lists.find(({ length }) => length > 0) ?? [];
  if (list.length !== count)
    throw new FormatError({
      where: name,
      problem: "the elements do not fill the shape",
      expected: String(count),
      received: String(list.length),
    });
  const values = hostArray(dtype, count);
  const short = type === "float16" || type === "bfloat16";
  const word = new DataView(new ArrayBuffer(2));
  list.forEach((value, i) => {
    if (short) {
      word.setUint16(0, value & 0xffff, true);
      values[i] = storedTypes[type].read(word, 0, true);
    } else
      values[i] = dtype === "int32" ? Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1) : dtype === "bool" ? Number(value !== 0) : value;
  });
  return { values, shape: tensor.dims, dtype };
}

/** Where the elements of a tensor lie outside the file; null where they do not. */
export function locationOf(where: string, tensor: TensorProto): { location: string; offset: number; length: number | null } | null {
  if (tensor.dataLocation !== 1) return null;
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value ?? ""]));
  const location = entries.get("location") ?? "";
  const parts = location.split("/");
  // Only files in the folder of the model, whatever the system's separators are.
  if (
    location === "" ||
    location.includes("\\") ||
    location.includes("\0") ||
    location.includes(":") ||
    location.startsWith("/") ||
    parts.includes("..")
  ) {
    throw new FormatError({
      where,
      problem: "the elements lie in a file outside the folder of the model",
      expected: "a relative path inside it",
      received: JSON.stringify(location),
    });
  }
  const number = (key: string): number | null => (entries.has(key) ? Number(entries.get(key)) : null);
  return { location, offset: number("offset") ?? 0, length: number("length") };
}

function externalBytes(where: string, tensor: TensorProto, external: ExternalFiles): Uint8Array {
  const { location, offset, length } = locationOf(where, tensor)!;
  const file = external.get(location);
  if (file === undefined)
    throw new FormatError({
      where,
      problem: "the file with the elements is not there",
      received: JSON.stringify(location),
      advice: "load the model by its path, with the file in the same folder",
    });
  const end = length === null ? file.length : offset + length;
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(end) || offset < 0 || end < offset || end > file.length)
    throw new FormatError({
      where,
      problem: "the elements lie outside their file",
      expected: `at most ${file.length} bytes`,
      received: `${offset} to ${end}`,
    });
  return file.subarray(offset, end);
}

/** An array as a tensor of given data. */
export function tensorOfProto(where: string, tensor: TensorProto, external?: ExternalFiles): Tensor {
  const { values, shape, dtype } = readTensorProto(where, tensor, external);
  return dataTensor(values, shape, dtype);
}
