/** Reads at indices from data, as entries of an expression. */
import { InternalError } from "../../errors.ts";
import { type Affine, stridesOf } from "../../graph/index.ts";
import type { Op } from "../flat-graph.ts";
import { compose, weightedSum } from "../kernels/affine.ts";
import type { Guard } from "../kernels/kernel.ts";
import type { Expander } from "./expand.ts";
import { within } from "./expand-rare.ts";
import { windowPosition } from "./window-indices.ts";

/** The element of an operand at indices that another value holds. */
export function expandGather(expander: Expander, value: number, op: Op, indices: readonly Affine[], guards: readonly Guard[]): number {
  const { block, builder, expression } = expander;
  const type = block.type(value);
  const { lowering } = op.primitive;
  if (lowering.kind !== "gather") throw new InternalError("compiler", `${op.primitive.name} is no gather`);
  const rank = builder.rank;
  const [operand, source] = [op.inputs[0]!, op.inputs[1]!];
  const operandType = block.type(operand);
  const plan = lowering.gather(
    op.inputs.map((input) => block.type(input)),
    type,
    op.attributes,
  );
  const strides = stridesOf(operandType.shape);
  const base = plan.base.map((index) => compose(index, indices, rank));
  const dynamic = plan.dynamic.map(({ axis, indexAt, limit }) => ({
    value: limited(
      expander,
      expander.expand(
        source,
        indexAt.map((index) => compose(index, indices, rank)),
        guards,
      ),
      limit,
    ),
    stride: strides[axis]!,
    extent: operandType.shape[axis]!,
    mode: plan.mode,
    offset: base[axis]!,
  }));
  const fixed = base.map((index, axis) =>
    plan.dynamic.some((term) => term.axis === axis) ? { ...index, constant: 0, coefficients: index.coefficients.map(() => 0) } : index,
  );
  const access = builder.access(expander.buffer(operand), "read", weightedSum(fixed, strides, rank), guards, 0, dynamic);
  return expression.add({ op: "load", access, dtype: type.dtype });
}

/** The element at a position inside a window; a position in the padding reads 0. */
export function expandWindowGather(
  expander: Expander,
  value: number,
  op: Op,
  indices: readonly Affine[],
  guards: readonly Guard[],
): number {
  const { block, builder, expression } = expander;
  const type = block.type(value);
  const { lowering } = op.primitive;
  if (lowering.kind !== "windowGather") throw new InternalError("compiler", `${op.primitive.name} is no windowGather`);
  const rank = builder.rank;
  const [operand, positions] = [op.inputs[0]!, op.inputs[1]!];
  const operandType = block.type(operand);
  const geometry = lowering.geometry(op.attributes);
  const strides = stridesOf(operandType.shape);
  const at = expander.expand(positions, indices, guards);
  const parts = windowPosition(geometry, at, (entry) => expression.add(entry));
  const base = operandType.shape.map((_, axis) =>
    compose({ constant: -geometry.padding[axis]![0], coefficients: [geometry.strides[axis]!] }, [indices[axis]!], rank),
  );
  const moving = new Map(parts.map((part) => [part.axis, part.entry]));
  const fixed = base.map((index, axis) => (moving.has(axis) ? { constant: 0, coefficients: index.coefficients.map(() => 0) } : index));
  const dynamic = parts.map(({ axis, entry }) => ({
    value: entry,
    stride: strides[axis]!,
    extent: operandType.shape[axis]!,
    mode: "clamp" as const,
    offset: base[axis]!,
  }));
  const access = builder.access(expander.buffer(operand), "read", weightedSum(fixed, strides, rank), guards, 0, dynamic);
  const there = expression.add({ op: "load", access, dtype: type.dtype });
  // A position in the padding reads 0.
  const tests = parts
    .filter(({ axis }) => geometry.padding[axis]!.some((amount) => amount > 0))
    .flatMap(({ axis, entry }) =>
      within(
        expander,
        expression.add({
          op: "scalar",
          f: "add",
          args: [expression.add({ op: "position", index: base[axis]!, dtype: "int32" }), entry],
          dtype: "int32",
        }),
        operandType.shape[axis]!,
      ),
    );
  if (tests.length === 0) return there;
  const inside = tests.reduce((a, b) => expression.add({ op: "scalar", f: "and", args: [a, b], dtype: "bool" }));
  const outside = expression.add({ op: "constant", value: 0, dtype: type.dtype });
  return expression.add({ op: "scalar", f: "select", args: [inside, there, outside], dtype: type.dtype });
}

/** An index moved into [0, limit), where a limit is given. */
export function limited(expander: Expander, entry: number, limit: number | undefined): number {
  if (limit === undefined) return entry;
  const constant = (value: number): number => expander.expression.add({ op: "constant", value, dtype: "int32" });
  const below = expander.expression.add({ op: "scalar", f: "minimum", args: [entry, constant(limit - 1)], dtype: "int32" });
  return expander.expression.add({ op: "scalar", f: "maximum", args: [below, constant(0)], dtype: "int32" });
}
