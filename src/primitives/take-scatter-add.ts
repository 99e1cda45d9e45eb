/** Slices added at indices: the gradient of `take`. */
import { applyOne, type Primitive, sizeOf, type Tensor } from "../graph/index.ts";
import { definePrimitive, expectAxes, expectDType, expectSameDType, nd } from "./define.ts";
import { expectOperandShape } from "./expect-operand-shape.ts";
import { filled } from "./filled.ts";
import { expectIndexable, expectIndices, type IndexMode, modeOf, resolveIndex } from "./resolve-index.ts";
import { rounded } from "./rounded.ts";
import { take, takenShape, takePlan } from "./take.ts";

const NAME = "takeScatterAdd";

/** `out = operand; out[a..., indices[i...], b...] += updates[a..., i..., b...]`. Attributes: `axis`, `mode`. */
export const takeScatterAddPrimitive: Primitive = definePrimitive({
  name: NAME,
  infer: ([operand, indices, updates], attributes) => {
    const axis = attributes.axis as number;
    expectDType(NAME, operand!, "number");
    expectSameDType(NAME, [operand!, updates!]);
    expectAxes(NAME, [axis], operand!.shape.length);
    expectIndices(NAME, indices!, attributes);
    expectIndexable(NAME, operand!, axis, indices!);
    expectOperandShape(NAME, "the array of updates", updates!.shape, takenShape(operand!.shape, indices!.shape, axis));
    return [operand!];
  },
  gradient: ({ inputs, attributes, cotangents, needed }) => [
    cotangents[0]!,
    null,
    needed[2]! ? take(cotangents[0]!, inputs[1]!, attributes.axis as number, modeOf(attributes)) : null,
  ],
  reference: ([operand, indices, updates], attributes, [type]) => {
    const axis = attributes.axis as number;
    const sums = Float64Array.from(operand!.data);
    const extent = operand!.shape[axis]!;
    const inner = sizeOf(operand!.shape.slice(axis + 1));
    const outer = sizeOf(operand!.shape.slice(0, axis));
    const count = indices!.data.length;
    for (let i = 0; i < count; i++) {
      const at = resolveIndex(NAME, indices!.data[i]!, extent, modeOf(attributes));
      for (let o = 0; o < outer; o++) {
        for (let j = 0; j < inner; j++) sums[(o * extent + at) * inner + j]! += updates!.data[(o * count + i) * inner + j]!;
      }
    }
    return [rounded(sums, type!)];
  },
  lowering: {
    kind: "scatter",
    mode: "add",
    scatter: ([operand, indices], _output, attributes) =>
      takePlan(operand!.shape.length, indices!.shape.length, attributes.axis as number, modeOf(attributes)),
  },
  samples: () => [
    { inputs: [filled([5, 3], 1), nd([4, 0, 2, 0], [2, 2], "int32"), filled([2, 2, 3], 2)], attributes: { axis: 0, mode: "check" } },
    { inputs: [filled([2, 4, 3], 3), nd([3, 1, 1], [3], "int32"), filled([2, 3, 3], 4)], attributes: { axis: 1, mode: "check" } },
    { inputs: [filled([2, 3], 5), nd([-7, 1, 9], [3], "int32"), filled([2, 3], 6)], attributes: { axis: 1, mode: "clamp" } },
    {
      inputs: [nd([1, 2, 3], [3], "int32"), nd([2, 2, 0], [3], "int32"), nd([10, 20, 30], [3], "int32")],
      attributes: { axis: 0, mode: "check" },
    },
  ],
});

/**
 * `operand` with slices `updates` added along `axis` at `indices`; several at one place are all added.
 * Shapes: operand [a..., n, b...], indices int32 [i...], updates [a..., i..., b...] -> operand's. Running throws IndexError
 * for an index outside [0, n) in mode "check".
 */
export function takeScatterAdd(operand: Tensor, indices: Tensor, updates: Tensor, axis: number, mode: IndexMode = "check"): Tensor {
  return applyOne(takeScatterAddPrimitive, [operand, indices, updates], { axis, mode });
}
