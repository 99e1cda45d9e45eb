/** Datatypes of HDF5 files as bytes (HDF5 File Format Specification, IV.A.2.d), version 1 as h5py writes them. */
import type { H5NumericDType } from "./tree.ts";

/** A fixed-point type: signed or not, of a size in bytes. */
function integer(size: number, signed: boolean): number[] {
  return [0x10, signed ? 0x08 : 0, 0, 0, size, 0, 0, 0, 0, 0, size * 8, 0];
}

/** A floating-point type: where its exponent and mantissa lie in bits, and the bias of the exponent. */
function float(size: number, exponentAt: number, exponentBits: number, mantissaBits: number, bias: number): number[] {
  const properties = [0, 0, size * 8, 0, exponentAt, exponentBits, 0, mantissaBits, bias & 255, bias >> 8, 0, 0];
  return [0x11, 0x20, size * 8 - 1, 0, size, 0, 0, 0, ...properties];
}

/** Datatype messages of numbers. */
export const numericTypes: Readonly<Record<H5NumericDType, readonly number[]>> = {
  float16: float(2, 10, 5, 10, 15),
  // Opaque data without a tag.
  bfloat16: [0x15, 0, 0, 0, 2, 0, 0, 0],
  float32: float(4, 23, 8, 23, 127),
  float64: float(8, 52, 11, 52, 1023),
  int8: integer(1, true),
  int16: integer(2, true),
  int32: integer(4, true),
  int64: integer(8, true),
  uint8: integer(1, false),
  uint16: integer(2, false),
  uint32: integer(4, false),
  uint64: integer(8, false),
  // An enumeration { FALSE: 0, TRUE: 1 } of one byte.
  bool: [0x18, 2, 0, 0, 1, 0, 0, 0, ...integer(1, true), ...ascii("FALSE", 8), ...ascii("TRUE", 8), 0, 1],
};

/** Texts of any length, kept in the global heap; one text is marked as UTF-8, a list as ASCII, as h5py does for Keras. */
export function textType(single: boolean): number[] {
  return [0x19, 1, single ? 1 : 0, 0, 16, 0, 0, 0, ...integer(1, false)];
}

/** Texts of one length, filled with zeros. */
export function fixedTextType(bytes: number): number[] {
  return [0x13, 1, 0, 0, bytes & 255, bytes >> 8, 0, 0];
}

function ascii(text: string, length: number): number[] {
  return Array.from({ length }, (_, i) => (i < text.length ? text.charCodeAt(i) : 0));
}
