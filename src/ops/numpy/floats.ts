/** Further elementwise functions of floats: parts, limits, powers, angles. */
import { isFloat, widened } from "../../dtype/index.ts";
import { DTypeError } from "../../errors.ts";
import { concreteShape, currentScope, Tensor } from "../../graph/index.ts";
import { Variable } from "../../graph/variable.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { binary, broadcastTogether, castTo, constantLike, toFloat, widely } from "../promote.ts";
import { type BinaryOp, isclose, type IscloseOptions } from "./arithmetic.ts";
import type { UnaryOp } from "./elementwise.ts";

function floatOp(name: string, f: (x: Tensor) => Tensor): UnaryOp {
  return defineOp(name, (x: TensorLike) => widely(toFloat(x), f));
}
function floatBinary(name: string, f: (x: Tensor, y: Tensor) => Tensor): BinaryOp {
  return defineOp(name, (x: TensorLike, y: TensorLike) => binary(x, y, f, true));
}

/** Absolute value as a float. */
export const fabs: UnaryOp = floatOp("fabs", P.abs);
/** `2^x`. */
export const exp2: UnaryOp = floatOp("exp2", (x) => P.exp(P.multiply(x, constantLike(Math.LN2, x))));
/** Cube root, of negative numbers too. The gradient is `1 / (3 y^2)`. */
export const cbrt: UnaryOp = floatOp("cbrt", (x) => {
  const c = (value: number): Tensor => constantLike(value, x);
  const guess = P.power(P.abs(x), c(1 / 3));
  // One step of Newton's method: 1/3 is no float.
  const better = P.subtract(guess, P.divide(P.subtract(P.multiply(P.multiply(guess, guess), guess), P.abs(x)), P.multiply(c(3), P.multiply(guess, guess)))); // prettier-ignore
  const plain = P.or(P.equal(x, c(0)), P.not(P.isFinite(better)));
  const value = P.multiply(P.sign(x), P.select(plain, guess, better));
  const out: Tensor = P.withGradient(value, [x], (cotangent) => [P.divide(cotangent, P.multiply(c(3), P.multiply(out, out)))]);
  return out;
});
/** `sin(pi x) / (pi x)`, and 1 at 0. */
export const sinc: UnaryOp = floatOp("sinc", (x) => {
  const c = (value: number): Tensor => constantLike(value, x);
  const small = P.less(P.abs(x), c(1e-3));
  const angle = P.multiply(c(Math.PI), P.select(small, c(1), x));
  // Near 0 by its series, which has derivatives there.
  const square = P.multiply(P.multiply(x, x), c(Math.PI * Math.PI));
  const series = P.subtract(c(1), P.multiply(square, P.subtract(c(1 / 6), P.multiply(square, c(1 / 120)))));
  return P.select(small, series, P.divide(P.sin(angle), angle));
});
/** Whole number next to x towards 0. Integers stay what they are. */
export const trunc: UnaryOp = defineOp("trunc", (x: TensorLike) => {
  const t = asTensor(x);
  if (!isFloat(t.dtype)) return t;
  return P.select(P.less(t, constantLike(0, t)), P.ceil(t), P.floor(t));
});
/** Degrees to radians. */
export const deg2rad: UnaryOp = floatOp("deg2rad", (x) => P.multiply(x, constantLike(Math.PI / 180, x)));
/** Radians to degrees. */
export const rad2deg: UnaryOp = floatOp("rad2deg", (x) => P.multiply(x, constantLike(180 / Math.PI, x)));
/** Whether x is -Infinity. */
export const isneginf: UnaryOp = floatOp("isneginf", (x) => P.equal(x, constantLike(-Infinity, x)));
/** Whether x is Infinity. */
export const isposinf: UnaryOp = floatOp("isposinf", (x) => P.equal(x, constantLike(Infinity, x)));
/** Whether the sign bit is set: negative numbers, -0 and negative NaN (float64: without telling NaN apart). */
export const signbit: UnaryOp = defineOp("signbit", (x: TensorLike) => {
  const t = asTensor(x);
  if (widened(t.dtype) === "float32") {
    const bits = P.bitcast(castTo(t, "float32"), "int32");
    return P.less(bits, constantLike(0, bits));
  }
  const n = t.dtype === "bool" ? P.convert(t, "int32") : t;
  const negative = P.less(n, constantLike(0, n));
  // 1 / -0 is -Infinity.
  return isFloat(n.dtype)
    ? P.or(negative, P.and(P.equal(n, constantLike(0, n)), P.less(P.divide(constantLike(1, n), n), constantLike(0, n))))
    : negative;
});

