/** IDX files: the format of MNIST. */
import { type DType, hostArray } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { dataTensor, sizeOf, type Tensor } from "../graph/index.ts";

/** What the type byte of an IDX header means, as far as tensors have it. */
const types: Readonly<Record<number, { readonly dtype: DType; readonly bytes: number; read(view: DataView, offset: number): number }>> = {
  0x08: { dtype: "uint8", bytes: 1, read: (view, offset) => view.getUint8(offset) },
  0x0c: { dtype: "int32", bytes: 4, read: (view, offset) => view.getInt32(offset) },
  0x0d: { dtype: "float32", bytes: 4, read: (view, offset) => view.getFloat32(offset) },
  0x0e: { dtype: "float64", bytes: 8, read: (view, offset) => view.getFloat64(offset) },
};

/**
 * The array of an IDX file (not compressed): two zero bytes, type, number of axes, extents (big-endian int32), elements
 * in row-major order. Y. LeCun, C. Cortes, C. Burges, "The MNIST database", "file formats". Throws ValueError, naming
 * `file`, where header and length do not fit.
 */
export function readIdx(file: string, bytes: Uint8Array): Tensor {
  const broken = (expected: string, received: string): ValueError =>
    new ValueError({
      where: file,
      problem: "this is no IDX file, or it is cut off",
      expected,
      received,
      advice: "download the file again",
    });
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0)
    throw broken("two zero bytes at the start", [...bytes.subarray(0, 4)].join(" ") || "an empty file");
  const type = types[bytes[2]!];
  if (type === undefined) throw broken("type 0x08, 0x0c, 0x0d or 0x0e", `0x${bytes[2]!.toString(16)}`);
  const rank = bytes[3]!;
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw broken(`${start} bytes of header`, `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getInt32(4 + 4 * axis));
  const size = sizeOf(shape);
  if (bytes.length !== start + size * type.bytes)
    throw broken(`${start + size * type.bytes} bytes for the extents ${shape.join(" x ")}`, `${bytes.length} bytes`);
  const values = hostArray(type.dtype, size);
  if (type.bytes === 1) values.set(bytes.subarray(start));
  else for (let i = 0; i < size; i++) values[i] = type.read(view, start + i * type.bytes);
  return dataTensor(values, shape, type.dtype);
}
