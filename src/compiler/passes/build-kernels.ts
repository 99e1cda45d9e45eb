/** Makes the kernels of one block: one or more per value that is written to a buffer. */
import { sizeOf, stridesOf } from "../../graph/index.ts";
import type { Block } from "../draft.ts";
import type { Op } from "../flat-graph.ts";
import { affineAxis, weightedSum } from "../kernels/affine.ts";
import { KernelBuilder } from "../kernels/kernel-builder.ts";
import { rarePasses } from "../parts.ts";
import { buildContraction } from "./build-contraction.ts";
import { Expander } from "./expand.ts";
import { materialize } from "./materialize.ts";
import { bufferOf, common, parallel, pushMap, reduced } from "./push-map.ts";

/** Fills `block.steps`. Parameters, data and scalars must be bound before. */
export function buildKernels(block: Block): void {
  for (const [value, data] of block.graph.data) {
    if (!block.hasBuffer(value)) block.bind(value, block.draft.addConstant(block.type(value).dtype, data));
  }
  materialize(block);
  for (const op of block.graph.ops) {
    const output = op.outputs[0]!;
    const { kind } = op.primitive.lowering;
    if (!op.outputs.some((value) => block.materialized[value])) continue;
    if ((kind === "reshape" || kind === "identity") && block.materialized[op.inputs[0]!] && !block.hasBuffer(output)) {
      block.bind(output, block.bufferOf(op.inputs[0]!));
      continue;
    }
    if (kind === "scan" || kind === "while" || kind === "cond") {
      rarePasses.get().buildControlFlow(block, op);
      continue;
    }
    if (!block.hasBuffer(output)) block.bind(output, block.draft.addFor(block.type(output)));
    buildRoot(block, op, output);
  }
}

/** Name of a kernel in errors and profiles. */
function labelOf(op: Op): string {
  return op.scope === "" ? op.primitive.name : `${op.scope}/${op.primitive.name}`;
}

function buildRoot(block: Block, op: Op, output: number): void {
  const { lowering } = op.primitive;
  const label = labelOf(op);
  const type = block.type(output);
  const buffer = block.bufferOf(output);
  switch (lowering.kind) {
    case "constant":
    case "iota":
    case "scalar":
    case "identity":
    case "reshape":
    case "gather":
    case "windowGather":
    case "rngBits":
      pushMap(block, type.shape, buffer, label, (expander, indices) => expander.inline(output, indices));
      return;
    case "view": {
      const view = lowering.view(block.type(op.inputs[0]!), type, op.attributes);
      if (view.divisors === undefined) pushMap(block, type.shape, buffer, label, (expander, indices) => expander.inline(output, indices));
      else rarePasses.get().buildRareRoot(block, op, output, label);
      return;
    }
    case "reduce": {
      const axes = op.attributes["axes"] === undefined ? [Number(op.attributes["axis"])] : (op.attributes["axes"] as readonly number[]);
      buildReduce(block, op, output, axes, lowering.reducer, label);
      return;
    }
    case "contract":
      buildContraction(
        block,
        op,
        output,
        lowering.contraction(
          op.inputs.map((input) => block.type(input)),
          type,
          op.attributes,
        ),
        label,
      );
      return;
    default:
      rarePasses.get().buildRareRoot(block, op, output, label);
  }
}

function buildReduce(
  block: Block,
  op: Op,
  output: number,
  axes: readonly number[],
  reducer: "sum" | "max" | "min" | "prod" | "any" | "all" | "argmax" | "argmin",
  label: string,
): void {
  const input = op.inputs[0]!;
  const { shape } = block.type(input);
  const type = block.type(output);
  if (sizeOf(type.shape) === 0) return;
  const kept = [...shape.keys()].filter((axis) => !axes.includes(axis));
  const order = [...kept, ...[...axes].sort((a, b) => a - b)];
  const rank = order.length;
  const builder = new KernelBuilder(rank);
  const expander = new Expander(block, builder);
  const value = expander.expand(
    input,
    shape.map((_, axis) => affineAxis(rank, order.indexOf(axis))),
  );
  const outIndex = weightedSum(
    kept.map((_, i) => affineAxis(rank, i)),
    stridesOf(type.shape),
    rank,
  );
  const access = builder.access(bufferOf(block, block.bufferOf(output)), "write", outIndex);
  const kernelAxes = [...parallel(kept.map((axis) => shape[axis]!)), ...reduced(order.slice(kept.length).map((axis) => shape[axis]!))];
  block.push(
    builder.bound({
      kind: "reduce",
      ...common(builder, kernelAxes, label),
      expression: expander.expression.entries,
      reducers: [{ reducer, value, dtype: type.dtype }],
      epilogue: [{ op: "accumulator", index: 0, dtype: type.dtype }],
      stores: [{ access, value: 0 }],
    }),
  );
}