/** The larger; a NaN beside a number gives the number. */
export const fmax: BinaryOp = defineOp("fmax", (x: TensorLike, y: TensorLike) =>
  binary(x, y, (a, b) => P.select(P.or(P.greaterEqual(a, b), P.notEqual(b, b)), a, b)),
);
/** The smaller; a NaN beside a number gives the number. */
export const fmin: BinaryOp = defineOp("fmin", (x: TensorLike, y: TensorLike) =>
  binary(x, y, (a, b) => P.select(P.or(P.lessEqual(a, b), P.notEqual(b, b)), a, b)),
);
/** Remainder of division with the sign of x. */
export const fmod: BinaryOp = defineOp("fmod", (x: TensorLike, y: TensorLike) => binary(x, y, P.remainder));
/** 0 below 0, 1 above 0, x2 at 0. */
export const heaviside: BinaryOp = floatBinary("heaviside", (x, y) => {
  const zero = constantLike(0, x);
  const step = P.select(P.greater(x, zero), constantLike(1, x), P.select(P.equal(x, zero), y, zero));
  return P.select(P.notEqual(x, x), x, step);
});
/** `sqrt(x^2 + y^2)` without overflow. */
export const hypot: BinaryOp = floatBinary("hypot", (x, y) => {
  const [a, b] = [P.abs(x), P.abs(y)];
  const large = P.maximum(a, b);
  const zero = constantLike(0, x);
  const safe = P.stopGradient(P.select(P.or(P.equal(large, zero), P.not(P.isFinite(large))), constantLike(1, x), large));
  const [u, v] = [P.divide(x, safe), P.divide(y, safe)];
  const size = P.multiply(safe, P.sqrt(P.add(P.multiply(u, u), P.multiply(v, v))));
  const infinite = P.or(P.equal(a, constantLike(Infinity, x)), P.equal(b, constantLike(Infinity, x)));
  const value = P.select(infinite, constantLike(Infinity, x), size);
  const out: Tensor = P.withGradient(value, [x, y], (cotangent) => {
    const scale = P.select(P.equal(out, zero), zero, P.divide(cotangent, P.select(P.equal(out, zero), constantLike(1, x), out)));
    return [P.multiply(scale, x), P.multiply(scale, y)];
  });
  return out;
});
/** `x * 2^n` for an integer n. The two factors keep results near the ends of the range. */
export const ldexp: BinaryOp = defineOp("ldexp", (x1: TensorLike, x2: TensorLike) => {
  const x = toFloat(x1);
  const given = asTensor(x2);
  if (isFloat(given.dtype) && (x2 instanceof Tensor || x2 instanceof Variable)) {
    throw new DTypeError({ where: currentScope(), problem: "the exponent must be an integer", received: given.toString() });
  }
  const [a, n] = broadcastTogether([x, castTo(given, "int32")]) as [Tensor, Tensor];
  const first = P.shiftRightArithmetic(n, constantLike(1, n));
  const power = (k: Tensor): Tensor => powerOfTwo(k, a);
  return P.multiply(P.multiply(a, power(first)), power(P.subtract(n, first)));
});

/** Exactly `2^k` in the dtype of `like`: by its bits where those are float32, else by repeated squaring. */
function powerOfTwo(k: Tensor, like: Tensor): Tensor {
  const c = (value: number): Tensor => constantLike(value, k);
  if (like.dtype === "float32") {
    const clipped = P.minimum(P.maximum(k, c(-126)), c(128));
    // 128 gives the bits of Infinity.
    const value = P.bitcast(P.shiftLeft(P.add(clipped, c(127)), c(23)), "float32");
    const flushed = constantLike(0, value);
    return P.select(P.less(k, c(-126)), flushed, value);
  }
  const size = P.minimum(P.abs(k), c(2047));
  let result = constantLike(1, like);
  for (let bit = 0; bit < 11; bit++) {
    const set = P.notEqual(P.and(P.shiftRightLogical(size, c(bit)), c(1)), c(0));
    const factor = constantLike(2 ** Math.min(1023, 2 ** bit), like);
    result = P.select(set, P.multiply(result, factor), result);
  }
  return P.select(P.less(k, c(0)), P.divide(constantLike(1, like), result), result);
}

/** `log2(2^x + 2^y)`, without overflow. */
export const logaddexp2: BinaryOp = floatBinary("logaddexp2", (x, y) => {
  const scale = constantLike(Math.LN2, x);
  const gap = P.negate(P.abs(P.subtract(x, y)));
  const same = P.equal(x, y);
  const rest = P.divide(P.log1p(P.exp(P.multiply(P.select(same, constantLike(0, x), gap), scale))), scale);
  return P.withGradient(P.add(P.maximum(x, y), rest), [x, y], (cotangent) => [
    P.multiply(cotangent, P.sigmoid(P.multiply(P.subtract(x, y), scale))),
    P.multiply(cotangent, P.sigmoid(P.multiply(P.subtract(y, x), scale))),
  ]);
});

/** The next float32 after x1 towards x2. Throws DTypeError for float64. */
export const nextafter: BinaryOp = defineOp("nextafter", (x1: TensorLike, x2: TensorLike) =>
  binary(
    x1,
    x2,
    (x, y) => {
      if (x.dtype !== "float32") {
        throw new DTypeError({
          where: currentScope(),
          problem: "needs float32",
          received: x.dtype,
          advice: 'convert: ops.cast(x, "float32")',
        });
      }
      const bits = P.bitcast(x, "int32");
      const c = (value: number): Tensor => constantLike(value, bits);
      const zero = constantLike(0, x);
      // Bits of equal sign are ordered as the magnitudes are.
      const away = P.equal(P.less(x, y), P.greater(x, zero));
      const step = P.bitcast(P.add(bits, P.select(away, c(1), c(-1))), "float32");
      const smallest = P.bitcast(P.select(P.greater(y, zero), c(1), c(-2147483647)), "float32");
      const moved = P.select(P.equal(x, zero), smallest, step);
      const isNan = P.or(P.notEqual(x, x), P.notEqual(y, y));
      return P.select(isNan, constantLike(NaN, x), P.select(P.equal(x, y), y, moved));
    },
    true,
  ),
);

/** Whether all elements are close: `all(isclose(x1, x2))`. */
export const allclose: (x1: TensorLike, x2: TensorLike, options?: IscloseOptions) => Tensor = defineOp(
  "allclose",
  (x1: TensorLike, x2: TensorLike, ...rest: [IscloseOptions?]) => {
    const close = isclose(x1, x2, options<IscloseOptions>(["rtol", "atol", "equalNan"], rest));
    return P.reduceAll(close, concreteShape(close).map((_, axis) => axis)); // prettier-ignore
  },
);
