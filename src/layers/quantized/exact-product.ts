/** Products of small whole numbers, exact in float32. */
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { ProductForm } from "./forms.ts";

/** Up to here float32 holds every whole number. */
const exactBound = 2 ** 24;

/**
 * The product of whole numbers as the float nearest to it: `largest` bounds the product of two of them. Sums that float32
 * holds exactly are computed in it, where products are fastest; longer ones in parts, which int32 adds.
 */
export function exactProduct(form: ProductForm, x: Tensor, kernel: Tensor, largest: number): Tensor {
  const float = (t: Tensor): Tensor => ops.cast(t, "float32");
  const length = (axis: number): number => form.kernelShape[axis]!;
  const summed = form.kernelAxes.reduce((product, axis) => product * length(axis), 1);
  const possible = Math.floor(exactBound / largest);
  if (summed <= possible) return form.multiply(float(x), float(kernel));
  const longest = form.kernelAxes.reduce((best, axis, i) => (length(axis) > length(form.kernelAxes[best]!) ? i : best), 0);
  const [axis, along] = [form.kernelAxes[longest]!, form.inputAxes[longest]!];
  const step = Math.floor((possible * length(axis)) / summed);
  if (step === 0) return float(form.multiply(ops.cast(x, "int32"), ops.cast(kernel, "int32")));
  let sum: Tensor | null = null;
  for (let from = 0; from < length(axis); from += step) {
    const count = Math.min(step, length(axis) - from);
    const part = form.multiply(float(slice(x, along, from, count)), float(slice(kernel, axis, from, count)));
    const whole = ops.cast(part, "int32");
    sum = sum === null ? whole : ops.add(sum, whole);
  }
  return float(sum!);
}

function slice(x: Tensor, axis: number, from: number, count: number): Tensor {
  const at = axis < 0 ? axis + x.rank : axis;
  const starts = x.shape.map((_, i) => (i === at ? from : 0));
  return ops.slice(x, starts, x.shape.map((extent, i) => (i === at ? count : extent!))); // prettier-ignore
}
