/** Elementwise functions of two tensors, with NumPy's broadcasting and dtype promotion. */
import { isFloat } from "../../dtype/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { binary, broadcastTogether, constantLike, promote, toDType } from "../promote.ts";
import { truth } from "./elementwise.ts";

/** A function of two tensors that broadcasts. */
export type BinaryOp = (x: TensorLike, y: TensorLike) => Tensor;

function binaryOp(name: string, primitive: (x: Tensor, y: Tensor) => Tensor, float = false): BinaryOp {
  return defineOp(name, (x: TensorLike, y: TensorLike) => binary(x, y, primitive, float));
}

/** Arithmetic on booleans counts them as int32, but for `and`/`or`-like add and multiply, which NumPy keeps bool. */
function numeric(primitive: (x: Tensor, y: Tensor) => Tensor, onBool: (x: Tensor, y: Tensor) => Tensor): (x: Tensor, y: Tensor) => Tensor {
  return (x, y) => (x.dtype === "bool" ? onBool(x, y) : primitive(x, y));
}

/** `x + y`. Two booleans: logical or. */
export const add: BinaryOp = binaryOp("add", numeric(P.add, P.or));
/** `x - y`. */
export const subtract: BinaryOp = binaryOp("subtract", numeric(P.subtract, P.xor));
/** `x * y`. Two booleans: logical and. */
export const multiply: BinaryOp = binaryOp("multiply", numeric(P.multiply, P.and));
/** `x / y`; integers become float32. */
export const divide: BinaryOp = binaryOp("divide", P.divide, true);
/** `x / y`; integers become float32. */
export const trueDivide: BinaryOp = divide;
/** The larger. NaN if either is NaN. At a tie the gradient goes to `x`. */
export const maximum: BinaryOp = binaryOp("maximum", numeric(P.maximum, P.or));
/** The smaller. NaN if either is NaN. At a tie the gradient goes to `x`. */
export const minimum: BinaryOp = binaryOp("minimum", numeric(P.minimum, P.and));
/** Angle of the point (y, x): `arctan2(x1 = y, x2 = x)`. */
export const arctan2: BinaryOp = binaryOp("arctan2", P.atan2, true);

/** `x / y`, and 0 where y is 0; no gradient flows there. */
export const divideNoNan: BinaryOp = binaryOp(
  "divideNoNan",
  (x, y) => {
    const zero = P.equal(y, constantLike(0, y));
    return P.select(zero, constantLike(0, x), P.divide(x, P.select(zero, constantLike(1, y), y)));
  },
  true,
);

/** `x` to the power `y`. Integers: by repeated squaring, wrapping modulo 2^32; a negative exponent gives 0 (1 and -1 excepted). */
export const power: BinaryOp = binaryOp("power", (x, y) => (isFloat(x.dtype) ? P.power(x, y) : integerPower(x, y)));

function integerPower(base: Tensor, exponent: Tensor): Tensor {
  const x = base.dtype === "int32" ? base : P.convert(base, "int32");
  const n = exponent.dtype === "int32" ? exponent : P.convert(exponent, "int32");
  const one = constantLike(1, n);
  const zero = constantLike(0, n);
  const magnitude = P.maximum(n, zero);
  let result = constantLike(1, x);
  let factor = x;
  for (let bit = 0; bit < 31; bit++) {
    const set = P.notEqual(P.and(P.shiftRightLogical(magnitude, constantLike(bit, n)), one), zero);
    result = P.select(set, P.multiply(result, factor), result);
    factor = P.multiply(factor, factor);
  }
  const odd = P.equal(P.and(n, one), one);
  const unit = P.select(P.equal(x, one), one, P.select(P.equal(x, P.negate(one)), P.select(odd, P.negate(one), one), zero));
  return P.select(P.less(n, zero), unit, result);
}

/** Remainder with the sign of `y`: `x - y * floor(x / y)`. */
export const mod: BinaryOp = binaryOp("mod", (x, y) => {
  const rest = P.remainder(x, y);
  const zero = constantLike(0, x);
  const wrong = P.and(P.notEqual(rest, zero), P.notEqual(P.less(rest, zero), P.less(y, zero)));
  return P.select(wrong, P.add(rest, y), rest);
});

