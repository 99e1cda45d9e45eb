/** Padding and widths as mobile networks have them. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { describe } from "../layers/layer-options.ts";

/** Zeros before and behind each axis, so that a convolution of stride 2 without padding of its own sees the image's centre. */
export function paddingForStride2(x: Tensor, kernelSize: number): [[number, number], [number, number]] {
  const half = Math.floor(kernelSize / 2);
  const before = (extent: number | null | undefined): number => half - (extent == null || x.shape[1] === null ? 1 : 1 - (extent % 2));
  return [
    [before(x.shape[1]), half],
    [before(x.shape[2]), half],
  ];
}

/** The multiple of `divisor` nearest to `width`, at least `divisor`. */
export function nearestMultiple(width: number, divisor = 8): number {
  return Math.max(divisor, Math.floor(Math.trunc(width + divisor / 2) / divisor) * divisor);
}

/** The multiple of `divisor` nearest to `width`, at least `divisor`, and never more than a tenth below `width`. */
export function divisibleWidth(width: number, divisor = 8): number {
  const rounded = nearestMultiple(width, divisor);
  return rounded < 0.9 * width ? rounded + divisor : rounded;
}

/** `alpha`, the factor of the number of filters of every layer. Throws ValueError where it is none. */
export function widthFactor(where: string, alpha: number): number {
  if (Number.isFinite(alpha) && alpha > 0) return alpha;
  throw new ValueError({ where, problem: "alpha is a factor of widths", expected: "alpha > 0", received: describe(alpha) });
}
