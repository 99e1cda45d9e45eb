/** Host values from whatever a user writes: numbers, nested arrays, typed arrays. */
import { floatx } from "../config/index.ts";
import { type DType, dtypes, hostArray, isShortFloat, roundToShort, type TypedArray } from "../dtype/index.ts";
import { DTypeError, ShapeError, ValueError } from "../errors.ts";
import { type ConcreteShape, formatShape, sizeOf } from "./shape.ts";

/** Typed arrays that are accepted as data. Those without a dtype of their own become int32 (with a range check) or uint8. */
export type HostTypedArray =
  TypedArray | Int8Array | Int16Array | Uint16Array | Uint32Array | Uint8ClampedArray | BigInt64Array | BigUint64Array;

/** Data as users write it: a number, a boolean, a typed array, or nested arrays of them. */
export type HostData = number | boolean | HostTypedArray | readonly HostData[];

/** Elements with their shape and dtype. */
export interface HostValues {
  readonly values: TypedArray;
  readonly shape: ConcreteShape;
  readonly dtype: DType;
}

/** Whether `value` is a typed array that can be data. */
export function isHostTypedArray(value: unknown): value is HostTypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** Whether `value` looks like data rather than a tensor or an options object (elements are not looked at). */
export function isHostData(value: unknown): value is HostData {
  return typeof value === "number" || typeof value === "boolean" || Array.isArray(value) || isHostTypedArray(value);
}

/**
 * Elements of `data` as a new array: numbers are `config.floatx()` (float32), booleans bool, typed arrays keep their type unless `dtype`
 * says otherwise. `shape` reshapes (one extent may be -1). Fractions are cut off towards zero where the dtype is an integer.
 * Throws ShapeError for ragged arrays and shapes that do not fit, ValueError for what is no number or out of range.
 */
export function hostValues(
  where: string,
  data: HostData,
  options: { dtype?: DType | undefined; shape?: readonly number[] | undefined } = {},
): HostValues {
  const natural = shapeOf(where, data);
  const dtype = options.dtype ?? naturalDType(data) ?? floatx();
  if (dtypes[dtype] === undefined) {
    throw new DTypeError({ where, problem: "there is no such dtype", expected: Object.keys(dtypes).join(", "), received: String(dtype) });
  }
  const shape = options.shape === undefined ? natural : resolveShape(where, options.shape, sizeOf(natural));
  const values = hostArray(dtype, sizeOf(natural));
  fill(where, values, dtype, data, natural, 0, 0);
  return { values, shape, dtype };
}

function naturalDType(data: HostData): DType | undefined {
  if (typeof data === "number") return floatx();
  if (typeof data === "boolean") return "bool";
  if (isHostTypedArray(data)) {
    if (data instanceof Float64Array) return "float64";
    if (data instanceof Float32Array) return "float32";
    if (data instanceof Int8Array) return "int8";
    if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return "uint8";
    return "int32";
  }
  let found: DType | undefined;
  // What is no number is told when the elements are read.
  if (!Array.isArray(data)) return undefined;
  for (const part of data as readonly HostData[]) {
    const dtype = naturalDType(part);
    if (dtype === undefined) continue;
    if (dtype !== "bool") return dtype;
    found = dtype;
  }
  return found;
}

function shapeOf(where: string, data: HostData): number[] {
  const shape: number[] = [];
  let part: HostData | undefined = data;
  while (Array.isArray(part) || isHostTypedArray(part)) {
    shape.push(part.length);
    part = (part as ArrayLike<HostData>)[0];
  }
  if (part !== undefined && typeof part !== "number" && typeof part !== "boolean" && typeof part !== "bigint") {
    throw notANumber(where, part);
  }
  return shape;
}

function notANumber(where: string, value: unknown): ValueError {
  const shown = typeof value === "string" ? JSON.stringify(value) : value === null ? "null" : typeof value;
  return new ValueError({
    where,
    problem: "the data holds something that is no number",
    expected: "numbers, booleans, typed arrays, or nested arrays of them",
    received: shown,
    advice:
      typeof value === "string"
        ? 'parse the text first, or give dtype "string" for a StringTensor'
        : "look for missing values and objects in the data",
  });
}

