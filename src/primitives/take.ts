/** Slices selected by index: embedding lookups. */
import { applyOne, type ConcreteShape, type GatherPlan, type Primitive, sizeOf, type Tensor } from "../graph/index.ts";
import { affine } from "./affine-index.ts";
import { definePrimitive, emptyNd, expectAxes, nd } from "./define.ts";
import { filled } from "./filled.ts";
import { zerosLike } from "./full.ts";
import { expectIndexable, expectIndices, type IndexMode, modeOf, resolveIndex } from "./resolve-index.ts";
import { takeScatterAdd } from "./take-scatter-add.ts";

const NAME = "take";

/** Shape of the slices of an array of `shape` that indices of `indices` select along `axis`. */
export function takenShape(shape: ConcreteShape, indices: ConcreteShape, axis: number): number[] {
  return [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)];
}

/** Index form of `take` over the axes of the taken slices (the output of take, the updates of its transpose). */
export function takePlan(rank: number, indexRank: number, axis: number, mode: IndexMode): GatherPlan {
  const space = rank - 1 + indexRank;
  const base = Array.from({ length: rank }, (_, i) => affine(space, i === axis ? [] : [[i < axis ? i : i - 1 + indexRank, 1]]));
  const indexAt = Array.from({ length: indexRank }, (_, i) => affine(space, [[axis + i, 1]]));
  return { base, dynamic: [{ axis, indexAt }], mode };
}

/** `out[a..., i..., b...] = x[a..., indices[i...], b...]`. Attributes: `axis`, `mode`. */
export const takePrimitive: Primitive = definePrimitive({
  name: NAME,
  infer: ([x, indices], attributes) => {
    const axis = attributes.axis as number;
    expectAxes(NAME, [axis], x!.shape.length);
    expectIndices(NAME, indices!, attributes);
    expectIndexable(NAME, x!, axis, indices!);
    return [{ dtype: x!.dtype, shape: takenShape(x!.shape, indices!.shape, axis) }];
  },
  gradient: ({ inputs, attributes, cotangents }) => [
    takeScatterAdd(zerosLike(inputs[0]!), inputs[1]!, cotangents[0]!, attributes.axis as number, modeOf(attributes)),
    null,
  ],
  reference: ([x, indices], attributes, [type]) => {
    const axis = attributes.axis as number;
    const out = emptyNd(type!);
    const extent = x!.shape[axis]!;
    const inner = sizeOf(x!.shape.slice(axis + 1));
    const outer = sizeOf(x!.shape.slice(0, axis));
    const count = indices!.data.length;
    for (let i = 0; i < count; i++) {
      const at = resolveIndex(NAME, indices!.data[i]!, extent, modeOf(attributes));
      for (let o = 0; o < outer; o++) {
        const from = (o * extent + at) * inner;
        out.data.set(x!.data.subarray(from, from + inner), (o * count + i) * inner);
      }
    }
    return [out];
  },
  lowering: {
    kind: "gather",
    gather: ([x, indices], _output, attributes) =>
      takePlan(x!.shape.length, indices!.shape.length, attributes.axis as number, modeOf(attributes)),
  },
  samples: () => [
    { inputs: [filled([5, 3], 1), nd([4, 0, 2, 0], [2, 2], "int32")], attributes: { axis: 0, mode: "check" } },
    { inputs: [filled([2, 4, 3], 2), nd([3, 1, 1], [3], "int32")], attributes: { axis: 1, mode: "check" } },
    { inputs: [filled([2, 3], 3), nd([-7, 1, 9], [3], "int32")], attributes: { axis: 1, mode: "clamp" } },
    { inputs: [filled([4], 4), nd([2], [], "int32")], attributes: { axis: 0, mode: "check" } },
    { inputs: [filled([4, 2], 5), nd([], [0], "int32")], attributes: { axis: 0, mode: "check" } },
    { inputs: [nd([1, 2, 3], [3], "int32"), nd([2, 2, 0], [3], "int32")], attributes: { axis: 0, mode: "check" } },
  ],
});

/**
 * Slices of x along `axis` at `indices` (NumPy `take`; negative indices are out of range here).
 * Shapes: x [a..., n, b...], indices int32 [i...] -> [a..., i..., b...]. Running throws IndexError for an index outside
 * [0, n) in mode "check"; "clamp" takes the nearest.
 */
export function take(x: Tensor, indices: Tensor, axis: number, mode: IndexMode = "check"): Tensor {
  return applyOne(takePrimitive, [x, indices], { axis, mode });
}
