/** Sorts: one kernel that stores the sorted elements and their positions. */
import { type Affine, sizeOf, stridesOf } from "../../graph/index.ts";
import type { Block } from "../draft.ts";
import type { Op } from "../flat-graph.ts";
import { affineAxis, weightedSum } from "../kernels/affine.ts";
import type { Axis, SortStore } from "../kernels/kernel.ts";
import { KernelBuilder } from "../kernels/kernel-builder.ts";
import { Expander } from "./expand.ts";

/** Pushes the kernel of a sort. Its first output has a buffer already; the second gets one here. */
export function buildSort(block: Block, op: Op, label: string): void {
  const [values, positions] = op.outputs as readonly [number, number];
  if (!block.hasBuffer(positions)) block.bind(positions, block.draft.addFor(block.type(positions)));
  const { shape, dtype } = block.type(values);
  if (sizeOf(shape) === 0) return;
  const sorted = Number(op.attributes["axis"]);
  const order = [...shape.keys()].filter((axis) => axis !== sorted).concat(sorted);
  const rank = order.length;
  const builder = new KernelBuilder(rank);
  const expander = new Expander(block, builder);
  const indices = shape.map((_, axis): Affine => affineAxis(rank, order.indexOf(axis)));
  const value = expander.expand(op.inputs[0]!, indices);
  const place = weightedSum(indices, stridesOf(shape), rank);
  const store = (output: number, gives: SortStore["gives"]): SortStore => {
    const id = block.bufferOf(output);
    const { dtype: stored, elements } = block.draft.buffers[id]!;
    return { access: builder.access({ id, dtype: stored, elements }, "write", place), gives };
  };
  const stores = [store(values, "values"), store(positions, "positions")];
  const axes = order.map((axis, i): Axis => ({
    extent: shape[axis]!,
    role: i === rank - 1 ? "reduce" : "parallel",
    dynamic: false,
  }));
  block.push(
    builder.bound({
      kind: "sort",
      axes,
      buffers: builder.kernelBuffers(),
      accesses: builder.accesses,
      scalars: builder.scalarTypes,
      label,
      descending: op.attributes["descending"] === true,
      expression: expander.expression.entries,
      value,
      dtype,
      stores,
    }),
  );
}