/** Writes the elements of `data` (shape `shape` from `axis` on) from `position`; returns the position after them. */
function fill(
  where: string,
  out: TypedArray,
  dtype: DType,
  data: HostData,
  shape: readonly number[],
  axis: number,
  position: number,
): number {
  if (axis === shape.length) {
    if (typeof data !== "number" && typeof data !== "boolean" && typeof data !== "bigint") {
      if (Array.isArray(data) || isHostTypedArray(data)) throw ragged(where, shape);
      throw notANumber(where, data);
    }
    out[position] = element(where, Number(data), dtype);
    return position + 1;
  }
  const extent = shape[axis]!;
  if (isHostTypedArray(data)) {
    if (data.length !== extent || axis !== shape.length - 1) throw ragged(where, shape);
    copyTyped(where, out, dtype, data, position);
    return position + extent;
  }
  if (!Array.isArray(data)) {
    if (typeof data === "number" || typeof data === "boolean") throw ragged(where, shape);
    throw notANumber(where, data);
  }
  if (data.length !== extent) throw ragged(where, shape);
  if (axis === shape.length - 1 && dtypes[dtype].kind === "float" && !isShortFloat(dtype)) {
    // The common innermost row, without a call per element.
    for (let i = 0; i < extent; i++) {
      const value: unknown = data[i];
      if (typeof value === "number") out[position + i] = value;
      else fill(where, out, dtype, value as HostData, shape, axis + 1, position + i);
    }
    return position + extent;
  }
  for (const part of data as readonly HostData[]) position = fill(where, out, dtype, part, shape, axis + 1, position);
  return position;
}

function ragged(where: string, shape: readonly number[]): ShapeError {
  return new ShapeError({
    where,
    problem: "nested arrays must be rectangular",
    expected: `every part of the data to fit the shape ${formatShape(shape)} of its first parts`,
    advice: "pad the rows to one length",
  });
}

function copyTyped(where: string, out: TypedArray, dtype: DType, data: HostTypedArray, position: number): void {
  const exact = out.constructor === data.constructor && dtype !== "bool" && !isShortFloat(dtype);
  if (
    exact ||
    (dtypes[dtype].kind === "float" && !isShortFloat(dtype) && !(data instanceof BigInt64Array) && !(data instanceof BigUint64Array))
  ) {
    out.set(data as TypedArray, position);
    return;
  }
  for (let i = 0; i < data.length; i++) out[position + i] = element(where, Number(data[i]), dtype);
}

function element(where: string, value: number, dtype: DType): number {
  switch (dtype) {
    case "float32":
    case "float64":
      return value;
    case "float16":
    case "bfloat16":
      return roundToShort(dtype, value);
    case "bool":
      return value === 0 ? 0 : 1;
    case "int32":
    case "int8":
    case "uint8": {
      const whole = Math.trunc(value);
      const [low, high] = dtypes[dtype].range;
      if (!(whole >= low && whole <= high)) {
        throw new ValueError({
          where,
          problem: `a value does not fit ${dtype}`,
          expected: `numbers from ${low} to ${high}`,
          received: String(value),
          advice: "use another dtype, or bring the values into range first",
        });
      }
      return whole;
    }
  }
}

/** `shape` with one -1 replaced by what makes it hold `size` elements. Throws ShapeError where nothing fits. */
export function resolveShape(where: string, shape: readonly number[], size: number): number[] {
  const known = shape.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
  const open = shape.filter((extent) => extent === -1).length;
  const valid = shape.every((extent) => Number.isInteger(extent) && extent >= -1);
  const extent = open === 1 && known > 0 ? size / known : 0;
  const resolved = shape.map((e) => (e === -1 ? extent : e));
  if (!valid || open > 1 || !Number.isInteger(extent) || sizeOf(resolved) !== size) {
    throw new ShapeError({
      where,
      problem: "the shape does not hold the elements",
      expected: `a shape of ${size} elements, with at most one -1`,
      received: formatShape(shape),
    });
  }
  return resolved;
}
