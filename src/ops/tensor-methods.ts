/** Methods of Tensor for the common operations: `x.add(y)` is `ops.add(x, y)`. Importing this file installs them. */
import type { DType } from "../dtype/index.ts";
import { Tensor, Variable } from "../graph/index.ts";
import type { Axis } from "./arguments.ts";
import type { TensorLike } from "./as-tensor.ts";
import * as arithmetic from "./numpy/arithmetic.ts";
import * as elementwise from "./numpy/elementwise.ts";
import { getItem, type IndexPart, take } from "./numpy/indexing.ts";
import { dot, matmul } from "./numpy/matmul.ts";
import * as reduce from "./numpy/reduce.ts";
import * as shaping from "./numpy/shaping.ts";
import { relu, sigmoid, softmax } from "./nn/activation.ts";

const methods = {
  add: arithmetic.add,
  sub: arithmetic.subtract,
  subtract: arithmetic.subtract,
  mul: arithmetic.multiply,
  multiply: arithmetic.multiply,
  div: arithmetic.divide,
  divide: arithmetic.divide,
  mod: arithmetic.mod,
  pow: arithmetic.power,
  power: arithmetic.power,
  maximum: arithmetic.maximum,
  minimum: arithmetic.minimum,
  equal: arithmetic.equal,
  notEqual: arithmetic.notEqual,
  less: arithmetic.less,
  lessEqual: arithmetic.lessEqual,
  greater: arithmetic.greater,
  greaterEqual: arithmetic.greaterEqual,
  clip: arithmetic.clip,
  neg: elementwise.negative,
  negative: elementwise.negative,
  abs: elementwise.abs,
  exp: elementwise.exp,
  log: elementwise.log,
  sqrt: elementwise.sqrt,
  square: elementwise.square,
  tanh: elementwise.tanh,
  sin: elementwise.sin,
  cos: elementwise.cos,
  cast: elementwise.cast,
  relu,
  sigmoid,
  softmax,
  matmul,
  dot,
  sum: reduce.sum,
  mean: reduce.mean,
  prod: reduce.prod,
  max: reduce.max,
  min: reduce.min,
  argmax: reduce.argmax,
  argmin: reduce.argmin,
  any: reduce.any,
  all: reduce.all,
  reshape: shaping.reshape,
  transpose: shaping.transpose,
  expandDims: shaping.expandDims,
  squeeze: shaping.squeeze,
  ravel: shaping.ravel,
  broadcastTo: shaping.broadcastTo,
  take,
  getItem,
};

for (const [name, method] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...args: never[]): Tensor {
      return (method as (x: Tensor, ...rest: never[]) => Tensor)(this, ...args);
    },
    writable: true,
    configurable: true,
  });
}

/** Adds to a variable, or takes away, in the order of the program. */
for (const [name, combined] of [
  ["assignAdd", arithmetic.add],
  ["assignSub", arithmetic.subtract],
] as const) {
  Object.defineProperty(Variable.prototype, name, {
    value(this: Variable, value: TensorLike): void {
      this.assign(combined(this, value));
    },
    writable: true,
    configurable: true,
  });
}

declare module "../graph/variable.ts" {
  interface Variable {
    /** `this + value` becomes the value. */
    assignAdd(value: TensorLike): void;
    /** `this - value` becomes the value. */
    assignSub(value: TensorLike): void;
  }
}

