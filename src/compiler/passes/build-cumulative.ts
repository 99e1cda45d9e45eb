/** Kernels of prefix sums and the like: the scanned axis stands last. */
import { InternalError } from "../../errors.ts";
import { sizeOf, stridesOf } from "../../graph/index.ts";
import type { Block } from "../draft.ts";
import type { Op } from "../flat-graph.ts";
import { affineAxis, weightedSum } from "../kernels/affine.ts";
import type { Axis } from "../kernels/kernel.ts";
import { KernelBuilder } from "../kernels/kernel-builder.ts";
import { Expander } from "./expand.ts";
import { bufferOf, common } from "./push-map.ts";

/** Writes the running values of an operation along one axis to its buffer. */
export function buildCumulative(block: Block, op: Op, output: number, label: string): void {
  const { lowering } = op.primitive;
  if (lowering.kind !== "cumulative") throw new InternalError("compiler", `${op.primitive.name} is no cumulative operation`);
  const type = block.type(output);
  const buffer = block.bufferOf(output);
  const inputShape = block.type(op.inputs[0]!).shape;
  const scanned = Number(op.attributes["axis"]);
  const order = [...inputShape.keys()].filter((axis) => axis !== scanned).concat(scanned);
  const rank = order.length;
  if (sizeOf(inputShape) === 0) return;
  const builder = new KernelBuilder(rank);
  const expander = new Expander(block, builder);
  const indices = inputShape.map((_, axis) => affineAxis(rank, order.indexOf(axis)));
  const value = expander.expand(op.inputs[0]!, indices);
  const store = builder.access(bufferOf(block, buffer), "write", weightedSum(indices, stridesOf(inputShape), rank));
  const axes = order.map((axis, i): Axis => ({
    extent: inputShape[axis]!,
    role: i === rank - 1 ? "reduce" : "parallel",
    dynamic: false,
  }));
  block.push(
    builder.bound({
      kind: "cumulative",
      ...common(builder, axes, label),
      reducer: lowering.reducer,
      reverse: op.attributes["reverse"] === true,
      expression: expander.expression.entries,
      value,
      dtype: type.dtype,
      store,
    }),
  );
}
