/** Values of short floating-point formats, kept in float32. */
import { DTypeError } from "../../errors.ts";
import { currentScope, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { constantLike } from "../promote.ts";

/** A format with fewer bits than float32: bfloat16 (8 bits of exponent, 7 of fraction), float16 (5 and 10). */
export type ShortFormat = "bfloat16" | "float16";

/** Bits of float32's fraction that a format lacks. */
const dropped: Readonly<Record<ShortFormat, number>> = { bfloat16: 16, float16: 13 };

/**
 * Every element rounded to the nearest value of a short format, ties to even: what storing it in 16 bits and reading it
 * again gives, exactly (float16: above 65,519 infinite, below 2^-14 multiples of 2^-24; bfloat16: subnormal numbers may
 * become 0). The cotangent is rounded likewise, as mixed precision does. Shapes: any -> the same. Throws DTypeError unless
 * x is float32.
 */
export function roundToFormat(x: Tensor, format: ShortFormat): Tensor {
  if (x.dtype !== "float32")
    throw new DTypeError({
      where: currentScope() || "roundToFormat",
      problem: `only float32 is rounded to ${format}`,
      expected: "float32",
      received: x.dtype,
    });
  return P.withGradient(rounded(x, format), [x], (cotangent) => [roundToFormat(cotangent, format)]);
}

function rounded(x: Tensor, format: ShortFormat): Tensor {
  const short = toFraction(x, dropped[format]);
  if (format === "bfloat16") return short;
  const size = P.abs(x);
  // Below the least normal number, values lie evenly.
  const step = 2 ** -24;
  const even = P.multiply(P.round(P.multiply(x, constantLike(1 / step, x))), constantLike(step, x));
  const sign = P.select(P.less(x, constantLike(0, x)), constantLike(-Infinity, x), constantLike(Infinity, x));
  const bounded = P.select(P.greater(P.abs(short), constantLike(65_504, x)), sign, short);
  const value = P.select(P.less(size, constantLike(2 ** -14, x)), even, bounded);
  return P.select(P.notEqual(x, x), x, value);
}

/** x without the last `bits` bits of its fraction, rounded to the nearest, ties to even. Infinities stay; NaN stays NaN. */
function toFraction(x: Tensor, bits: number): Tensor {
  const word = P.bitcast(x, "int32");
  const c = (value: number): Tensor => constantLike(value, word);
  const odd = P.and(P.shiftRightLogical(word, c(bits)), c(1));
  const up = P.add(P.add(word, c((1 << (bits - 1)) - 1)), odd);
  const value = P.bitcast(P.and(up, c(-(2 ** bits))), "float32");
  // Counting up from the bits of a NaN may end anywhere.
  return P.select(P.notEqual(x, x), x, value);
}
