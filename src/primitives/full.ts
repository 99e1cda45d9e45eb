/** Constants of any shape, composed of `constant` and `broadcastInDim`. */
import type { DType } from "../dtype/index.ts";
import { type ConcreteShape, concreteShape, type Tensor } from "../graph/index.ts";
import { broadcastInDim } from "./broadcast-in-dim.ts";
import { constant } from "./constant.ts";

/** A tensor of `shape` whose every element is `value`. */
export function full(shape: ConcreteShape, value: number, dtype: DType): Tensor {
  const scalar = constant(value, dtype);
  return shape.length === 0 ? scalar : broadcastInDim(scalar, shape, []);
}

/** A tensor with the shape and dtype of `x` whose every element is `value`. */
export function fullLike(x: Tensor, value: number): Tensor {
  return full(concreteShape(x), value, x.dtype);
}

/** Zeros with the shape and dtype of `x`. */
export function zerosLike(x: Tensor): Tensor {
  return fullLike(x, 0);
}

/** Ones with the shape and dtype of `x`. */
export function onesLike(x: Tensor): Tensor {
  return fullLike(x, 1);
}
