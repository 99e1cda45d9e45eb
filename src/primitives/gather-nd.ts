/** Slices selected by tuples of indices. */
import { ShapeError } from "../errors.ts";
import {
  applyOne,
  type ConcreteShape,
  formatShape,
  type GatherPlan,
  type NdArray,
  type Primitive,
  sizeOf,
  type Tensor,
  type TensorType,
} from "../graph/index.ts";
import { affine } from "./affine-index.ts";
import { definePrimitive, emptyNd, nd, whereOf } from "./define.ts";
import { filled } from "./filled.ts";
import { zerosLike } from "./full.ts";
import { expectIndexable, expectIndices, type IndexMode, modeOf, resolveIndex } from "./resolve-index.ts";
import { scatterNd } from "./scatter-nd.ts";

const NAME = "gatherNd";

/** Shape of the slices that `indices` [i..., depth] select from `x`. Throws ShapeError where depth exceeds the rank. */
export function gatheredShape(name: string, x: TensorType, indices: TensorType): ConcreteShape {
  const depth = indices.shape.at(-1);
  if (depth === undefined || depth > x.shape.length) {
    throw new ShapeError({
      where: whereOf(name),
      problem: "the last axis of the indices must hold one index per leading axis of the array",
      expected: `[..., depth] with depth from 0 to ${x.shape.length}`,
      received: formatShape(indices.shape),
      advice: `check the indices against the array of shape ${formatShape(x.shape)}`,
    });
  }
  for (let axis = 0; axis < depth; axis++) expectIndexable(name, x, axis, indices);
  return [...indices.shape.slice(0, -1), ...x.shape.slice(depth)];
}

/** Index form of `gatherNd` over the axes of the gathered slices. */
export function gatherNdPlan(rank: number, indices: ConcreteShape, mode: IndexMode): GatherPlan {
  const depth = indices.at(-1)!;
  const lead = indices.length - 1;
  const space = lead + rank - depth;
  const indexAt = (axis: number): GatherPlan["dynamic"][number] => ({
    axis,
    indexAt: [...Array.from({ length: lead }, (_, i) => affine(space, [[i, 1]])), affine(space, [], axis)],
  });
  return {
    base: Array.from({ length: rank }, (_, axis) => affine(space, axis < depth ? [] : [[lead + axis - depth, 1]])),
    dynamic: Array.from({ length: depth }, (_, axis) => indexAt(axis)),
    mode,
  };
}

/** Calls `visit(slice, target)` for each tuple of indices: its number, and the number of the slice of an array of `shape` that it names. */
export function eachTuple(
  name: string,
  shape: ConcreteShape,
  indices: NdArray,
  mode: IndexMode,
  visit: (slice: number, target: number) => void,
): void {
  const depth = indices.shape.at(-1)!;
  const count = sizeOf(indices.shape.slice(0, -1));
  for (let i = 0; i < count; i++) {
    let target = 0;
    for (let axis = 0; axis < depth; axis++) {
      target = target * shape[axis]! + resolveIndex(name, indices.data[i * depth + axis]!, shape[axis]!, mode);
    }
    visit(i, target);
  }
}

/** `out[i..., b...] = x[indices[i..., 0], ..., indices[i..., depth - 1], b...]`. Attribute: `mode`. */
export const gatherNdPrimitive: Primitive = definePrimitive({
  name: NAME,
  infer: ([x, indices], attributes) => {
    expectIndices(NAME, indices!, attributes);
    return [{ dtype: x!.dtype, shape: gatheredShape(NAME, x!, indices!) }];
  },
  gradient: ({ inputs, attributes, cotangents }) => [
    scatterNd(zerosLike(inputs[0]!), inputs[1]!, cotangents[0]!, "add", modeOf(attributes)),
    null,
  ],
  reference: ([x, indices], attributes, [type]) => {
    const out = emptyNd(type!);
    const inner = sizeOf(x!.shape.slice(indices!.shape.at(-1)));
    eachTuple(NAME, x!.shape, indices!, modeOf(attributes), (slice, source) => {
      out.data.set(x!.data.subarray(source * inner, (source + 1) * inner), slice * inner);
    });
    return [out];
  },
  lowering: {
    kind: "gather",
    gather: ([x, indices], _output, attributes) => gatherNdPlan(x!.shape.length, indices!.shape, modeOf(attributes)),
  },
  samples: () => [
    { inputs: [filled([3, 4], 1), nd([0, 3, 2, 1, 0, 3], [3, 2], "int32")], attributes: { mode: "check" } },
    { inputs: [filled([3, 2, 2], 2), nd([2, 0, 0, 1], [2, 2, 1], "int32")], attributes: { mode: "check" } },
    { inputs: [filled([3, 2, 2], 3), nd([2, 1, 1], [3], "int32")], attributes: { mode: "check" } },
    { inputs: [filled([2, 3], 4), nd([-1, 5, 1, 1], [2, 2], "int32")], attributes: { mode: "clamp" } },
    { inputs: [filled([2, 3], 5), nd([], [2, 0], "int32")], attributes: { mode: "check" } },
  ],
});

/**
 * Slices of x at tuples of indices (TensorFlow `gather_nd`; negative indices are out of range).
 * Shapes: x [n0, ..., b...], indices int32 [i..., depth] -> [i..., b...]. Running throws IndexError out of range in mode "check".
 */
export function gatherNd(x: Tensor, indices: Tensor, mode: IndexMode = "check"): Tensor {
  return applyOne(gatherNdPrimitive, [x, indices], { mode });
}
