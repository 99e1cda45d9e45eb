/** Entries of expressions for what few graphs have: positions, reads at indices from data, and views that end at an edge. */
import { InternalError } from "../../errors.ts";
import type { Affine } from "../../graph/index.ts";
import type { Op } from "../flat-graph.ts";
import type { Guard } from "../kernels/kernel.ts";
import type { Expander } from "./expand.ts";
import { expandGather, expandWindowGather } from "./expand-gather.ts";

/** Expands the operation `op` that makes `value`. */
export function expandRare(expander: Expander, value: number, op: Op, indices: readonly Affine[], guards: readonly Guard[]): number {
  const { expression } = expander;
  switch (op.primitive.lowering.kind) {
    case "iota": {
      const { dtype } = expander.block.type(value);
      const position = expression.add({ op: "position", index: indices[Number(op.attributes["axis"])]!, dtype: "int32" });
      return dtype === "int32" ? position : expression.add({ op: "scalar", f: "convert", args: [position], dtype });
    }
    case "gather":
      return expandGather(expander, value, op, indices, guards);
    case "windowGather":
      return expandWindowGather(expander, value, op, indices, guards);
    default:
      throw new InternalError("compiler", `${op.primitive.name} cannot stand inside an expression`);
  }
}

/** A view at `inner` that is the operand where its `own` guards hold, too, and `fill` (or the second operand) elsewhere. */
export function expandPadded(
  expander: Expander,
  op: Op,
  fill: number | "operand",
  inner: readonly Affine[],
  guards: readonly Guard[],
  own: readonly Guard[],
): number {
  const { block, expression } = expander;
  const input = op.inputs[0]!;
  if (typeof fill === "number" && block.materialized[input]) return expander.expand(input, inner, [...guards, ...own], fill);
  const { dtype } = block.type(op.outputs[0]!);
  const outside = fill === "operand" ? expander.expand(op.inputs[1]!, []) : expression.add({ op: "constant", value: fill, dtype });
  const tests = own.flatMap(({ index, limit }) => within(expander, expression.add({ op: "position", index, dtype: "int32" }), limit));
  const inside = tests.reduce((a, b) => expression.add({ op: "scalar", f: "and", args: [a, b], dtype: "bool" }));
  const there = expander.expand(input, inner, [...guards, ...own]);
  return expression.add({ op: "scalar", f: "select", args: [inside, there, outside], dtype });
}

/** Bool entries: 0 <= position, position < limit. */
export function within({ expression }: Expander, position: number, limit: number): number[] {
  const zero = expression.add({ op: "constant", value: 0, dtype: "int32" });
  const end = expression.add({ op: "constant", value: limit, dtype: "int32" });
  return [
    expression.add({ op: "scalar", f: "greaterEqual", args: [position, zero], dtype: "bool" }),
    expression.add({ op: "scalar", f: "less", args: [position, end], dtype: "bool" }),
  ];
}
