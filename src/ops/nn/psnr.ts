/** How much of a signal is noise. */
import { ShapeError } from "../../errors.ts";
import { currentScope, formatShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { normalizeAxes } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { meanOver } from "../numpy/reduce.ts";
import { castTo, constantLike, toFloat, widely } from "../promote.ts";

/** Peak signal-to-noise ratio in decibels: `20 log10(max) - 10 log10(mean((x1 - x2)^2))`. Throws ShapeError for different shapes. */
export const psnr: (x1: TensorLike, x2: TensorLike, maxVal: number) => Tensor = defineOp(
  "psnr",
  (x1: TensorLike, x2: TensorLike, maxVal: number) => {
    const a = toFloat(x1);
    const b = castTo(toFloat(x2), a.dtype);
    if (a.rank !== b.rank || a.shape.some((extent, axis) => extent !== b.shape[axis])) {
      throw new ShapeError({
        where: currentScope(),
        problem: "the two signals have different shapes",
        expected: formatShape(a.shape),
        received: formatShape(b.shape),
      });
    }
    return widely(P.subtract(a, b), (gap) => {
      const mean = meanOver(P.multiply(gap, gap), normalizeAxes(null, gap.rank));
      const ratio = P.multiply(P.log(mean), constantLike(-10 / Math.LN10, mean));
      return P.add(ratio, constantLike(20 * Math.log10(maxVal), ratio));
    });
  },
);
