/** Element types of tensors, and the typed arrays that hold them. No dependencies. */
import { BackendError } from "../errors.ts";
import { isShortFloat, roundToShort, type ShortFloat, ShortFloatArray, shortFloats } from "./short-floats.ts";

export {
  fromBfloat16,
  fromFloat16,
  isShortFloat,
  roundToShort,
  type ShortFloat,
  ShortFloatArray,
  shortFloats,
  toBfloat16,
  toFloat16,
} from "./short-floats.ts";

/** Element type. `bool` is stored as one byte, 0 or 1; `float16` and `bfloat16` in two bytes, computed with as float32. */
export type DType = "float32" | "float64" | ShortFloat | "int32" | "int8" | "uint8" | "bool";

/** Typed array that holds values of a dtype on the host. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Int8Array | Uint8Array;

interface DTypeRow {
  /** Of a stored element. */
  readonly bytes: number;
  readonly kind: "float" | "integer" | "bool";
  /** Holds values on the host: of floats of two bytes as float32, which has all of them. */
  readonly array: { new (length: number): TypedArray; readonly BYTES_PER_ELEMENT: number };
  /** Least and greatest value: infinities of floats. */
  readonly range: readonly [number, number];
}

const everyNumber = [-Infinity, Infinity] as const;

/** What each dtype is: bytes per element, kind, host array, ends. */
export const dtypes: Readonly<Record<DType, DTypeRow>> = {
  float32: { bytes: 4, kind: "float", array: Float32Array, range: everyNumber },
  float64: { bytes: 8, kind: "float", array: Float64Array, range: everyNumber },
  float16: { bytes: 2, kind: "float", array: Float32Array, range: everyNumber },
  bfloat16: { bytes: 2, kind: "float", array: Float32Array, range: everyNumber },
  int32: { bytes: 4, kind: "integer", array: Int32Array, range: [-2147483648, 2147483647] },
  int8: { bytes: 1, kind: "integer", array: Int8Array, range: [-128, 127] },
  uint8: { bytes: 1, kind: "integer", array: Uint8Array, range: [0, 255] },
  bool: { bytes: 1, kind: "bool", array: Uint8Array, range: [0, 1] },
};

/** A new zeroed host array of `length` elements of `dtype`. Throws BackendError where the host has no memory for it. */
export function hostArray(dtype: DType, length: number): TypedArray {
  const { array } = dtypes[dtype];
  try {
    return new array(length);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new BackendError({
      where: "host memory",
      problem: "an array is too large",
      received: `${length} elements of ${dtype} (${((length * array.BYTES_PER_ELEMENT) / 2 ** 30).toFixed(1)} GiB)`,
      advice: "use a smaller batch, or several tensors for one",
    });
  }
}

/** A place for elements, written from host arrays and copied to new ones. */
export type StoredElements = TypedArray | ShortFloatArray;

/** Dtypes whose elements are stored as host arrays hold them. */
export type HostDType = Exclude<DType, ShortFloat>;

/** The elements of `dtype` that stand in `buffer` from byte `offset` on, as they are stored. */
export function storedElements(dtype: HostDType, buffer: ArrayBufferLike, offset: number, length: number): TypedArray;
export function storedElements(dtype: DType, buffer: ArrayBufferLike, offset: number, length: number): StoredElements;
export function storedElements(dtype: DType, buffer: ArrayBufferLike, offset: number, length: number): StoredElements {
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer, offset, length);
    case "float64":
      return new Float64Array(buffer, offset, length);
    case "float16":
    case "bfloat16":
      return new ShortFloatArray(dtype, new Uint16Array(buffer, offset, length));
    case "int32":
      return new Int32Array(buffer, offset, length);
    case "int8":
      return new Int8Array(buffer, offset, length);
    case "uint8":
    case "bool":
      return new Uint8Array(buffer, offset, length);
  }
}

/** `value` as `dtype` holds it: floats rounded to the nearest, whole numbers wrapped, truth as 0 or 1. */
export function roundedTo(dtype: DType, value: number): number {
  switch (dtype) {
    case "float32":
      return Math.fround(value);
    case "float64":
      return value;
    case "float16":
    case "bfloat16":
      return roundToShort(dtype, value);
    case "int32":
      return value | 0;
    case "int8":
      return (value << 24) >> 24;
    case "uint8":
      return value & 255;
    case "bool":
      return value !== 0 ? 1 : 0;
  }
}

/** The largest finite number of a floating-point dtype. */
export function largestFinite(dtype: DType): number {
  if (isShortFloat(dtype)) return shortFloats[dtype].largest;
  return dtype === "float64" ? Number.MAX_VALUE : 3.4028234663852886e38;
}

/** Whether elements take one byte: bool, int8, uint8. Sums and products of them are int32. */
export function isByte(dtype: DType): boolean {
  return dtypes[dtype].bytes === 1;
}

/** In which one computes before results wrap or round: int32 for bytes, float32 for floats of two bytes, else the dtype itself. */
export function widened(dtype: DType): DType {
  if (isShortFloat(dtype)) return "float32";
  return dtype === "int8" || dtype === "uint8" ? "int32" : dtype;
}

/** Whether `dtype` is a floating-point type, the only kind that carries gradients. */
export function isFloat(dtype: DType): boolean {
  return dtypes[dtype].kind === "float";
}
