/** Kernels that write at indices from data: a copy of the operand, then the updates. */
import { InternalError } from "../../errors.ts";
import { sizeOf, stridesOf } from "../../graph/index.ts";
import type { Block } from "../draft.ts";
import type { Op } from "../flat-graph.ts";
import { affineConstant, weightedSum } from "../kernels/affine.ts";
import { KernelBuilder } from "../kernels/kernel-builder.ts";
import { Expander } from "./expand.ts";
import { limited } from "./expand-gather.ts";
import { bufferOf, common, identity, parallel, pushCopy } from "./push-map.ts";

/** Writes the operand, updated, to the buffer of the operation. */
export function buildScatter(block: Block, op: Op, output: number, label: string): void {
  const { lowering } = op.primitive;
  if (lowering.kind !== "scatter") throw new InternalError("compiler", `${op.primitive.name} is no scatter`);
  const type = block.type(output);
  const buffer = block.bufferOf(output);
  pushCopy(block, block.bufferOf(op.inputs[0]!), buffer, label);
  const [, source, updates] = op.inputs as readonly [number, number, number];
  const { shape } = block.type(updates);
  if (sizeOf(shape) === 0) return;
  const rank = shape.length;
  const builder = new KernelBuilder(rank);
  const expander = new Expander(block, builder);
  const indices = identity(rank);
  const plan = lowering.scatter(
    op.inputs.map((input) => block.type(input)),
    type,
    op.attributes,
  );
  const strides = stridesOf(type.shape);
  const value = expander.expand(updates, indices);
  const moving = new Set(plan.dynamic.map((term) => term.axis));
  const dynamic = plan.dynamic.map(({ axis, indexAt, limit }) => ({
    value: limited(expander, expander.expand(source, indexAt), limit),
    stride: strides[axis]!,
    extent: type.shape[axis]!,
    mode: plan.mode,
    offset: plan.base[axis]!,
  }));
  const fixed = plan.base.map((index, axis) => (moving.has(axis) ? affineConstant(rank) : index));
  const store = builder.access(bufferOf(block, buffer), "write", weightedSum(fixed, strides, rank), [], 0, dynamic);
  const kernel = { kind: "scatter" as const, mode: lowering.mode, expression: expander.expression.entries, value, store };
  block.push(builder.bound({ ...kernel, ...common(builder, parallel(shape), label) }));
}