/** `floor(x / y)`. */
export const floorDivide: BinaryOp = binaryOp("floorDivide", (x, y) => {
  if (isFloat(x.dtype)) return P.floor(P.divide(x, y));
  const quotient = P.divide(x, y);
  const rest = P.remainder(x, y);
  const zero = constantLike(0, x);
  const wrong = P.and(P.notEqual(rest, zero), P.notEqual(P.less(rest, zero), P.less(y, zero)));
  return P.select(wrong, P.subtract(quotient, constantLike(1, x)), quotient);
});

/** `log(e^x + e^y)`, without overflow. The gradient is the sigmoid of the difference. */
export const logaddexp: BinaryOp = binaryOp(
  "logaddexp",
  (x, y) => {
    const larger = P.maximum(x, y);
    const gap = P.negate(P.abs(P.subtract(x, y)));
    return P.withGradient(P.add(larger, P.log1p(P.exp(gap))), [x, y], (cotangent) => [
      P.multiply(cotangent, P.sigmoid(P.subtract(x, y))),
      P.multiply(cotangent, P.sigmoid(P.subtract(y, x))),
    ]);
  },
  true,
);

/** `x = y`, elementwise. */
export const equal: BinaryOp = binaryOp("equal", P.equal);
/** `x != y`, elementwise. */
export const notEqual: BinaryOp = binaryOp("notEqual", P.notEqual);
/** `x < y`, elementwise. */
export const less: BinaryOp = binaryOp("less", P.less);
/** `x <= y`, elementwise. */
export const lessEqual: BinaryOp = binaryOp("lessEqual", P.lessEqual);
/** `x > y`, elementwise. */
export const greater: BinaryOp = binaryOp("greater", P.greater);
/** `x >= y`, elementwise. */
export const greaterEqual: BinaryOp = binaryOp("greaterEqual", P.greaterEqual);

function logicalOp(name: string, primitive: (x: Tensor, y: Tensor) => Tensor): BinaryOp {
  return defineOp(name, (x: TensorLike, y: TensorLike) => {
    const [a, b] = broadcastTogether([truth(x), truth(y)]);
    return primitive(a!, b!);
  });
}
/** Whether both are true (not zero). */
export const logicalAnd: BinaryOp = logicalOp("logicalAnd", P.and);
/** Whether one or both are true (not zero). */
export const logicalOr: BinaryOp = logicalOp("logicalOr", P.or);
/** Whether exactly one is true (not zero). */
export const logicalXor: BinaryOp = logicalOp("logicalXor", P.xor);

/** Options of `isclose`. */
export interface IscloseOptions {
  rtol?: number;
  atol?: number;
  /** Whether two NaN are close. */
  equalNan?: boolean;
}
/** `|x - y| <= atol + rtol * |y|`; equal infinities are close. */
export const isclose: (x: TensorLike, y: TensorLike, options?: IscloseOptions) => Tensor = defineOp(
  "isclose",
  (x: TensorLike, y: TensorLike, ...rest: [IscloseOptions?]) => {
    const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options<IscloseOptions>(["rtol", "atol", "equalNan"], rest);
    return binary(
      x,
      y,
      (a, b) => {
        const bound = P.add(constantLike(atol, b), P.multiply(constantLike(rtol, b), P.abs(b)));
        const near = P.and(P.lessEqual(P.abs(P.subtract(a, b)), bound), P.isFinite(b));
        const close = P.or(near, P.equal(a, b));
        return equalNan ? P.or(close, P.and(P.notEqual(a, a), P.notEqual(b, b))) : close;
      },
      true,
    );
  },
);

/** `x1` where `condition` is true (not zero), else `x2`; the three broadcast. */
export const where: (condition: TensorLike, x1: TensorLike, x2: TensorLike) => Tensor = defineOp(
  "where",
  (condition: TensorLike, x1: TensorLike, x2: TensorLike) => {
    const [a, b] = promote([x1, x2]);
    const [test, yes, no] = broadcastTogether([truth(condition), a!, b!]);
    return P.select(test!, yes!, no!);
  },
);

/** `x` moved into [min, max]; at the bounds the gradient passes. */
export const clip: (x: TensorLike, xMin: TensorLike, xMax: TensorLike) => Tensor = defineOp(
  "clip",
  (x: TensorLike, xMin: TensorLike, xMax: TensorLike) => {
    const t = asTensor(x);
    const dtype = t.dtype === "bool" ? "int32" : t.dtype;
    const [a, low, high] = broadcastTogether([toDType(t, dtype), toDType(xMin, dtype), toDType(xMax, dtype)]);
    return P.minimum(P.maximum(a!, low!), high!);
  },
);
