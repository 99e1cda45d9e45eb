/** Views and operands with holes: the fill everywhere, then the elements at their places. */
import { InternalError } from "../../errors.ts";
import { type Affine, sizeOf, stridesOf } from "../../graph/index.ts";
import type { Block } from "../draft.ts";
import type { Op } from "../flat-graph.ts";
import { weightedSum } from "../kernels/affine.ts";
import type { Guard } from "../kernels/kernel.ts";
import { identity, pushMap } from "./push-map.ts";

/** Interior padding: the fill everywhere, then the elements at their places. */
export function buildDilated(block: Block, op: Op, output: number, label: string): void {
  const input = op.inputs[0]!;
  const inputType = block.type(input);
  const type = block.type(output);
  const { lowering } = op.primitive;
  if (lowering.kind !== "view") throw new InternalError("compiler", "not a view");
  const view = lowering.view(inputType, type, op.attributes);
  const buffer = block.bufferOf(output);
  pushMap(block, type.shape, buffer, label, (expander) =>
    view.fill === "operand"
      ? expander.expand(op.inputs[1]!, [])
      : expander.expression.add({ op: "constant", value: Number(view.fill), dtype: type.dtype }),
  );
  // index_in = (out - low) / d, so out = d * in + low where index = (1 * out + constant) / d.
  const rank = inputType.shape.length;
  const place = inputType.shape.map((_, axis): Affine => {
    const index = view.indices[axis]!;
    const coefficients = new Array<number>(rank).fill(0);
    coefficients[axis] = view.divisors![axis]!;
    return { constant: -index.constant, coefficients };
  });
  const guards = inputType.shape.map((_, axis): Guard => ({ index: place[axis]!, limit: type.shape[axis]! }));
  pushMap(block, inputType.shape, buffer, label, (expander, indices) => expander.expand(input, indices), {
    index: weightedSum(place, stridesOf(type.shape), rank),
    guards,
    isUpdate: true,
  });
}

/** A copy of an operand with zeros between its elements. */
export function dilateOperand(block: Block, value: number, divisors: readonly number[], label: string): number {
  const { shape, dtype } = block.type(value);
  const dilated = shape.map((extent, axis) => Math.max(0, (extent - 1) * divisors[axis]! + 1));
  const buffer = block.draft.add(dtype, sizeOf(dilated));
  pushMap(block, dilated, buffer, label, (expander) => expander.expression.add({ op: "constant", value: 0, dtype }));
  const rank = shape.length;
  const index = weightedSum(
    identity(rank),
    stridesOf(dilated).map((stride, axis) => stride * divisors[axis]!),
    rank,
  );
  pushMap(block, shape, buffer, label, (expander, indices) => expander.expand(value, indices), { index, isUpdate: true });
  return buffer;
}
