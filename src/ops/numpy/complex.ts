/**
 * Complex numbers. There is no complex dtype: a complex tensor is a pair `[real, imaginary]` of tensors of one shape, as
 * Keras's `fft` takes and gives it; a tensor that is no pair is real.
 */
import { concreteShape, Tensor } from "../../graph/index.ts";
import { Variable } from "../../graph/variable.ts";
import * as P from "../../primitives/index.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { broadcastTogether, constantLike, promote, toFloat } from "../promote.ts";
import { sliceAxis } from "./shaping.ts";

/** Real and imaginary parts. */
export type Complex = readonly [real: TensorLike, imaginary: TensorLike];

/** Whether `x` is a pair of tensors and not data. */
function isPair(x: TensorLike | Complex): x is Complex {
  return Array.isArray(x) && x.length === 2 && x.some((part) => part instanceof Tensor || part instanceof Variable);
}

/** The two parts as floats of one shape. */
export function partsOf(x: Complex): [Tensor, Tensor] {
  const [real, imaginary] = broadcastTogether(promote([toFloat(x[0]), toFloat(x[1])], true)) as [Tensor, Tensor];
  return [real, imaginary];
}

/** The real part; of a real tensor: itself. */
export const real: (x: TensorLike | Complex) => Tensor = defineOp("real", (x: TensorLike | Complex) =>
  isPair(x) ? partsOf(x)[0] : asTensor(x),
);
/** The imaginary part; of a real tensor: zeros. */
export const imag: (x: TensorLike | Complex) => Tensor = defineOp("imag", (x: TensorLike | Complex) => {
  if (isPair(x)) return partsOf(x)[1];
  const t = asTensor(x);
  return constantLike(0, t);
});

/** `a - b i` for `a + b i`; a real tensor is its own conjugate. */
export interface ConjugateOp {
  (x: TensorLike): Tensor;
  (x: Complex): [Tensor, Tensor];
}
/** The complex conjugate: the imaginary part negated. A real tensor is its own. */
export const conjugate: ConjugateOp = defineOp("conjugate", (x: TensorLike | Complex) => {
  if (!isPair(x)) return asTensor(x);
  const [a, b] = partsOf(x);
  return [a, P.negate(b)];
}) as ConjugateOp;
/** The complex conjugate. */
export const conj: ConjugateOp = conjugate;

/** Whether each element has no imaginary part. */
export const isreal: (x: TensorLike | Complex) => Tensor = defineOp("isreal", (x: TensorLike | Complex) => {
  if (isPair(x)) {
    const [, b] = partsOf(x);
    return P.equal(b, constantLike(0, b));
  }
  const t = asTensor(x);
  return P.broadcastInDim(P.constant(1, "bool"), concreteShape(t), []);
});

/** The angle of `a + b i` in the plane, in radians; of a real tensor: 0, or pi where it is negative. */
export const angle: (x: TensorLike | Complex) => Tensor = defineOp("angle", (x: TensorLike | Complex) => {
  if (isPair(x)) {
    const [a, b] = partsOf(x);
    return P.atan2(b, a);
  }
  const t = toFloat(x);
  return P.atan2(constantLike(0, t), t);
});

/** The complex numbers of given sizes and angles: `[size cos(angle), size sin(angle)]`. */
export const polar: (abs: TensorLike, angle: TensorLike) => [Tensor, Tensor] = defineOp(
  "polar",
  (abs: TensorLike, turn: TensorLike): [Tensor, Tensor] => {
    const [size, phi] = broadcastTogether(promote([abs, turn], true)) as [Tensor, Tensor];
    return [P.multiply(size, P.cos(phi)), P.multiply(size, P.sin(phi))];
  },
);

/** The pair `[x[.., 0], x[.., 1]]` of a tensor whose last axis holds real and imaginary parts. */
export const viewAsComplex: (x: TensorLike) => [Tensor, Tensor] = defineOp("viewAsComplex", (x: TensorLike): [Tensor, Tensor] => {
  const t = toFloat(x);
  const shape = concreteShape(t).slice(0, -1);
  const part = (i: number): Tensor => P.reshape(sliceAxis(t, t.rank - 1, i, i + 1), shape);
  return [part(0), part(1)];
});
/** Real and imaginary parts side by side along a new last axis. Shapes: pair of [..] -> [.., 2]. */
export const viewAsReal: (x: Complex) => Tensor = defineOp("viewAsReal", (x: Complex) => {
  const parts = partsOf(x);
  return P.concatenate(parts.map((part) => P.reshape(part, [...concreteShape(part), 1])), parts[0].rank); // prettier-ignore
});
