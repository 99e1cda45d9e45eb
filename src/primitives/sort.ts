/** Stable sorts. */
import { apply, type NdArray, type Primitive, sizeOf, sortedPositions, type Tensor, type TensorType } from "../graph/index.ts";
import { definePrimitive, emptyNd, expectAxes, expectDType, nd } from "./define.ts";
import { filled } from "./filled.ts";
import { zerosLike } from "./full.ts";
import { takeAlongAxisScatterAdd } from "./take-along-axis-scatter-add.ts";

const NAME = "sort";

/** Attributes of a sort. */
export type SortAttributes = {
  readonly axis: number;
  readonly descending: boolean;
};

function reference(x: NdArray, { axis, descending }: SortAttributes, types: readonly TensorType[]): NdArray[] {
  const [values, positions] = types.map(emptyNd) as [NdArray, NdArray];
  const extent = x.shape[axis]!;
  const inner = sizeOf(x.shape.slice(axis + 1));
  const outer = sizeOf(x.shape.slice(0, axis));
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const place = (k: number): number => (o * extent + k) * inner + i;
      const keys = Array.from({ length: extent }, (_, k) => x.data[place(k)]!);
      sortedPositions(keys, descending).forEach((from, to) => {
        values.data[place(to)] = keys[from]!;
        positions.data[place(to)] = from;
      });
    }
  }
  return [values, positions];
}

/**
 * `x` sorted along `axis`, and the position that each element had. NaN counts as the largest, equal elements keep their
 * order. Attributes: `axis`, `descending`. Elements that stand side by side in a sort by another operand are taken with
 * `takeAlongAxis` at the positions.
 */
export const sortPrimitive: Primitive = definePrimitive({
  name: NAME,
  infer: ([x], attributes) => {
    expectDType(NAME, x!, "number");
    expectAxes(NAME, [attributes.axis as number], x!.shape.length);
    return [x!, { shape: x!.shape, dtype: "int32" }];
  },
  // An element's cotangent goes back to where the element was.
  gradient: ({ inputs, outputs, attributes, cotangents }) =>
    cotangents[0] === undefined
      ? [null]
      : [takeAlongAxisScatterAdd(zerosLike(inputs[0]!), outputs[1]!, cotangents[0], attributes.axis as number)],
  reference: ([x], attributes, types) => reference(x!, attributes as SortAttributes, types),
  lowering: { kind: "sort" },
  samples: () => [
    { inputs: [filled([13], 1)], attributes: { axis: 0, descending: false } },
    { inputs: [filled([3, 7], 2)], attributes: { axis: 1, descending: true } },
    { inputs: [filled([4, 5, 2], 3)], attributes: { axis: 1, descending: false } },
    { inputs: [filled([1, 3], 3)], attributes: { axis: 0, descending: false } },
    { inputs: [nd([2, NaN, -1, 2, -0, 0, Infinity, NaN, -Infinity])], attributes: { axis: 0, descending: false }, differentiable: false },
    { inputs: [nd([2, NaN, -1, 2, -0, 0, Infinity, NaN, -Infinity])], attributes: { axis: 0, descending: true }, differentiable: false },
    { inputs: [nd([3, -1, 3, 2147483647, -2147483648, 0], [2, 3], "int32")], attributes: { axis: 1, descending: false } },
    { inputs: [nd([3, 255, 0, 3], [4], "uint8")], attributes: { axis: 0, descending: true } },
    { inputs: [nd([3, -128, 0, 127, -1, 3], [6], "int8")], attributes: { axis: 0, descending: true } },
    { inputs: [nd([], [0, 3])], attributes: { axis: 0, descending: false } },
  ],
});

/**
 * `x` sorted along `axis` (from the largest where `descending`), and the int32 positions that its elements had: equal
 * elements keep their order, NaN counts as the largest. Shapes: x -> [x's, x's]. Throws ShapeError where the axis does not
 * exist, DTypeError for bool.
 */
export function sort(x: Tensor, axis: number, descending = false): { values: Tensor; positions: Tensor } {
  const [values, positions] = apply(sortPrimitive, [x], { axis, descending });
  return { values: values!, positions: positions! };
}
