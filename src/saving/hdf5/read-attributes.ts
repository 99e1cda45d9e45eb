/** Attributes (HDF5 File Format Specification, IV.A.2.m) and the global heaps of their texts (III.E). */
import { type FileBytes, noAddress } from "./file-bytes.ts";
import { elementCount, type FileType, readShape, readType } from "./read-types.ts";
import type { HeaderMessage } from "./object-header.ts";
import type { H5Array } from "./tree.ts";
import { inOrder } from "./byte-order.ts";

/** The value of an attribute. */
export type AttributeValue = string | string[] | H5Array;

/** Name of the attribute that a message holds. */
export function attributeName(file: FileBytes, { at }: HeaderMessage): string {
  const version = file.u8(at);
  if (version < 1 || version > 3) throw file.broken("an attribute of an unknown version", String(version));
  return file.text(at + (version === 3 ? 9 : 8), file.u16(at + 2));
}

/** Value of the attribute that a message holds. */
export function attributeValue(file: FileBytes, { at, size }: HeaderMessage): AttributeValue {
  const version = file.u8(at);
  const lengths = [file.u16(at + 2), file.u16(at + 4), file.u16(at + 6)];
  if (version > 1 && (file.u8(at + 1) & 1) !== 0) throw file.unsupported("shared datatypes");
  const padded = version === 1 ? lengths.map((length) => (length + 7) & ~7) : lengths;
  const typeAt = at + (version === 3 ? 9 : 8) + padded[0]!;
  const spaceAt = typeAt + padded[1]!;
  const dataAt = spaceAt + padded[2]!;
  const type = readType(file, typeAt);
  const shape = readShape(file, spaceAt);
  const count = elementCount(file, shape);
  if (dataAt + count * type.size > at + size) throw file.broken("the value of an attribute is longer than the attribute");
  if (type.kind === "number") return { dtype: type.dtype, shape, bytes: inOrder(file.slice(dataAt, count * type.size), type) };
  if (type.kind === "opaque") throw file.unsupported("opaque data");
  const texts = readTexts(file, type, dataAt, count);
  return shape.length === 0 ? texts[0]! : texts;
}

/** Texts at an address. */
export function readTexts(file: FileBytes, type: FileType, at: number, count: number): string[] {
  file.check(at, count * type.size);
  const decoder = new TextDecoder();
  if (type.kind === "fixed") {
    return Array.from({ length: count }, (_, i) => {
      const bytes = file.slice(at + i * type.size, type.size);
      const end = bytes.indexOf(0);
      return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
    });
  }
  // Many texts may point at one large object: all together are no longer than the file.
  let total = 0;
  const heaps = new Map<number, Map<number, { at: number; size: number }>>();
  return Array.from({ length: count }, (_, i) => {
    const length = file.u32(at + i * 16);
    const heap = file.address(at + i * 16 + 4);
    if (length === 0 || heap === noAddress || heap === 0) return "";
    let objects = heaps.get(heap);
    if (objects === undefined) heaps.set(heap, (objects = heapObjects(file, heap)));
    const object = objects.get(file.u32(at + i * 16 + 12));
    if (object === undefined || length > object.size) throw file.broken("a text is missing in its heap");
    total += length;
    if (total > file.length) throw file.broken("its texts are longer than itself");
    return decoder.decode(file.slice(object.at, length));
  });
}

function heapObjects(file: FileBytes, at: number): Map<number, { at: number; size: number }> {
  file.expectSignature(at, "GCOL");
  const size = file.u64(at + 8);
  file.check(at, size);
  const objects = new Map<number, { at: number; size: number }>();
  const end = at + size;
  let position = at + 16;
  while (position + 16 <= end) {
    const number = file.u16(position);
    const length = file.u64(position + 8);
    if (number === 0) break;
    if (position + 16 + length > end) throw file.broken("an object is longer than its heap");
    objects.set(number, { at: position + 16, size: length });
    position += 16 + Math.ceil(length / 8) * 8;
  }
  return objects;
}
