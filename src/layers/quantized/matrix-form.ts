/** Products of the last axis with a matrix. */
import * as ops from "../../ops/index.ts";
import type { ProductForm } from "./forms.ts";

/** `x K` over the last axis of x, with K `[inputs, outputs]` and scales `[outputs]`. */
export function matrixForm(inputs: number, outputs: number): ProductForm {
  return {
    kernelShape: [inputs, outputs],
    kernelAxes: [0],
    inputAxes: [-1],
    scaleShape: [outputs],
    kernelScale: { align: (scale) => ops.squeeze(scale, { axis: 0 }), spread: (scale) => scale },
    inputScale: { align: (scale) => scale },
    isMatrix: true,
    multiply: (x, kernel) => ops.matmul(x, kernel),
    inputGradient: (upstream, kernel) => ops.matmul(upstream, ops.transpose(kernel)),
  };
}
