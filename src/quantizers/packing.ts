/** Several small numbers in one byte. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { type ByteType, integersOf, signed } from "./integers.ts";

/** Options of packing and unpacking. */
export interface PackingOptions {
  /** The axis whose neighbours share a byte. Default 0. */
  readonly axis?: number;
  /** "int8" (default): signed numbers and bytes; "uint8": unsigned ones. */
  readonly dtype?: ByteType;
}

/** The packed their shape, and how long the axis was. */
export type Packed = readonly [packed: Tensor, shape: readonly number[], originalLength: number];

function optionsOf(where: string, options: PackingOptions): Required<PackingOptions> {
  checkOptions(where, options, ["axis", "dtype"]);
  const { axis = 0, dtype = "int8" } = options;
  if (dtype !== "int8" && dtype !== "uint8")
    throw new ValueError({ where, problem: "bytes have no such dtype", expected: '"int8" or "uint8"', received: JSON.stringify(dtype) });
  return { axis, dtype };
}

/** `[length, ...]` as `[count of groups, size, ...]`, zeros at the end. */
function grouped(x: Tensor, size: number): Tensor {
  const length = x.dim(0);
  const groups = Math.ceil(length / size);
  const missing = groups * size - length;
  const rest = x.shape.slice(1) as number[];
  const filled = missing === 0 ? x : ops.concatenate([x, ops.zeros([missing, ...rest], { dtype: x.dtype })], { axis: 0 });
  return ops.reshape(filled, [groups, size, ...rest]);
}

/** The sum over a group of `f(member, position)`. */
function combined(groups: Tensor, size: number, f: (member: Tensor, position: number) => Tensor): Tensor {
  const members = Array.from({ length: size }, (_, i) => f(ops.take(groups, i, { axis: 1 }), i));
  return members.reduce((sum, member) => ops.add(sum, member));
}

/** The inverse of `grouped`: members stacked behind each other, `length` of them. */
function ungrouped(members: readonly Tensor[], length: number): Tensor {
  const stacked = ops.stack(members, { axis: 1 });
  const [groups, size, ...rest] = stacked.shape as [number, number, ...number[]];
  const flat = ops.reshape(stacked, [groups * size, ...rest]);
  return ops.slice(
    flat,
    flat.shape.map(() => 0),
    [length, ...rest],
  );
}

function packFields(where: string, x: TensorLike, bits: number, options: PackingOptions): Packed {
  const { axis, dtype } = optionsOf(where, options);
  const first = ops.moveaxis(integersOf(where, x), axis, 0);
  const size = 8 / bits;
  const mask = (1 << bits) - 1;
  const sum = combined(grouped(first, size), size, (member, i) => ops.bitwiseLeftShift(ops.bitwiseAnd(member, mask), i * bits));
  const packed = ops.moveaxis(ops.cast(sum, dtype), 0, axis);
  return [packed, packed.shape as number[], first.dim(0)];
}

function unpackFields(where: string, packed: TensorLike, length: number, bits: number, options: PackingOptions): Tensor {
  const { axis, dtype } = optionsOf(where, options);
  const first = ops.moveaxis(integersOf(where, packed), axis, 0);
  const members = Array.from({ length: 8 / bits }, (_, i) => {
    const field = ops.bitwiseAnd(ops.bitwiseRightShift(first, i * bits), (1 << bits) - 1);
    return ops.cast(dtype === "int8" ? signed(field, bits) : field, dtype);
  });
  return ops.moveaxis(ungrouped(members, checkedLength(where, length, first.dim(0), 8 / bits)), 0, axis);
}

function checkedLength(where: string, length: number, bytesAlong: number, size: number): number {
  if (Number.isInteger(length) && length > (bytesAlong - 1) * size && length <= bytesAlong * size) return length;
  throw new ValueError({
    where,
    problem: "the length does not fit the packed axis",
    expected: `${(bytesAlong - 1) * size + 1} to ${bytesAlong * size}: ${size} numbers a byte`,
    received: String(length),
    advice: "pass the third value that packing gave",
  });
}

/**
 * Two whole numbers from -8 to 7 in each byte: the first in the low four bits. Shapes: `[..., n, ...] -> [..., ceil(n / 2), ...]`
 * along `axis`.
 *
 * @example
 * const [packed, shape, length] = quantizers.packInt4([[-3, 7], [2, -8], [1, 0]]);
 * quantizers.unpackInt4(packed, length);
 */
export function packInt4(arr: TensorLike, options: PackingOptions = {}): Packed {
  return packFields("quantizers.packInt4", arr, 4, options);
}

/** The numbers that `packInt4` packed; `origLen`: how many there were along the axis. */
export function unpackInt4(packed: TensorLike, origLen: number, options: PackingOptions = {}): Tensor {
  return unpackFields("quantizers.unpackInt4", packed, origLen, 4, options);
}

/** Four whole numbers from -2 to 1 in each byte, the first in the lowest two bits. */
export function packInt2(arr: TensorLike, options: PackingOptions = {}): Packed {
  return packFields("quantizers.packInt2", arr, 2, options);
}

/** The numbers that `packInt2` packed. */
export function unpackInt2(packed: TensorLike, origLen: number, options: PackingOptions = {}): Tensor {
  return unpackFields("quantizers.unpackInt2", packed, origLen, 2, options);
}

/** Five numbers of -1, 0 and 1 (others are rounded and cut off) in each byte, as digits to the base 3, the first the lowest. */
export function packTernary(arr: TensorLike, options: Pick<PackingOptions, "axis"> = {}): Packed {
  const where = "quantizers.packTernary";
  checkOptions(where, options, ["axis"]);
  const { axis = 0 } = options;
  const digits = ops.clip(ops.round(ops.cast(ops.convertToTensor(arr), "float32")), -1, 1);
  const first = ops.moveaxis(ops.cast(digits, "int32"), axis, 0);
  // What is filled up is 0, the digit 1.
  const sum = combined(grouped(first, 5), 5, (member, i) => ops.multiply(ops.add(member, 1), 3 ** i));
  const packed = ops.moveaxis(ops.cast(sum, "uint8"), 0, axis);
  return [packed, packed.shape as number[], first.dim(0)];
}

/** The numbers that `packTernary` packed, int8. */
export function unpackTernary(packed: TensorLike, origLen: number, options: Pick<PackingOptions, "axis"> = {}): Tensor {
  const where = "quantizers.unpackTernary";
  checkOptions(where, options, ["axis"]);
  const { axis = 0 } = options;
  // Bytes that were taken as signed are negative from 128 on.
  const codes = ops.bitwiseAnd(ops.moveaxis(integersOf(where, packed), axis, 0), 255);
  const digits = Array.from({ length: 5 }, (_, i) => ops.subtract(ops.mod(ops.floorDivide(codes, 3 ** i), 3), 1));
  return ops.cast(ops.moveaxis(ungrouped(digits, checkedLength(where, origLen, codes.dim(0), 5)), 0, axis), "int8");
}
