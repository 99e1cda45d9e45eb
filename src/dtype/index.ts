/** Element types of tensors, and the typed arrays that hold them. No dependencies. */

/** Element type. `bool` is stored as one byte, 0 or 1. */
export type DType = "float32" | "float64" | "int32" | "int8" | "uint8" | "bool";

/** Typed array that holds values of a dtype on the host. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Int8Array | Uint8Array;

interface DTypeRow {
  readonly bytes: number;
  readonly kind: "float" | "integer" | "bool";
  readonly array: new (length: number) => TypedArray;
}

/** What each dtype is: bytes per element, kind, host array. */
export const dtypes: Readonly<Record<DType, DTypeRow>> = {
  float32: { bytes: 4, kind: "float", array: Float32Array },
  float64: { bytes: 8, kind: "float", array: Float64Array },
  int32: { bytes: 4, kind: "integer", array: Int32Array },
  int8: { bytes: 1, kind: "integer", array: Int8Array },
  uint8: { bytes: 1, kind: "integer", array: Uint8Array },
  bool: { bytes: 1, kind: "bool", array: Uint8Array },
};

/** A new zeroed host array of `length` elements of `dtype`. */
export function hostArray(dtype: DType, length: number): TypedArray {
  return new dtypes[dtype].array(length);
}

/** Whether elements take one byte: bool, int8, uint8. Sums and products of them are int32. */
export function isByte(dtype: DType): boolean {
  return dtypes[dtype].bytes === 1;
}

/** int32 for whole numbers of one byte, else the dtype itself: in which one computes with them before they wrap. */
export function widened(dtype: DType): DType {
  return dtype === "int8" || dtype === "uint8" ? "int32" : dtype;
}

/** Whether `dtype` is a floating-point type, the only kind that carries gradients. */
export function isFloat(dtype: DType): boolean {
  return dtypes[dtype].kind === "float";
}
