/** Elementwise functions of one tensor, with NumPy's names. Integers become float32 where the result is a fraction. */
import { type DType, isFloat, largestFinite } from "../../dtype/index.ts";
import { concreteShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { broadcast, castTo, constantLike, toFloat, widely } from "../promote.ts";

/** A function of one tensor. */
export type UnaryOp = (x: TensorLike) => Tensor;

function floatOp(name: string, primitive: (x: Tensor) => Tensor): UnaryOp {
  return defineOp(name, (x: TensorLike) => primitive(toFloat(x)));
}

/** Of a dtype that stays: booleans become int32. */
function numeric(x: TensorLike): Tensor {
  const tensor = asTensor(x);
  return tensor.dtype === "bool" ? P.convert(tensor, "int32") : tensor;
}

/** `e^x`. */
export const exp: UnaryOp = floatOp("exp", P.exp);
/** `e^x - 1`, accurate near 0. */
export const expm1: UnaryOp = floatOp("expm1", P.expm1);
/** Natural logarithm; NaN below 0, -Infinity at 0. */
export const log: UnaryOp = floatOp("log", P.log);
/** `log(1 + x)`, accurate near 0. */
export const log1p: UnaryOp = floatOp("log1p", P.log1p);
/** Logarithm to base 2. */
export const log2: UnaryOp = floatOp("log2", (x) => P.multiply(P.log(x), constantLike(Math.LOG2E, x)));
/** Logarithm to base 10. */
export const log10: UnaryOp = floatOp("log10", (x) => P.multiply(P.log(x), constantLike(Math.LOG10E, x)));
/** Square root; NaN below 0. */
export const sqrt: UnaryOp = floatOp("sqrt", P.sqrt);
/** `1 / sqrt(x)`. */
export const rsqrt: UnaryOp = floatOp("rsqrt", P.rsqrt);
/** Sine. */
export const sin: UnaryOp = floatOp("sin", P.sin);
/** Cosine. */
export const cos: UnaryOp = floatOp("cos", P.cos);
/** Tangent. */
export const tan: UnaryOp = floatOp("tan", P.tan);
/** Inverse sine. */
export const arcsin: UnaryOp = floatOp("arcsin", P.asin);
/** Inverse cosine. */
export const arccos: UnaryOp = floatOp("arccos", P.acos);
/** Inverse tangent. */
export const arctan: UnaryOp = floatOp("arctan", P.atan);
/** Hyperbolic sine. */
export const sinh: UnaryOp = floatOp("sinh", P.sinh);
/** Hyperbolic cosine. */
export const cosh: UnaryOp = floatOp("cosh", P.cosh);
/** Hyperbolic tangent. */
export const tanh: UnaryOp = floatOp("tanh", P.tanh);
/** Inverse hyperbolic sine. */
export const arcsinh: UnaryOp = floatOp("arcsinh", P.asinh);
/** Inverse hyperbolic cosine. */
export const arccosh: UnaryOp = floatOp("arccosh", P.acosh);
/** Inverse hyperbolic tangent. */
export const arctanh: UnaryOp = floatOp("arctanh", P.atanh);
/** Gauss's error function `2/sqrt(pi) * integral of e^(-t^2) from 0 to x`. */
export const erf: UnaryOp = floatOp("erf", P.erf);
/** `1 / x`. */
export const reciprocal: UnaryOp = floatOp("reciprocal", (x) => P.divide(constantLike(1, x), x));

/** What is true of numbers only; booleans stay as they are. */
function ofNumbers(f: (x: Tensor) => Tensor): (x: TensorLike) => Tensor {
  return (x) => {
    const tensor = asTensor(x);
    return tensor.dtype === "bool" ? tensor : f(tensor);
  };
}

/** Absolute value; booleans stay booleans. */
export const abs: UnaryOp = defineOp("abs", ofNumbers(P.abs));
/** Absolute value. */
export const absolute: UnaryOp = abs;
/** `-x`. */
export const negative: UnaryOp = defineOp("negative", (x: TensorLike) => P.negate(numeric(x)));
/** -1, 0 or 1; booleans stay booleans. Its gradient is zero. */
export const sign: UnaryOp = defineOp("sign", ofNumbers(P.sign));
/** `x * x`. */
export const square: UnaryOp = defineOp("square", (x: TensorLike) => {
  const t = numeric(x);
  return P.multiply(t, t);
});
/** The largest integer that is not larger. Its gradient is zero. */
export const floor: UnaryOp = floatOp("floor", P.floor);
/** The smallest integer that is not smaller. Its gradient is zero. */
export const ceil: UnaryOp = floatOp("ceil", P.ceil);
/** Rounded to `decimals` decimals, halves to the even neighbour. */
export const round: (x: TensorLike, decimals?: number | { decimals?: number }) => Tensor = defineOp(
  "round",
  (x: TensorLike, ...rest: [(number | { decimals?: number })?]) => {
    const { decimals = 0 } = options<{ decimals: number }>(["decimals"], rest);
    const t = asTensor(x);
    if (!isFloat(t.dtype)) return t;
    if (decimals === 0) return P.round(t);
    return widely(t, (wide) => {
      const scale = constantLike(10 ** decimals, wide);
      return P.divide(P.round(P.multiply(wide, scale)), scale);
    });
  },
);

/** Whether each element is finite. */
export const isfinite: UnaryOp = defineOp("isfinite", (x: TensorLike) => P.isFinite(toFloat(x)));
/** Whether each element is NaN. */
export const isnan: UnaryOp = defineOp("isnan", (x: TensorLike) => {
  const t = asTensor(x);
  return P.notEqual(t, t);
});
/** Whether each element is Infinity or -Infinity. */
export const isinf: UnaryOp = defineOp("isinf", (x: TensorLike) => {
  const t = toFloat(x);
  return P.equal(P.abs(t), constantLike(Infinity, t));
});
/** Alias of `isfinite`. */
export const isFinite: UnaryOp = isfinite;
/** Alias of `isnan`. */
export const isNan: UnaryOp = isnan;
/** Alias of `isinf`. */
export const isInf: UnaryOp = isinf;

/** Whether each element is false or zero. */
export const logicalNot: UnaryOp = defineOp("logicalNot", (x: TensorLike) => P.not(truth(x)));

/**
 * NaN replaced by `nan`, Infinity and -Infinity by `posinf` and `neginf` (default: the largest float32). Integers and
 * booleans, which have none of these, stay as they are.
 */
export const nanToNum: (x: TensorLike, options?: { nan?: number; posinf?: number | null; neginf?: number | null }) => Tensor = defineOp(
  "nanToNum",
  (x: TensorLike, ...rest: [{ nan?: number; posinf?: number | null; neginf?: number | null }?]) => {
    const t = asTensor(x);
    if (!isFloat(t.dtype)) return t;
    const { nan = 0, posinf, neginf } = rest[0] ?? {};
    const largest = largestFinite(t.dtype);
    const finite = P.select(P.equal(t, constantLike(Infinity, t)), constantLike(posinf ?? largest, t), t);
    const both = P.select(P.equal(t, constantLike(-Infinity, t)), constantLike(neginf ?? -largest, t), finite);
    return P.select(P.notEqual(t, t), constantLike(nan, t), both);
  },
);

/** The same values. */
export const copy: UnaryOp = defineOp("copy", (x: TensorLike) => asTensor(x));

/**
 * Inverse of `erf` on (-1, 1). Giles, "Approximating the erfinv function" (GPU Computing Gems 2, 2011), single-precision
 * polynomials: relative error below 4e-7. The gradient is `sqrt(pi)/2 * e^(y^2)`.
 */
export const erfinv: UnaryOp = floatOp("erfinv", (x) => {
  const c = (value: number): Tensor => constantLike(value, x);
  const polynomial = (w: Tensor, coefficients: readonly number[]): Tensor =>
    coefficients.slice(1).reduce((sum, k) => P.add(P.multiply(sum, w), c(k)), c(coefficients[0]!));
  // log1p keeps 1 - x^2 exact near 0; (1 - x)(1 + x) would lose it near 1.
  const w = P.negate(P.log(P.multiply(P.subtract(c(1), x), P.add(c(1), x))));
  const near = polynomial(
    P.subtract(w, c(2.5)),
    [2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941],
  );
  const far = polynomial(
    P.subtract(P.sqrt(w), c(3)),
    [-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682],
  );
  const y = P.multiply(P.select(P.less(w, c(5)), near, far), x);
  const ends = P.select(P.equal(P.abs(x), c(1)), P.multiply(x, c(Infinity)), y);
  const out: Tensor = P.withGradient(ends, [x], (cotangent) => [
    P.multiply(cotangent, P.multiply(c(Math.sqrt(Math.PI) / 2), P.exp(P.multiply(out, out)))),
  ]);
  return out;
});

/** A bool tensor: whether each element is not zero. */
export function truth(x: TensorLike): Tensor {
  const t = asTensor(x);
  return t.dtype === "bool" ? t : P.notEqual(t, broadcast(P.constant(0, t.dtype), concreteShape(t)));
}

/** `x` converted to another dtype. To bool: whether it is not zero. Floats to integers truncate, NaN becomes 0, out of range saturates. */
export const cast: (x: TensorLike, dtype: DType) => Tensor = defineOp("cast", (x: TensorLike, dtype: DType) =>
  dtype === "bool" ? truth(x) : castTo(asTensor(x), dtype),
);
