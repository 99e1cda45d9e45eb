/** Elements added along one axis, at an index each: the gradient of `takeAlongAxis`. */
import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { definePrimitive, expectAxes, expectDType, expectSameDType, nd } from "./define.ts";
import { expectOperandShape } from "./expect-operand-shape.ts";
import { filled } from "./filled.ts";
import { expectIndexable, expectIndices, type IndexMode, modeOf } from "./resolve-index.ts";
import { rounded } from "./rounded.ts";
import { alongAxisPlan, alongAxisShape, eachAlongAxis, takeAlongAxis } from "./take-along-axis.ts";

const NAME = "takeAlongAxisScatterAdd";

/** `out = operand; out[..., indices[..., i, ...], ...] += updates[..., i, ...]`. Attributes: `axis`, `mode`. */
export const takeAlongAxisScatterAddPrimitive: Primitive = definePrimitive({
  name: NAME,
  infer: ([operand, indices, updates], attributes) => {
    const axis = attributes.axis as number;
    expectDType(NAME, operand!, "number");
    expectSameDType(NAME, [operand!, updates!]);
    expectAxes(NAME, [axis], operand!.shape.length);
    expectIndices(NAME, indices!, attributes);
    expectOperandShape(
      NAME,
      `the array of indices (free along axis ${axis})`,
      indices!.shape,
      alongAxisShape(operand!.shape, indices!.shape, axis),
    );
    expectIndexable(NAME, operand!, axis, indices!);
    expectOperandShape(NAME, "the array of updates", updates!.shape, indices!.shape);
    return [operand!];
  },
  gradient: ({ inputs, attributes, cotangents, needed }) => [
    cotangents[0]!,
    null,
    needed[2]! ? takeAlongAxis(cotangents[0]!, inputs[1]!, attributes.axis as number, modeOf(attributes)) : null,
  ],
  reference: ([operand, indices, updates], attributes, [type]) => {
    const sums = Float64Array.from(operand!.data);
    eachAlongAxis(NAME, operand!.shape, indices!, attributes.axis as number, modeOf(attributes), (position, target) => {
      sums[target]! += updates!.data[position]!;
    });
    return [rounded(sums, type!)];
  },
  lowering: {
    kind: "scatter",
    mode: "add",
    scatter: ([operand], _output, attributes) => alongAxisPlan(operand!.shape.length, attributes.axis as number, modeOf(attributes)),
  },
  samples: () => [
    { inputs: [filled([3, 4], 1), nd([0, 3, 3, 2, 1, 1], [3, 2], "int32"), filled([3, 2], 2)], attributes: { axis: 1, mode: "check" } },
    { inputs: [filled([2, 3, 2], 3), nd([2, 0, 1, 1], [2, 1, 2], "int32"), filled([2, 1, 2], 4)], attributes: { axis: 1, mode: "check" } },
    { inputs: [filled([4], 5), nd([-2, 3, 8], [3], "int32"), filled([3], 6)], attributes: { axis: 0, mode: "clamp" } },
  ],
});

/**
 * `operand` with `updates` added along `axis` at `indices`; several at one place are all added.
 * Shapes: operand [a..., n, b...], indices int32 and updates [a..., m, b...] -> operand's. Running throws IndexError
 * outside [0, n) in mode "check".
 */
export function takeAlongAxisScatterAdd(
  operand: Tensor,
  indices: Tensor,
  updates: Tensor,
  axis: number,
  mode: IndexMode = "check",
): Tensor {
  return applyOne(takeAlongAxisScatterAddPrimitive, [operand, indices, updates], { axis, mode });
}
