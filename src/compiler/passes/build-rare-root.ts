/** Kernels of the operations that few graphs have. */
import { InternalError } from "../../errors.ts";
import { stridesOf } from "../../graph/index.ts";
import type { Block } from "../draft.ts";
import type { Op } from "../flat-graph.ts";
import { weightedSum } from "../kernels/affine.ts";
import { buildCumulative } from "./build-cumulative.ts";
import { buildDilated } from "./build-dilated.ts";
import { buildScatter } from "./build-scatter.ts";
import { buildSort } from "./build-sort.ts";
import { buildWindow, buildWindowScatter } from "./build-windows.ts";
import { identity, pushMap } from "./push-map.ts";

/** Makes the kernels of `output`, which has a buffer. */
export function buildRareRoot(block: Block, op: Op, output: number, label: string): void {
  const { lowering } = op.primitive;
  switch (lowering.kind) {
    case "view":
      return buildDilated(block, op, output, label);
    case "concatenate":
      return buildConcatenation(block, op, output, label);
    case "cumulative":
      return buildCumulative(block, op, output, label);
    case "sort":
      return buildSort(block, op, label);
    case "windowSum":
      return buildWindow(block, op, output, lowering.geometry(op.attributes), "sum", label);
    case "windowArgmax":
      return buildWindow(block, op, output, lowering.geometry(op.attributes), "argmax", label);
    case "windowMax":
      return buildWindow(block, op, output, lowering.geometry(op.attributes), "max", label);
    case "windowScatter":
      return buildWindowScatter(block, op, output, lowering.geometry(op.attributes), label);
    case "scatter":
      return buildScatter(block, op, output, label);
    default:
      throw new InternalError("compiler", `no kernel for ${op.primitive.name}`);
  }
}

/** One copy for each operand, into its part of the result. */
function buildConcatenation(block: Block, op: Op, output: number, label: string): void {
  const axis = Number(op.attributes["axis"]);
  const strides = stridesOf(block.type(output).shape);
  const buffer = block.bufferOf(output);
  let start = 0;
  for (const input of op.inputs) {
    const { shape } = block.type(input);
    const index = weightedSum(identity(shape.length), strides, shape.length);
    const at = { ...index, constant: index.constant + start * strides[axis]! };
    pushMap(block, shape, buffer, label, (expander, indices) => expander.expand(input, indices), { index: at });
    start += shape[axis]!;
  }
}
