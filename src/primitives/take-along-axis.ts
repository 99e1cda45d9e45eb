/** Elements selected along one axis, by an index each. */
import { applyOne, type ConcreteShape, type GatherPlan, type Primitive, stridesOf, type Tensor } from "../graph/index.ts";
import { affine } from "./affine-index.ts";
import { definePrimitive, emptyNd, expectAxes, nd } from "./define.ts";
import { expectOperandShape } from "./expect-operand-shape.ts";
import { filled } from "./filled.ts";
import { zerosLike } from "./full.ts";
import { eachIndex } from "./indices.ts";
import { expectIndexable, expectIndices, type IndexMode, modeOf, resolveIndex } from "./resolve-index.ts";
import { takeAlongAxisScatterAdd } from "./take-along-axis-scatter-add.ts";

const NAME = "takeAlongAxis";

/** Shape that indices into an array of `shape` along `axis` must have: free along `axis`, the array's elsewhere. */
export function alongAxisShape(shape: ConcreteShape, indices: ConcreteShape, axis: number): ConcreteShape {
  return indices.length === shape.length ? shape.map((extent, i) => (i === axis ? indices[i]! : extent)) : shape;
}

/** Index form of `takeAlongAxis` over the axes of the indices. */
export function alongAxisPlan(rank: number, axis: number, mode: IndexMode): GatherPlan {
  const identity = Array.from({ length: rank }, (_, i) => affine(rank, [[i, 1]]));
  return { base: identity.map((index, i) => (i === axis ? affine(rank, []) : index)), dynamic: [{ axis, indexAt: identity }], mode };
}

/** Calls `visit(position, target)` for each element of the indices: its flat position, and the flat position in an array of `shape` that it names. */
export function eachAlongAxis(
  name: string,
  shape: ConcreteShape,
  indices: { readonly shape: ConcreteShape; readonly data: ArrayLike<number> },
  axis: number,
  mode: IndexMode,
  visit: (position: number, target: number) => void,
): void {
  const strides = stridesOf(shape);
  eachIndex(indices.shape, (index, position) => {
    const at = resolveIndex(name, indices.data[position]!, shape[axis]!, mode);
    let target = at * strides[axis]!;
    for (let i = 0; i < index.length; i++) if (i !== axis) target += index[i]! * strides[i]!;
    visit(position, target);
  });
}

/** `out[..., i, ...] = x[..., indices[..., i, ...], ...]`. Attributes: `axis`, `mode`. */
export const takeAlongAxisPrimitive: Primitive = definePrimitive({
  name: NAME,
  infer: ([x, indices], attributes) => {
    const axis = attributes.axis as number;
    expectAxes(NAME, [axis], x!.shape.length);
    expectIndices(NAME, indices!, attributes);
    expectOperandShape(
      NAME,
      `the array of indices (free along axis ${axis})`,
      indices!.shape,
      alongAxisShape(x!.shape, indices!.shape, axis),
    );
    expectIndexable(NAME, x!, axis, indices!);
    return [{ dtype: x!.dtype, shape: indices!.shape }];
  },
  gradient: ({ inputs, attributes, cotangents }) => [
    takeAlongAxisScatterAdd(zerosLike(inputs[0]!), inputs[1]!, cotangents[0]!, attributes.axis as number, modeOf(attributes)),
    null,
  ],
  reference: ([x, indices], attributes, [type]) => {
    const out = emptyNd(type!);
    eachAlongAxis(NAME, x!.shape, indices!, attributes.axis as number, modeOf(attributes), (position, source) => {
      out.data[position] = x!.data[source]!;
    });
    return [out];
  },
  lowering: {
    kind: "gather",
    gather: ([x], _output, attributes) => alongAxisPlan(x!.shape.length, attributes.axis as number, modeOf(attributes)),
  },
  samples: () => [
    { inputs: [filled([3, 4], 1), nd([0, 3, 3, 2, 1, 0], [3, 2], "int32")], attributes: { axis: 1, mode: "check" } },
    { inputs: [filled([2, 3, 2], 2), nd([2, 0, 1, 1], [2, 1, 2], "int32")], attributes: { axis: 1, mode: "check" } },
    { inputs: [filled([4], 3), nd([-2, 3, 8], [3], "int32")], attributes: { axis: 0, mode: "clamp" } },
    { inputs: [filled([3, 4], 4), nd([], [3, 0], "int32")], attributes: { axis: 1, mode: "check" } },
  ],
});

/**
 * Elements of x along `axis` at `indices` (NumPy `take_along_axis` without broadcasting; negative indices are out of range).
 * Shapes: x [a..., n, b...], indices int32 [a..., m, b...] -> the indices'. Running throws IndexError outside [0, n) in mode "check".
 */
export function takeAlongAxis(x: Tensor, indices: Tensor, axis: number, mode: IndexMode = "check"): Tensor {
  return applyOne(takeAlongAxisPrimitive, [x, indices], { axis, mode });
}
