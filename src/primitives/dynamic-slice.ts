/** A slice whose start is computed. */
import { ShapeError } from "../errors.ts";
import {
  applyOne,
  type Attributes,
  type ConcreteShape,
  formatShape,
  type GatherPlan,
  type NdArray,
  type Primitive,
  stridesOf,
  type Tensor,
  type TensorType,
} from "../graph/index.ts";
import { affine } from "./affine-index.ts";
import { definePrimitive, emptyNd, expectExactDType, nd, numbers, whereOf } from "./define.ts";
import { dynamicUpdateSlice } from "./dynamic-update-slice.ts";
import { expectOperandShape } from "./expect-operand-shape.ts";
import { filled } from "./filled.ts";
import { zerosLike } from "./full.ts";
import { eachIndex, positionOf } from "./indices.ts";

const NAME = "dynamicSlice";

/** Throws unless `starts` is int32 [rank] and a block of `sizes` fits into an array of `shape`. */
export function expectBlock(name: string, shape: ConcreteShape, starts: TensorType, sizes: ConcreteShape): void {
  expectExactDType(name, starts, "int32", "the array of starts");
  expectOperandShape(name, "the array of starts", starts.shape, [shape.length]);
  if (sizes.length === shape.length && sizes.every((size, axis) => Number.isInteger(size) && size >= 0 && size <= shape[axis]!)) return;
  throw new ShapeError({
    where: whereOf(name),
    problem: "the block is larger than the array",
    expected: `at most ${formatShape(shape)}`,
    received: formatShape(sizes),
    advice: "give one size per axis, none beyond the array's extent",
  });
}

/** Index form of a block at computed starts, over the axes of the block. */
export function blockPlan(shape: ConcreteShape, sizes: ConcreteShape): GatherPlan {
  const rank = shape.length;
  return {
    base: shape.map((_, axis) => affine(rank, [[axis, 1]])),
    dynamic: shape.map((extent, axis) => ({ axis, indexAt: [affine(rank, [], axis)], limit: extent - sizes[axis]! + 1 })),
    mode: "clamp",
  };
}

/** Flat position in an array of `shape` at which a block of `sizes` begins: starts are moved so that the block lies inside. */
export function blockOrigin(shape: ConcreteShape, starts: NdArray, sizes: ConcreteShape): number {
  const clamped = sizes.map((size, axis) => Math.max(0, Math.min(starts.data[axis]!, shape[axis]! - size)));
  return positionOf(clamped, stridesOf(shape));
}

function sizesOf(attributes: Attributes): ConcreteShape {
  return numbers(attributes, "sizes");
}

/** The block of `sizes` at `starts` (StableHLO `dynamic_slice`: starts are clamped so that it lies inside). Attribute: `sizes`. */
export const dynamicSlicePrimitive: Primitive = definePrimitive({
  name: NAME,
  infer: ([x, starts], attributes) => {
    expectBlock(NAME, x!.shape, starts!, sizesOf(attributes));
    return [{ dtype: x!.dtype, shape: sizesOf(attributes) }];
  },
  gradient: ({ inputs, cotangents }) => [dynamicUpdateSlice(zerosLike(inputs[0]!), cotangents[0]!, inputs[1]!), null],
  reference: ([x, starts], _attributes, [type]) => {
    const out = emptyNd(type!);
    const strides = stridesOf(x!.shape);
    const origin = blockOrigin(x!.shape, starts!, type!.shape);
    eachIndex(type!.shape, (index, position) => {
      out.data[position] = x!.data[origin + positionOf(index, strides)]!;
    });
    return [out];
  },
  lowering: { kind: "gather", gather: ([x], output) => blockPlan(x!.shape, output.shape) },
  samples: () => [
    { inputs: [filled([4, 5], 1), nd([1, 2], [2], "int32")], attributes: { sizes: [2, 3] } },
    { inputs: [filled([4, 5], 2), nd([3, -2], [2], "int32")], attributes: { sizes: [2, 3] } },
    { inputs: [filled([3, 2, 2], 3), nd([1, 0, 0], [3], "int32")], attributes: { sizes: [1, 2, 2] } },
    { inputs: [filled([], 4), nd([], [0], "int32")], attributes: { sizes: [] } },
    { inputs: [nd([1, 2, 3, 4], [4], "int32"), nd([9], [1], "int32")], attributes: { sizes: [2] } },
  ],
});

/**
 * The block of x of `sizes` that begins at `starts`; starts are clamped to [0, extent - size] so that it lies inside.
 * Shapes: x [n...], starts int32 [rank] -> sizes. Throws ShapeError where the block is larger than x.
 */
export function dynamicSlice(x: Tensor, starts: Tensor, sizes: ConcreteShape): Tensor {
  return applyOne(dynamicSlicePrimitive, [x, starts], { sizes });
}
