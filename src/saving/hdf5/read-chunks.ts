/** Datasets in chunks, and the filters on them (HDF5 File Format Specification, III.A.1 and IV.A.2.l). */
import { inflateBounded } from "../zip/inflate.ts";
import { type FileBytes, noAddress } from "./file-bytes.ts";

/** A filter that chunks went through. */
export interface Filter {
  readonly id: number;
  readonly values: readonly number[];
}

const deflate = 1;
const shuffle = 2;
const fletcher32 = 3;

/** The filters of a dataset, in the order in which they were applied. Throws FormatError for those that are not read. */
export function readFilters(file: FileBytes, at: number): Filter[] {
  const version = file.u8(at);
  const count = file.u8(at + 1);
  let position = at + (version === 1 ? 8 : 2);
  return Array.from({ length: count }, () => {
    const id = file.u16(position);
    const named = version === 1 || id >= 256;
    const nameLength = named ? file.u16(position + 2) : 0;
    const valueCount = file.u16(position + (named ? 6 : 4));
    const start = position + (named ? 8 : 6) + (version === 1 ? (nameLength + 7) & ~7 : nameLength);
    const values = Array.from({ length: valueCount }, (_, i) => file.u32(start + i * 4));
    position = start + valueCount * 4 + (version === 1 && valueCount % 2 === 1 ? 4 : 0);
    if (id !== deflate && id !== shuffle && id !== fletcher32) throw file.unsupported(`the compression filter ${id}`);
    return { id, values };
  });
}

/** How a dataset lies in chunks. */
export interface ChunkLayout {
  readonly tree: number;
  /** Extents of a chunk. */
  readonly chunk: readonly number[];
  readonly shape: readonly number[];
  readonly size: number;
  readonly filters: readonly Filter[];
}

/** The elements of a dataset in chunks, row-major; what no chunk covers is zero. */
export function readChunks(file: FileBytes, layout: ChunkLayout): Uint8Array {
  const { chunk, shape, size, filters } = layout;
  const chunkBytes = chunk.reduce((product, extent) => product * extent, size);
  const total = shape.reduce((product, extent) => product * extent, size);
  // Deflate makes a thousandth at best: what is more than that is no honest file.
  if (total > (file.length + 1024) * 1040 || chunkBytes > (file.length + 1024) * 1040 || chunkBytes <= 0)
    throw file.broken("an array is larger than its chunks can hold", shape.join(" x "));
  const out = new Uint8Array(total);
  if (layout.tree === noAddress) return out;
  const rank = shape.length;
  const keyBytes = 8 + 8 * (rank + 1);
  const seen = new Set<number>();
  const visit = (at: number, depth: number): void => {
    if (seen.has(at) || depth > 32) throw file.broken("an index of chunks goes round in a circle");
    seen.add(at);
    file.expectSignature(at, "TREE");
    if (file.u8(at + 4) !== 1) throw file.broken("an index of chunks is of another kind");
    const level = file.u8(at + 5);
    const entries = file.u16(at + 6);
    for (let i = 0; i < entries; i++) {
      const key = at + 24 + i * (keyBytes + 8);
      const child = file.address(key + keyBytes);
      if (level > 0) {
        visit(child, depth + 1);
        continue;
      }
      const offset = shape.map((_, axis) => file.u64(key + 8 + axis * 8));
      if (offset.some((start, axis) => start >= shape[axis]!)) continue;
      if (seen.has(child)) throw file.broken("a chunk stands twice in the index");
      seen.add(child);
      const stored = file.slice(child, file.u32(key));
      const bytes = unfiltered(file, stored, filters, file.u32(key + 4), chunkBytes, size);
      copyChunk(bytes, chunk, out, shape, offset, size);
    }
  };
  visit(layout.tree, 0);
  return out;
}

function unfiltered(
  file: FileBytes,
  stored: Uint8Array,
  filters: readonly Filter[],
  mask: number,
  chunkBytes: number,
  size: number,
): Uint8Array {
  let bytes = stored;
  for (let i = filters.length - 1; i >= 0; i--) {
    if ((mask & (1 << i)) !== 0) continue;
    const { id } = filters[i]!;
    if (id === fletcher32) bytes = bytes.subarray(0, Math.max(0, bytes.length - 4));
    // zlib's two bytes in front and checksum behind go: the lengths must fit.
    else if (id === deflate) bytes = inflateBounded(file.where, bytes.subarray(2), chunkBytes + 4);
    else bytes = unshuffled(bytes, size);
  }
  if (bytes.length !== chunkBytes) throw file.broken("a chunk has another length than it should", `${bytes.length} of ${chunkBytes}`);
  return bytes;
}

/** Undoes the filter that puts the first bytes of all elements in front, then the second ones, and so on. */
function unshuffled(bytes: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(bytes.length / size);
  const out = bytes.slice();
  for (let byte = 0; byte < size; byte++) for (let i = 0; i < count; i++) out[i * size + byte] = bytes[byte * count + i]!;
  return out;
}

/** Copies the rows of a chunk to their places; what hangs over the edge of the array is left out. */
function copyChunk(
  from: Uint8Array,
  chunk: readonly number[],
  to: Uint8Array,
  shape: readonly number[],
  offset: readonly number[],
  size: number,
): void {
  const copy = (axis: number, source: number, target: number): void => {
    const count = Math.min(chunk[axis]!, shape[axis]! - offset[axis]!);
    if (axis === shape.length - 1) {
      const start = (target + offset[axis]!) * size;
      to.set(from.subarray(source * size, (source + count) * size), start);
      return;
    }
    for (let i = 0; i < count; i++) copy(axis + 1, (source + i) * chunk[axis + 1]!, (target + offset[axis]! + i) * shape[axis + 1]!);
  };
  copy(0, 0, 0);
}
