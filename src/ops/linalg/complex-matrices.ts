/** Arithmetic on complex numbers as pairs of tensors, and on batches of complex matrices. */
import { concreteShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { constantLike } from "../promote.ts";
import { product, transposed } from "./batched.ts";

/** Real and imaginary part, of one shape. */
export type C = readonly [re: Tensor, im: Tensor];

/** The same movement of elements for both parts. */
export function both(f: (part: Tensor) => Tensor, [a, b]: C): C {
  return [f(a), f(b)];
}
/** `x + y` */
export function plus(x: C, y: C): C {
  return [P.add(x[0], y[0]), P.add(x[1], y[1])];
}
/** `x - y` */
export function minus(x: C, y: C): C {
  return [P.subtract(x[0], y[0]), P.subtract(x[1], y[1])];
}
/** `x y`, elementwise. */
export function times([a, b]: C, [c, d]: C): C {
  return [P.subtract(P.multiply(a, c), P.multiply(b, d)), P.add(P.multiply(a, d), P.multiply(b, c))];
}
/** `a - b i` */
export function conjugated([a, b]: C): C {
  return [a, P.negate(b)];
}
/** `|x|^2` */
export function squared([a, b]: C): Tensor {
  return P.add(P.multiply(a, a), P.multiply(b, b));
}
/** `x` times a real tensor of its shape. */
export function scaled(x: C, by: Tensor): C {
  return both((part) => P.multiply(part, by), x);
}
/** `x / y`; 0 where y is 0. */
export function over(x: C, y: C): C {
  const size = squared(y);
  const zero = constantLike(0, size);
  const isZero = P.equal(size, zero);
  const inverse = P.select(isZero, zero, P.divide(constantLike(1, size), P.select(isZero, constantLike(1, size), size)));
  return scaled(times(x, conjugated(y)), inverse);
}
/** The square root with a real part of at least 0. */
export function root([a, b]: C): C {
  const size = P.sqrt(squared([a, b]));
  const half = constantLike(0.5, a);
  const zero = constantLike(0, a);
  const re = P.sqrt(P.multiply(half, P.maximum(P.add(size, a), zero)));
  const im = P.sqrt(P.multiply(half, P.maximum(P.subtract(size, a), zero)));
  return [re, P.select(P.less(b, zero), P.negate(im), im)];
}
/** `x` where the mask holds, else `y`. */
export function chosen(mask: Tensor, x: C, y: C): C {
  return [P.select(mask, x[0], y[0]), P.select(mask, x[1], y[1])];
}
/** Zeros beside a real tensor. */
export function complexOf(x: Tensor): C {
  return [x, constantLike(0, x)];
}
/** The product of matrices [b, m, k] and [b, k, n]. */
export function complexProduct([a, b]: C, [c, d]: C): C {
  return [P.subtract(product(a, c), product(b, d)), P.add(product(a, d), product(b, c))];
}
/** The conjugate of the transpose. */
export function adjoint([a, b]: C): C {
  return [transposed(a), P.negate(transposed(b))];
}
/** `[[a, -b], [b, a]]`: real matrices that multiply as the complex ones do, [b, 2 m, 2 n]. */
export function embedded([a, b]: C): Tensor {
  return P.concatenate([P.concatenate([a, P.negate(b)], 2), P.concatenate([b, a], 2)], 1);
}
/** The complex matrices of an embedding's first half of columns. */
export function fromEmbedded(x: Tensor, m: number, n: number): C {
  const [batch] = concreteShape(x) as [number];
  return [P.slice(x, [0, 0, 0], [batch, m, n]), P.slice(x, [0, m, 0], [batch, 2 * m, n])];
}
