/** Products of tensors over any axes: matrix multiplication, batched, of any rank. */
import { hostArray, isFloat } from "../dtype/index.ts";
import { ShapeError } from "../errors.ts";
import {
  applyOne,
  type Attributes,
  type ConcreteShape,
  type Contraction,
  type ContractRole,
  formatShape,
  type GradientContext,
  type NdArray,
  type Primitive,
  type Sample,
  sizeOf,
  stridesOf,
  type Tensor,
  type TensorType,
} from "../graph/index.ts";
import { affine } from "./affine-index.ts";
import { definePrimitive, expectAxes, expectDType, expectSameDType, whereOf } from "./define.ts";
import { filled } from "./filled.ts";
import { transpose } from "./transpose.ts";

/** Which axes pair up: `lhsBatch[i]` with `rhsBatch[i]` (kept), `lhsContract[i]` with `rhsContract[i]` (summed). */
export type DotDimensions = {
  readonly lhsBatch: readonly number[];
  readonly rhsBatch: readonly number[];
  readonly lhsContract: readonly number[];
  readonly rhsContract: readonly number[];
};

const NAME = "dotGeneral";

/** Axes in neither list, ascending. */
function freeAxes(rank: number, ...used: (readonly number[])[]): number[] {
  const taken = new Set(used.flat());
  return Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !taken.has(axis));
}

/** `0, 1, ..., count - 1` plus `from`. */
function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

function checkAxes(side: string, shape: ConcreteShape, batch: readonly number[], contract: readonly number[]): void {
  expectAxes(`${NAME} (${side})`, [...batch, ...contract], shape.length);
}

function infer([lhs, rhs]: readonly TensorType[], attributes: Attributes): TensorType[] {
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = attributes as DotDimensions;
  expectSameDType(NAME, [lhs!, rhs!]);
  expectDType(NAME, lhs!, "number", "an operand");
  const left = lhs!.shape;
  const right = rhs!.shape;
  checkAxes("left operand", left, lhsBatch, lhsContract);
  checkAxes("right operand", right, rhsBatch, rhsContract);
  const same = (a: readonly number[], b: readonly number[]): boolean =>
    a.length === b.length && a.every((axis, i) => left[axis] === right[b[i]!]);
  if (!same(lhsBatch, rhsBatch) || !same(lhsContract, rhsContract)) {
    const extents = (shape: ConcreteShape, axes: readonly number[]): string => formatShape(axes.map((axis) => shape[axis]!));
    const batchFits = same(lhsBatch, rhsBatch);
    throw new ShapeError({
      where: whereOf(NAME),
      problem: `the ${batchFits ? "contracted" : "batch"} extents of ${formatShape(left)} and ${formatShape(right)} differ`,
      expected: batchFits
        ? `${extents(left, lhsContract)} (axes [${lhsContract.join(", ")}] of the left operand)`
        : `${extents(left, lhsBatch)} (axes [${lhsBatch.join(", ")}] of the left operand)`,
      received: batchFits
        ? `${extents(right, rhsContract)} (axes [${rhsContract.join(", ")}] of the right operand)`
        : `${extents(right, rhsBatch)} (axes [${rhsBatch.join(", ")}] of the right operand)`,
      advice: "a matrix product needs as many columns on the left as rows on the right",
    });
  }
  const pick = (shape: ConcreteShape, axes: readonly number[]): number[] => axes.map((axis) => shape[axis]!);
  return [
    {
      dtype: lhs!.dtype,
      shape: [
        ...pick(left, lhsBatch),
        ...pick(left, freeAxes(left.length, lhsBatch, lhsContract)),
        ...pick(right, freeAxes(right.length, rhsBatch, rhsContract)),
      ],
    },
  ];
}

/** The elements of `array` with its axes in the order `axes`. */
function permuted(array: NdArray, axes: readonly number[]): Float64Array {
  const strides = stridesOf(array.shape);
  const out = new Float64Array(sizeOf(array.shape));
  let position = 0;
  const walk = (depth: number, offset: number): void => {
    if (depth === axes.length) {
      out[position++] = array.data[offset]!;
      return;
    }
    const axis = axes[depth]!;
    for (let i = 0, at = offset; i < array.shape[axis]!; i++, at += strides[axis]!) walk(depth + 1, at);
  };
  walk(0, 0);
  return out;
}

