/** The .npy format: a magic, a version, a Python dictionary as header, the elements. */
import { type DType, dtypes, hostArray } from "../../dtype/index.ts";
import { type ConcreteShape, StringTensor, stridesOf, type Tensor } from "../../graph/index.ts";
import { FormatError } from "../source.ts";
import { countOf, type HostArray, readStored, storedBytes, type StoredType, storedTypes, tensorOf } from "../stored-array.ts";
import { parseHeader } from "./header.ts";

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** NumPy's kind and width of elements. */
const numberTypes: Readonly<Record<string, StoredType>> = {
  b1: "bool",
  u1: "uint8",
  i1: "int8",
  u2: "uint16",
  i2: "int16",
  u4: "uint32",
  i4: "int32",
  u8: "uint64",
  i8: "int64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
};

/**
 * The array of a .npy file, versions 1 to 3, C or Fortran order, either byte order. Integers of
 * 64 and 16 bits int32, unicode (`<U`) and ASCII (`S`) texts a StringTensor. Throws FormatError for broken
 * files and for what is not read: Python objects, complex numbers, dates, records.
 */
export function decodeNpy(bytes: Uint8Array, where = "npy"): Tensor | StringTensor {
  if (bytes.length < 10 || magic.some((byte, at) => bytes[at] !== byte))
    throw new FormatError({ where, problem: "this is no .npy file", expected: "\\x93NUMPY at the beginning" });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6]!;
  if (version < 1 || version > 3 || bytes[7] !== 0)
    throw new FormatError({
      where,
      problem: "the version of the format is unknown",
      expected: "1.0, 2.0 or 3.0",
      received: `${version}.${bytes[7]!}`,
    });
  const wide = version > 1;
  const start = wide ? 12 : 10;
  const length = wide && bytes.length >= 12 ? view.getUint32(8, true) : view.getUint16(8, true);
  if (start + length > bytes.length)
    throw new FormatError({
      where,
      problem: "the header is longer than the file",
      expected: `at most ${Math.max(0, bytes.length - start)} bytes`,
      received: String(length),
    });
  const header = parseHeader(where, new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(bytes.subarray(start, start + length)));
  const count = countOf(header.shape);
  if (count === null) throw new FormatError({ where, problem: "the shape is no shape", received: JSON.stringify(header.shape) });
  const match = /^([<>|=]?)([a-zA-Z])(\d*)$/.exec(header.descr);
  const [, order = "<", kind = "", width = ""] = match ?? [];
  const text = kind === "U" || kind === "S";
  const type = Object.hasOwn(numberTypes, kind + width) ? numberTypes[kind + width] : undefined;
  if (match === null || (type === undefined && !text)) throw unreadable(where, kind, header.descr);
  const elementBytes = type === undefined ? Number(width) * (kind === "U" ? 4 : 1) : storedTypes[type].bytes;
  const data = bytes.subarray(start + length);
  if (!Number.isSafeInteger(count * elementBytes) || data.length !== count * elementBytes || (elementBytes === 0 && count > 2 ** 24)) {
    throw new FormatError({
      where,
      problem: data.length < count * elementBytes ? "the file ends before the elements do" : "bytes follow the last element",
      expected: `${count * elementBytes} bytes for [${header.shape.join(", ")}] of ${header.descr}`,
      received: String(data.length),
    });
  }
  const littleEndian = order !== ">";
  if (type === undefined) {
    const texts = readTexts(where, data, count, kind === "U", Number(width), littleEndian);
    return new StringTensor(header.fortranOrder ? reordered(texts, header.shape) : texts, header.shape);
  }
  const values = readStored(where, data, type, count, { littleEndian });
  if (header.fortranOrder) {
    const out = hostArray(storedTypes[type].dtype, count);
    out.set(reordered(values, header.shape));
    return tensorOf(out, header.shape, storedTypes[type].dtype);
  }
  return tensorOf(values, header.shape, storedTypes[type].dtype);
}

function unreadable(where: string, kind: string, descr: string): FormatError {
  const why: Readonly<Record<string, string>> = {
    O: "the array holds pickled Python objects, which are programs: nothing from a file is executed",
    c: "there is no dtype of complex numbers",
    M: "dates are no numbers of a dtype",
    m: "time differences are no numbers of a dtype",
    V: "records are no numbers of a dtype",
  };
  return new FormatError({
    where,
    problem: why[kind] ?? "the element type is not read",
    expected: "bool, integers, floats of 2, 4 or 8 bytes, unicode or ASCII texts",
    received: descr.slice(0, 80),
    advice: kind === "c" ? "save real and imaginary parts apart (x.real, x.imag)" : "convert the array in NumPy: x.astype(np.float32)",
  });
}

/** Elements in C order, of elements that stand in Fortran order. */
function reordered<T>(values: ArrayLike<T>, shape: ConcreteShape): T[] {
  const columns = stridesOf([...shape].reverse()).reverse();
  const out = new Array<T>(values.length);
  let at = 0;
  const walk = (axis: number, from: number): void => {
    if (axis === shape.length) out[at++] = values[from]!;
    else for (let i = 0; i < shape[axis]!; i++) walk(axis + 1, from + i * columns[axis]!);
  };
  walk(0, 0);
  return out;
}

function readTexts(where: string, data: Uint8Array, count: number, unicode: boolean, width: number, littleEndian: boolean): string[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: count }, (_, i) => {
    const codes: number[] = [];
    for (let k = 0; k < width; k++) codes.push(unicode ? view.getUint32((i * width + k) * 4, littleEndian) : data[i * width + k]!);
    while (codes.at(-1) === 0) codes.pop();
    if (codes.some((code) => code > 0x10ffff))
      throw new FormatError({ where, problem: "a text holds something that is no letter", received: codes.join(" ").slice(0, 80) });
    let text = "";
    for (const code of codes) text += String.fromCodePoint(code);
    return text;
  });
}

const descriptions: Readonly<Record<DType, string>> = {
  float32: "<f4",
  float64: "<f8",
  float16: "<f2",
  // NumPy has no bfloat16: float32 holds its values.
  bfloat16: "<f4",
  int32: "<i4",
  int8: "|i1",
  uint8: "|u1",
  bool: "|b1",
};

/** How an array of numbers stands in a .npy file; `float16` stores floats in two bytes. */
export function encodeNpy(array: HostArray, float16 = false): Uint8Array {
  const isHalf = (float16 && dtypes[array.dtype].kind === "float") || array.dtype === "float16";
  const elements = storedBytes(array.values, array.dtype, isHalf ? "float16" : null);
  return assemble(isHalf ? "<f2" : descriptions[array.dtype], array.shape, elements);
}

/** How an array of texts stands in a .npy file: unicode, as wide as the longest. */
export function encodeTexts(texts: readonly string[], shape: ConcreteShape): Uint8Array {
  const codes = texts.map((text) => [...text].map((letter) => letter.codePointAt(0)!));
  const width = codes.reduce((widest, list) => Math.max(widest, list.length), 1);
  const elements = new Uint8Array(4 * width * texts.length);
  const view = new DataView(elements.buffer);
  codes.forEach((list, i) => list.forEach((code, k) => view.setUint32(4 * (i * width + k), code, true)));
  return assemble(`<U${width}`, shape, elements);
}

function assemble(descr: string, shape: ConcreteShape, elements: Uint8Array): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]!},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // Elements begin at a multiple of 64; the header ends in a line feed.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const out = new Uint8Array(10 + length + elements.length);
  out.set(magic);
  out.set([1, 0, length & 0xff, length >> 8], 6);
  out.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), 10);
  out.set(elements, 10 + length);
  return out;
}
