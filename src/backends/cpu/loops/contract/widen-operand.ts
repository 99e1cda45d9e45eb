/** Operands of two bytes an element, which register tiles read as float32. */
import type { Access, MapKernel } from "../../../../compiler/kernels/kernel.ts";
import { type Binding, type Copied, replaceOperand } from "./pad-operand.ts";

/** Replaces an operand of float16 or bfloat16 by a float32 copy of its buffer. */
export function widenOperand(bound: Binding, side: "lhs" | "rhs", temporaryId: number): Copied {
  const { kernel } = bound;
  const access = kernel.accesses[kernel[side]]!;
  const { dtype, elements } = kernel.buffers[access.buffer]!;
  const whole = (buffer: number): Access => ({ buffer, index: { constant: 0, coefficients: [1] }, guards: [], fill: 0, dynamic: [] });
  const copy: MapKernel = {
    kind: "map",
    label: `${kernel.label}/widen`,
    // Code is shared between extents, and so is the number of elements.
    axes: [{ extent: elements, role: "parallel", dynamic: kernel.axes.some((axis) => axis.dynamic) }],
    buffers: [
      { dtype, use: "read", elements },
      { dtype: "float32", use: "write", elements },
    ],
    accesses: [whole(0), whole(1)],
    scalars: [],
    expression: [{ op: "load", access: 0, dtype: "float32" }],
    stores: [{ access: 1, value: 0 }],
  };
  return {
    bound: replaceOperand(bound, side, { ...access, buffer: kernel.buffers.length }, elements, temporaryId, "float32"),
    copy: { kernel: copy, buffers: [bound.buffers[access.buffer]!, temporaryId], scalars: [] },
    temporary: { dtype: "float32", elements },
  };
}