function reference([lhs, rhs]: readonly NdArray[], attributes: Attributes, [type]: readonly TensorType[]): NdArray[] {
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = attributes as DotDimensions;
  const lhsFree = freeAxes(lhs!.shape.length, lhsBatch, lhsContract);
  const rhsFree = freeAxes(rhs!.shape.length, rhsBatch, rhsContract);
  const extent = (shape: ConcreteShape, axes: readonly number[]): number => axes.reduce((product, axis) => product * shape[axis]!, 1);
  const batches = extent(lhs!.shape, lhsBatch);
  const rows = extent(lhs!.shape, lhsFree);
  const columns = extent(rhs!.shape, rhsFree);
  const depth = extent(lhs!.shape, lhsContract);
  const left = permuted(lhs!, [...lhsBatch, ...lhsFree, ...lhsContract]);
  const right = permuted(rhs!, [...rhsBatch, ...rhsContract, ...rhsFree]);
  const data = hostArray(type!.dtype, batches * rows * columns);
  const exact = isFloat(type!.dtype);
  const sums = new Float64Array(columns);
  for (let batch = 0; batch < batches; batch++) {
    for (let row = 0; row < rows; row++) {
      sums.fill(0);
      for (let k = 0; k < depth; k++) {
        const x = left[(batch * rows + row) * depth + k]!;
        const base = (batch * depth + k) * columns;
        if (exact) for (let column = 0; column < columns; column++) sums[column]! += x * right[base + column]!;
        // Integers wrap.
        else for (let column = 0; column < columns; column++) sums[column] = (sums[column]! + Math.imul(x, right[base + column]!)) | 0;
      }
      data.set(sums, (batch * rows + row) * columns);
    }
  }
  return [{ shape: type!.shape, dtype: type!.dtype, data }];
}

/** The contraction of a dotGeneral: one axis for each batch, m (lhs free), n (rhs free) and k (contracted) axis, in this order. */
function contraction([lhs, rhs]: readonly TensorType[], attributes: Attributes): Contraction {
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = attributes as DotDimensions;
  const lhsFree = freeAxes(lhs!.shape.length, lhsBatch, lhsContract);
  const rhsFree = freeAxes(rhs!.shape.length, rhsBatch, rhsContract);
  const axes: { extent: number; role: ContractRole; name: string }[] = [];
  const lhsAt = new Map<number, number>();
  const rhsAt = new Map<number, number>();
  lhsBatch.forEach((axis, i) => {
    lhsAt.set(axis, axes.length);
    rhsAt.set(rhsBatch[i]!, axes.length);
    axes.push({ extent: lhs!.shape[axis]!, role: "batch", name: `batch${i}` });
  });
  lhsFree.forEach((axis, i) => {
    lhsAt.set(axis, axes.length);
    axes.push({ extent: lhs!.shape[axis]!, role: "m", name: `row${i}` });
  });
  rhsFree.forEach((axis, i) => {
    rhsAt.set(axis, axes.length);
    axes.push({ extent: rhs!.shape[axis]!, role: "n", name: `column${i}` });
  });
  const kept = axes.length;
  // Contracted axes in the order in which they stand in the right operand: its rows are walked as they lie in memory.
  const order = rhsContract.map((_, i) => i).sort((a, b) => rhsContract[a]! - rhsContract[b]!);
  order.forEach((i) => {
    lhsAt.set(lhsContract[i]!, axes.length);
    rhsAt.set(rhsContract[i]!, axes.length);
    axes.push({ extent: lhs!.shape[lhsContract[i]!]!, role: "k", name: `inner${i}` });
  });
  return {
    axes,
    lhs: lhs!.shape.map((_, axis) => affine(axes.length, [[lhsAt.get(axis)!, 1]])),
    rhs: rhs!.shape.map((_, axis) => affine(axes.length, [[rhsAt.get(axis)!, 1]])),
    out: range(0, kept),
  };
}

/** `x` with axis `order[i]` of the result's layout standing at position i of x; nothing where that is the identity. */
function restore(x: Tensor, order: readonly number[]): Tensor {
  if (order.every((axis, i) => axis === i)) return x;
  const permutation = new Array<number>(order.length);
  order.forEach((axis, i) => (permutation[axis] = i));
  return transpose(x, permutation);
}

