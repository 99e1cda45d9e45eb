/** A block written at a computed start. */
import { applyOne, concreteShape, type Primitive, stridesOf, type Tensor } from "../graph/index.ts";
import { definePrimitive, emptyNd, expectSameDType, nd } from "./define.ts";
import { blockOrigin, blockPlan, dynamicSlice, expectBlock } from "./dynamic-slice.ts";
import { filled } from "./filled.ts";
import { zerosLike } from "./full.ts";
import { eachIndex, positionOf } from "./indices.ts";

const NAME = "dynamicUpdateSlice";

/** x with the block at `starts` replaced (StableHLO `dynamic_update_slice`). Inputs: x, starts, update. */
export const dynamicUpdateSlicePrimitive: Primitive = definePrimitive({
  name: NAME,
  infer: ([x, starts, update]) => {
    expectSameDType(NAME, [x!, update!]);
    expectBlock(NAME, x!.shape, starts!, update!.shape);
    return [x!];
  },
  gradient: ({ inputs, cotangents, needed }) => {
    const [, starts, update] = inputs;
    return [
      needed[0]! ? dynamicUpdateSlice(cotangents[0]!, zerosLike(update!), starts!) : null,
      null,
      needed[2]! ? dynamicSlice(cotangents[0]!, starts!, concreteShape(update!)) : null,
    ];
  },
  reference: ([x, starts, update], _attributes, [type]) => {
    const out = emptyNd(type!);
    out.data.set(x!.data);
    const strides = stridesOf(x!.shape);
    const origin = blockOrigin(x!.shape, starts!, update!.shape);
    eachIndex(update!.shape, (index, position) => {
      out.data[origin + positionOf(index, strides)] = update!.data[position]!;
    });
    return [out];
  },
  lowering: { kind: "scatter", mode: "set", scatter: ([x, , update]) => blockPlan(x!.shape, update!.shape) },
  samples: () => [
    { inputs: [filled([4, 5], 1), nd([1, 2], [2], "int32"), filled([2, 3], 2)] },
    { inputs: [filled([4, 5], 3), nd([3, -2], [2], "int32"), filled([2, 3], 4)] },
    { inputs: [filled([3, 2, 2], 5), nd([1, 0, 0], [3], "int32"), filled([1, 2, 2], 6)] },
    { inputs: [nd([1, 2, 3, 4], [4], "int32"), nd([9], [1], "int32"), nd([7, 8], [2], "int32")] },
  ],
});

/**
 * x with the block at `starts` replaced by `update`; starts are clamped to [0, extent - size] so that it lies inside.
 * Shapes: x [n...], update [m...], starts int32 [rank] -> x's. Throws ShapeError where the update is larger than x.
 */
export function dynamicUpdateSlice(x: Tensor, update: Tensor, starts: Tensor): Tensor {
  return applyOne(dynamicUpdateSlicePrimitive, [x, starts, update]);
}
