/** Penalties on the size of weights. */
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { add, multiply } from "../ops/numpy/arithmetic.ts";
import { abs, square } from "../ops/numpy/elementwise.ts";
import { sum } from "../ops/numpy/reduce.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { checkFactor, Regularizer } from "./regularizer.ts";

/** Options of L1. */
export interface L1Options {
  /** Factor. Default 0.01. */
  l1?: number;
}
/** `l1 * sum(|x|)`. */
export class L1Regularizer extends Regularizer {
  static override readonly className: string = "L1";
  readonly l1: number;
  /** `options`: the factor itself does, too. */
  constructor(options: L1Options | number = {}) {
    super();
    const given = typeof options === "number" ? { l1: options } : options;
    checkOptions("regularizers.L1", given, ["l1"]);
    // Keras keeps this factor as a float32.
    this.l1 = Math.fround(checkFactor("l1", given.l1 ?? 0.01));
  }
  override call(x: TensorLike): Tensor {
    return multiply(sum(abs(x)), this.l1);
  }
  protected override options(): Record<string, unknown> {
    return { l1: this.l1 };
  }
}
/** `l1 * sum(|x|)`. */
export const L1: CallableClass<typeof L1Regularizer> = /* @__PURE__ */ callableClass(L1Regularizer);
export type L1 = L1Regularizer;

/** Options of L2. */
export interface L2Options {
  /** Factor. Default 0.01. */
  l2?: number;
}
/** `l2 * sum(x^2)`. */
export class L2Regularizer extends Regularizer {
  static override readonly className: string = "L2";
  readonly l2: number;
  /** `options`: the factor itself does, too. */
  constructor(options: L2Options | number = {}) {
    super();
    const given = typeof options === "number" ? { l2: options } : options;
    checkOptions("regularizers.L2", given, ["l2"]);
    this.l2 = checkFactor("l2", given.l2 ?? 0.01);
  }
  override call(x: TensorLike): Tensor {
    return multiply(sum(square(x)), this.l2);
  }
  protected override options(): Record<string, unknown> {
    return { l2: this.l2 };
  }
}
/** `l2 * sum(x^2)`. */
export const L2: CallableClass<typeof L2Regularizer> = /* @__PURE__ */ callableClass(L2Regularizer);
export type L2 = L2Regularizer;

/** Options of L1L2. */
export interface L1L2Options {
  /** Default 0. */
  l1?: number;
  /** Default 0. */
  l2?: number;
}
/** `l1 * sum(|x|) + l2 * sum(x^2)`. */
export class L1L2Regularizer extends Regularizer {
  static override readonly className: string = "L1L2";
  readonly l1: number;
  readonly l2: number;
  constructor(options: L1L2Options = {}) {
    super();
    checkOptions("regularizers.L1L2", options, ["l1", "l2"]);
    this.l1 = checkFactor("l1", options.l1 ?? 0);
    this.l2 = checkFactor("l2", options.l2 ?? 0);
  }
  override call(x: TensorLike): Tensor {
    const parts: Tensor[] = [];
    if (this.l1 !== 0) parts.push(multiply(sum(abs(x)), this.l1));
    if (this.l2 !== 0) parts.push(multiply(sum(square(x)), this.l2));
    return parts.length === 0 ? multiply(sum(x), 0) : parts.reduce((total, part) => add(total, part));
  }
  protected override options(): Record<string, unknown> {
    return { l1: this.l1, l2: this.l2 };
  }
}
/** `l1 * sum(|x|) + l2 * sum(x^2)`. */
export const L1L2: CallableClass<typeof L1L2Regularizer> = /* @__PURE__ */ callableClass(L1L2Regularizer);
export type L1L2 = L1L2Regularizer;