function gradient({ inputs, attributes, cotangents, needed }: GradientContext): (Tensor | null)[] {
  const [lhs, rhs] = inputs;
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = attributes as DotDimensions;
  const cotangent = cotangents[0]!;
  const lhsFree = freeAxes(lhs!.rank, lhsBatch, lhsContract);
  const rhsFree = freeAxes(rhs!.rank, rhsBatch, rhsContract);
  const batches = range(0, lhsBatch.length);
  const rows = range(lhsBatch.length, lhsFree.length);
  const columns = range(lhsBatch.length + lhsFree.length, rhsFree.length);
  let dLhs: Tensor | null = null;
  let dRhs: Tensor | null = null;
  if (needed[0]!) {
    // [batch, rows, columns] x rhs -> [batch, rows, contracted axes as they stand in rhs].
    const product = dotGeneral(cotangent, rhs!, { lhsBatch: batches, rhsBatch, lhsContract: columns, rhsContract: rhsFree });
    const contracted = rhsContract.map((_, i) => i).sort((a, b) => rhsContract[a]! - rhsContract[b]!);
    dLhs = restore(product, [...lhsBatch, ...lhsFree, ...contracted.map((i) => lhsContract[i]!)]);
  }
  if (needed[1]!) {
    // lhs x [batch, rows, columns] -> [batch, contracted axes as they stand in lhs, columns].
    const product = dotGeneral(lhs!, cotangent, { lhsBatch, rhsBatch: batches, lhsContract: lhsFree, rhsContract: rows });
    const contracted = lhsContract.map((_, i) => i).sort((a, b) => lhsContract[a]! - lhsContract[b]!);
    dRhs = restore(product, [...rhsBatch, ...contracted.map((i) => rhsContract[i]!), ...rhsFree]);
  }
  return [dLhs, dRhs];
}

function samples(): Sample[] {
  const matrix: DotDimensions = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
  return [
    { inputs: [filled([3, 4], 1), filled([4, 5], 2)], attributes: matrix },
    { inputs: [filled([4, 3], 1), filled([5, 4], 2)], attributes: { ...matrix, lhsContract: [0], rhsContract: [1] } },
    {
      inputs: [filled([2, 3, 4], 3), filled([2, 4, 2], 4)],
      attributes: { lhsBatch: [0], rhsBatch: [0], lhsContract: [2], rhsContract: [1] },
    },
    {
      inputs: [filled([2, 3, 4, 2], 5), filled([4, 3, 2, 3], 6)],
      attributes: { lhsBatch: [3], rhsBatch: [2], lhsContract: [2, 1], rhsContract: [0, 1] },
    },
    { inputs: [filled([3], 7), filled([3], 8)], attributes: { ...matrix, lhsContract: [0] } },
    { inputs: [filled([2], 9), filled([3], 10)], attributes: { ...matrix, lhsContract: [], rhsContract: [] } },
    { inputs: [filled([2, 0], 1), filled([0, 3], 1)], attributes: matrix },
  ];
}

/** `out[b, i, j] = sum over k of lhs[b, i, k] * rhs[b, k, j]` over any axes (StableHLO `dot_general`). */
export const dotGeneralPrimitive: Primitive = definePrimitive({
  name: NAME,
  infer,
  gradient,
  reference,
  lowering: { kind: "contract", contraction: (inputs, _output, attributes) => contraction(inputs, attributes) },
  samples,
});

/**
 * Product of two tensors: axes `lhsBatch[i]` and `rhsBatch[i]` pair up, `lhsContract[i]` and `rhsContract[i]` are summed
 * over. Integers wrap.
 *
 * Shapes: lhs [batch, rows, inner] x rhs [batch, inner, columns], in any order of axes -> [batch..., rows..., columns...].
 * Throws ShapeError where paired extents differ, DTypeError where dtypes differ or are bool.
 * Source: StableHLO specification, dot_general.
 */
export function dotGeneral(lhs: Tensor, rhs: Tensor, dimensions: DotDimensions): Tensor {
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = dimensions;
  return applyOne(dotGeneralPrimitive, [lhs, rhs], { lhsBatch, rhsBatch, lhsContract, rhsContract });
}
