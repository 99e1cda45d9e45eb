/** Arrays as files store them: element formats, byte order, and what they become here. */
import {
  type DType,
  dtypes,
  fromBfloat16,
  fromFloat16,
  hostArray,
  isShortFloat,
  type ShortFloat,
  shortFloats,
  type TypedArray,
} from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { dataTensor, type ConcreteShape, sizeOf, type Tensor } from "../graph/index.ts";
import { fromFloat8E4M3, fromFloat8E5M2, fromFloat8E8M0 } from "./short-floats.ts";

/** How elements stand in a file. */
export type StoredType =
  | "bool"
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "uint64"
  | "int64"
  | "float8_e4m3"
  | "float8_e5m2"
  | "float8_e8m0"
  | "float16"
  | "bfloat16"
  | "float32"
  | "float64";

interface StoredRow {
  readonly bytes: number;
  /** What the elements become. */
  readonly dtype: DType;
  readonly read: (view: DataView, offset: number, littleEndian: boolean) => number;
}

function wide(value: bigint): number {
  // Numbers beyond int32 are refused by whoever stores them there: the nearest double is enough.
  return Number(value);
}

/** Every stored type: its width, the dtype it becomes (64-bit integers become int32 with a range check). */
export const storedTypes: Readonly<Record<StoredType, StoredRow>> = {
  bool: { bytes: 1, dtype: "bool", read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
  uint8: { bytes: 1, dtype: "uint8", read: (view, at) => view.getUint8(at) },
  int8: { bytes: 1, dtype: "int8", read: (view, at) => view.getInt8(at) },
  uint16: { bytes: 2, dtype: "int32", read: (view, at, little) => view.getUint16(at, little) },
  int16: { bytes: 2, dtype: "int32", read: (view, at, little) => view.getInt16(at, little) },
  uint32: { bytes: 4, dtype: "int32", read: (view, at, little) => view.getUint32(at, little) },
  int32: { bytes: 4, dtype: "int32", read: (view, at, little) => view.getInt32(at, little) },
  uint64: { bytes: 8, dtype: "int32", read: (view, at, little) => wide(view.getBigUint64(at, little)) },
  int64: { bytes: 8, dtype: "int32", read: (view, at, little) => wide(view.getBigInt64(at, little)) },
  float8_e4m3: { bytes: 1, dtype: "float32", read: (view, at) => fromFloat8E4M3(view.getUint8(at)) },
  float8_e5m2: { bytes: 1, dtype: "float32", read: (view, at) => fromFloat8E5M2(view.getUint8(at)) },
  float8_e8m0: { bytes: 1, dtype: "float32", read: (view, at) => fromFloat8E8M0(view.getUint8(at)) },
  float16: { bytes: 2, dtype: "float16", read: (view, at, little) => fromFloat16(view.getUint16(at, little)) },
  bfloat16: { bytes: 2, dtype: "bfloat16", read: (view, at, little) => fromBfloat16(view.getUint16(at, little)) },
  float32: { bytes: 4, dtype: "float32", read: (view, at, little) => view.getFloat32(at, little) },
  float64: { bytes: 8, dtype: "float64", read: (view, at, little) => view.getFloat64(at, little) },
};

/** Stored types whose little-endian bytes are those of the host array. */
const sameBytes: readonly StoredType[] = ["int8", "uint8", "int32", "float32", "float64"];

/** Numbers that stand for "to the end" in files and mean no element. */
const beyond = 2 ** 62;

/** How 64-bit and unsigned integers that do not fit int32 are taken. */
export type Overflow = "refuse" | "saturate-sentinels";

/**
 * Elements of `bytes`, in the order of the file. With `overflow` "saturate-sentinels" integers near the ends of 64 bits
 * become the ends of int32. Throws ValueError for other integers that int32 does not hold. `bytes` holds exactly `count`.
 */
export function readStored(
  where: string,
  bytes: Uint8Array,
  type: StoredType,
  count: number,
  options: { readonly littleEndian?: boolean; readonly overflow?: Overflow } = {},
): TypedArray {
  const { littleEndian = true, overflow = "refuse" } = options;
  const row = storedTypes[type];
  const values = hostArray(row.dtype, count);
  if (littleEndian && sameBytes.includes(type)) {
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength).set(bytes);
    return values;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checked = row.dtype === "int32" && row.bytes >= 4 && type !== "int32";
  for (let i = 0, at = 0; i < count; i++, at += row.bytes) {
    let value = row.read(view, at, littleEndian);
    if (checked && (value > 0x7fffffff || value < -0x80000000)) {
      if (overflow === "refuse" || Math.abs(value) < beyond) {
        throw new ValueError({
          where,
          problem: `a number of type ${type} does not fit int32, the widest integer of nabla`,
          expected: "numbers from -2147483648 to 2147483647",
          received: String(value),
          advice: "convert the array to float64 or to smaller integers where it was written",
        });
      }
      value = value > 0 ? 0x7fffffff : -0x80000000;
    }
    values[i] = value;
  }
  return values;
}

/** Little-endian bytes of host values; `as` stores floats in a shorter format. */
export function storedBytes(values: TypedArray, dtype: DType, as: ShortFloat | null = isShortFloat(dtype) ? dtype : null): Uint8Array {
  if (as === null || dtypes[dtype].kind !== "float") return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const shorten = shortFloats[as].to;
  const out = new Uint8Array(2 * values.length);
  for (let i = 0; i < values.length; i++) {
    const bits = shorten(values[i]!);
    out[2 * i] = bits & 0xff;
    out[2 * i + 1] = bits >> 8;
  }
  return out;
}

/** An array as it is written: its elements on the host. */
export interface HostArray {
  readonly values: TypedArray;
  readonly shape: ConcreteShape;
  readonly dtype: DType;
}

/** A tensor of values that were read. */
export function tensorOf(values: TypedArray, shape: ConcreteShape, dtype: DType): Tensor {
  return dataTensor(values, shape, dtype);
}

/** Number of elements of a shape from a file; null where it is no shape, or more than numbers count exactly. */
export function countOf(shape: unknown): number | null {
  if (!Array.isArray(shape) || !shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0) || shape.length > 32) return null;
  const count = sizeOf(shape as number[]);
  // With a zero among the extents, the others may still be absurd.
  return Number.isSafeInteger(count) && (shape as number[]).every((extent) => extent <= 2 ** 40) ? count : null;
}
