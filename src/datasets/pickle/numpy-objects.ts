/** NumPy's arrays and dtypes as pickles describe them. */
import { FormatError } from "../../saving/source.ts";
import type { PickledValue } from "./unpickle.ts";

/** A dtype: kind and width (`u1`, `f8`, `O8`) and byte order. */
export class NumpyType {
  readonly code: string;
  order = "|";

  constructor(code: string) {
    this.code = code;
  }

  /** The state that dtypes are pickled with: (version, byte order, ...). */
  setState(_where: string, state: PickledValue): void {
    if (Array.isArray(state) && typeof state[1] === "string") this.order = state[1];
    else if (Array.isArray(state) && state[1] instanceof Uint8Array) this.order = String.fromCharCode(...state[1]);
  }
}

/** An array: its bytes, or for Python objects their values. */
export class NumpyArray {
  shape: readonly number[] = [];
  type = "";
  isLittleEndian = true;
  isFortran = false;
  /** Elements in the order of the memory; empty for an array of objects. */
  bytes: Uint8Array = new Uint8Array();
  /** Elements of an array of Python objects. */
  objects: readonly PickledValue[] | null = null;

  /** The state that arrays are pickled with: (version, shape, dtype, is Fortran order, bytes or list). */
  setState(where: string, state: PickledValue): void {
    const [, shape, type, isFortran, content] = Array.isArray(state) ? state : [];
    if (!Array.isArray(shape) || !(type instanceof NumpyType) || !(content instanceof Uint8Array || Array.isArray(content)))
      throw new FormatError({
        where,
        problem: "the state of an array is not understood",
        expected: "(version, shape, dtype, order, data)",
      });
    this.set(where, shape, type, isFortran === true || isFortran === 1, content);
  }

  set(
    where: string,
    shape: readonly PickledValue[],
    type: NumpyType,
    isFortran: boolean,
    content: Uint8Array | readonly PickledValue[],
  ): void {
    const count = shape.reduce((product: number, extent) => product * (typeof extent === "number" && extent >= 0 ? extent : NaN), 1);
    const width = Number(type.code.slice(1));
    const fits = content instanceof Uint8Array ? content.length === count * width : type.code.startsWith("O") && content.length === count;
    if (!fits)
      throw new FormatError({
        where,
        problem: "an array's shape does not fit its data",
        expected: `${count} elements of ${type.code}`,
        received: content instanceof Uint8Array ? `${content.length} bytes` : `${content.length} objects`,
      });
    this.shape = shape as readonly number[];
    this.type = type.code;
    this.isLittleEndian = type.order !== ">";
    this.isFortran = isFortran;
    if (content instanceof Uint8Array) this.bytes = content;
    else this.objects = content;
  }
}

/** What a call of one of NumPy's constructors makes. */
export function reconstruct(where: string, name: string, values: readonly PickledValue[]): NumpyArray | NumpyType {
  if (name === "numpy.dtype") {
    const code = values[0] instanceof Uint8Array ? String.fromCharCode(...values[0]) : values[0];
    if (typeof code === "string" && /^[A-Za-z]\d+$/.test(code)) return new NumpyType(code);
    throw new FormatError({ where, problem: "a dtype is not understood", received: typeof code === "string" ? code : typeof code });
  }
  const array = new NumpyArray();
  if (name.endsWith("._reconstruct")) return array;
  // _frombuffer(bytes, dtype, shape, order); scalar(dtype, bytes).
  const isScalar = name.endsWith(".scalar");
  const [content, type] = isScalar ? [values[1], values[0]] : [values[0], values[1]];
  const shape = isScalar ? [] : values[2];
  if (!(content instanceof Uint8Array) || !(type instanceof NumpyType) || !Array.isArray(shape))
    throw new FormatError({ where, problem: "an array is not understood", received: name });
  array.set(where, shape, type, values[3] === "F", content);
  return array;
}