declare module "../graph/tensor.ts" {
  interface Tensor {
    /** `this + y`. */
    add(y: TensorLike): Tensor;
    /** `this - y`. */
    sub(y: TensorLike): Tensor;
    /** `this - y`. */
    subtract(y: TensorLike): Tensor;
    /** `this * y`. */
    mul(y: TensorLike): Tensor;
    /** `this * y`. */
    multiply(y: TensorLike): Tensor;
    /** `this / y`. */
    div(y: TensorLike): Tensor;
    /** `this / y`. */
    divide(y: TensorLike): Tensor;
    /** Remainder with the sign of y. */
    mod(y: TensorLike): Tensor;
    /** `this` to the power y. */
    pow(y: TensorLike): Tensor;
    /** `this` to the power y. */
    power(y: TensorLike): Tensor;
    /** The larger, elementwise. */
    maximum(y: TensorLike): Tensor;
    /** The smaller, elementwise. */
    minimum(y: TensorLike): Tensor;
    /** `this = y`, elementwise. */
    equal(y: TensorLike): Tensor;
    /** `this != y`, elementwise. */
    notEqual(y: TensorLike): Tensor;
    /** `this < y`, elementwise. */
    less(y: TensorLike): Tensor;
    /** `this <= y`, elementwise. */
    lessEqual(y: TensorLike): Tensor;
    /** `this > y`, elementwise. */
    greater(y: TensorLike): Tensor;
    /** `this >= y`, elementwise. */
    greaterEqual(y: TensorLike): Tensor;
    /** Moved into [min, max]. */
    clip(min: TensorLike, max: TensorLike): Tensor;
    /** `-this`. */
    neg(): Tensor;
    /** `-this`. */
    negative(): Tensor;
    /** Absolute value. */
    abs(): Tensor;
    /** `e^this`. */
    exp(): Tensor;
    /** Natural logarithm. */
    log(): Tensor;
    /** Square root. */
    sqrt(): Tensor;
    /** `this * this`. */
    square(): Tensor;
    /** Hyperbolic tangent. */
    tanh(): Tensor;
    /** Sine. */
    sin(): Tensor;
    /** Cosine. */
    cos(): Tensor;
    /** Converted to another dtype. */
    cast(dtype: DType): Tensor;
    /** `max(this, 0)`. */
    relu(): Tensor;
    /** `1 / (1 + e^-this)`. */
    sigmoid(): Tensor;
    /** `e^this / sum(e^this)` along an axis. */
    softmax(axis?: Axis): Tensor;
    /** Matrix product. */
    matmul(y: TensorLike): Tensor;
    /** NumPy's dot product. */
    dot(y: TensorLike): Tensor;
    /** Sum over axes. */
    sum(axis?: Axis | reduce.ReduceOptions, keepdims?: boolean): Tensor;
    /** Mean over axes. */
    mean(axis?: Axis | reduce.ReduceOptions, keepdims?: boolean): Tensor;
    /** Product over axes. */
    prod(axis?: Axis | reduce.ReduceOptions, keepdims?: boolean): Tensor;
    /** Largest element over axes. */
    max(axis?: Axis | reduce.ExtremumOptions, keepdims?: boolean): Tensor;
    /** Smallest element over axes. */
    min(axis?: Axis | reduce.ExtremumOptions, keepdims?: boolean): Tensor;
    /** Position of the first largest element. */
    argmax(axis?: number | null | reduce.ArgOptions, keepdims?: boolean): Tensor;
    /** Position of the first smallest element. */
    argmin(axis?: number | null | reduce.ArgOptions, keepdims?: boolean): Tensor;
    /** Whether any element is true. */
    any(axis?: Axis | reduce.ReduceOptions, keepdims?: boolean): Tensor;
    /** Whether every element is true. */
    all(axis?: Axis | reduce.ReduceOptions, keepdims?: boolean): Tensor;
    /** The same elements under another shape. */
    reshape(shape: number | readonly number[]): Tensor;
    /** Axes in another order; reversed by default. */
    transpose(axes?: readonly number[] | null): Tensor;
    /** New axes of extent 1. */
    expandDims(axis: number | readonly number[]): Tensor;
    /** Without axes of extent 1. */
    squeeze(axis?: Axis): Tensor;
    /** All elements in one axis. */
    ravel(): Tensor;
    /** Broadcast to a shape. */
    broadcastTo(shape: readonly number[]): Tensor;
    /** Elements at indices along an axis. */
    take(indices: TensorLike, axis?: number | null): Tensor;
    /** NumPy's basic indexing. */
    getItem(key: IndexPart | readonly IndexPart[]): Tensor;
  }
}
