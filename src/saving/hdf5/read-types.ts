/** Datatypes and extents as files describe them (HDF5 File Format Specification, IV.A.2.b and d). */
import type { FileBytes } from "./file-bytes.ts";
import type { HeaderMessage } from "./object-header.ts";
import { elementBytes, type H5NumericDType } from "./tree.ts";

/** A datatype: numbers, texts of one length, two bytes that mean something to who wrote them, or texts of any length in global heaps. */
export type FileType =
  | { readonly kind: "number"; readonly dtype: H5NumericDType; readonly size: number; readonly swapped: boolean }
  | { readonly kind: "fixed"; readonly size: number }
  | { readonly kind: "opaque"; readonly size: 2 }
  | { readonly kind: "text"; readonly size: 16 };

const classes = ["integers", "numbers", "times", "texts", "bit fields", "opaque data", "compounds", "references", "enumerations", "lists"];

/** The datatype described at `at`. Throws FormatError for those that are not read. */
export function readType(file: FileBytes, at: number): FileType {
  const kind = file.u8(at) & 15;
  const bits = file.u8(at + 1) | (file.u8(at + 2) << 8);
  const size = file.u32(at + 4);
  const swapped = (bits & 1) !== 0;
  const number = (dtype: string): FileType => {
    if (Object.hasOwn(elementBytes, dtype)) return { kind: "number", dtype: dtype as H5NumericDType, size, swapped };
    throw file.unsupported(`${classes[kind] ?? "data"} of ${size} bytes`);
  };
  if (kind === 0) return number(`${(bits & 8) !== 0 ? "int" : "uint"}${size * 8}`);
  if (kind === 1) {
    const exponents: Readonly<Record<number, number>> = { 2: 5, 4: 8, 8: 11 };
    if (file.u8(at + 13) !== exponents[size] || (bits & 0x40) !== 0) throw file.unsupported("a floating-point format of its own");
    return number(`float${size * 8}`);
  }
  if (kind === 3) {
    if (size === 0) throw file.broken("texts have no length");
    return { kind: "fixed", size };
  }
  if (kind === 5 && size === 2) return { kind: "opaque", size };
  if (kind === 8 && size === 1) return number("bool");
  if (kind === 9 && (bits & 15) === 1 && size === 16) return { kind: "text", size };
  throw file.unsupported(classes[kind] ?? "data of an unknown kind");
}

/** The type of a dataset: two opaque bytes are bfloat16 where its attribute says so, as Keras writes it. */
export function datasetType(file: FileBytes, type: FileType, told: () => unknown): FileType {
  if (type.kind !== "opaque") return type;
  if (told() === "bfloat16") return { kind: "number", dtype: "bfloat16", size: 2, swapped: false };
  throw file.unsupported("opaque data");
}

/** Extents; [0] where there is no data. */
export function readShape(file: FileBytes, at: number): number[] {
  const version = file.u8(at);
  if (version !== 1 && version !== 2) throw file.broken("extents of an unknown version");
  const rank = file.u8(at + 1);
  if (rank > 32) throw file.broken("an array has more than 32 axes", String(rank));
  if (version === 2 && file.u8(at + 3) === 2) return [0];
  const start = at + (version === 1 ? 8 : 4);
  return Array.from({ length: rank }, (_, axis) => file.u64(start + axis * 8));
}

/** Number of elements. Throws FormatError where no file could hold them. */
export function elementCount(file: FileBytes, shape: readonly number[]): number {
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (count <= 2 ** 40) return count;
  throw file.broken("an array is larger than any file", shape.join(" x "));
}

/** Where the body of a message stands. Throws FormatError for messages that are shared between objects. */
export function bodyOf(file: FileBytes, message: HeaderMessage): number {
  if ((message.flags & 2) !== 0) throw file.unsupported("shared datatypes");
  return message.at;
}
