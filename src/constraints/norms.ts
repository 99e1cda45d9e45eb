/** Constraints on the norms of weight vectors. */
import { epsilon } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { add, clip, divide, greaterEqual, multiply, where } from "../ops/numpy/arithmetic.ts";
import { sqrt, square } from "../ops/numpy/elementwise.ts";
import { sum } from "../ops/numpy/reduce.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { Constraint } from "./constraint.ts";

/** Axes along which a norm is taken. */
export type NormAxis = number | readonly number[];

function normOf(w: TensorLike, axis: NormAxis): Tensor {
  return sqrt(sum(square(w), axis, true));
}

/** Options of MaxNorm. */
export interface MaxNormOptions {
  /** Default 2. */
  maxValue?: number;
  /** Axes of one vector. Default 0: the incoming weights of a Dense unit. */
  axis?: NormAxis;
}
/** Vectors longer than maxValue are scaled down to it. */
export class MaxNormConstraint extends Constraint {
  static override readonly className: string = "MaxNorm";
  readonly maxValue: number;
  readonly axis: NormAxis;
  constructor(options: MaxNormOptions = {}) {
    super();
    checkOptions("constraints.MaxNorm", options, ["maxValue", "axis"]);
    this.maxValue = options.maxValue ?? 2;
    this.axis = options.axis ?? 0;
  }
  override call(w: TensorLike): Tensor {
    const norms = normOf(w, this.axis);
    return multiply(w, divide(clip(norms, 0, this.maxValue), add(epsilon(), norms)));
  }
  protected override options(): Record<string, unknown> {
    return { maxValue: this.maxValue, axis: this.axis };
  }
}
/** Vectors longer than maxValue are scaled down to it. */
export const MaxNorm: CallableClass<typeof MaxNormConstraint> = /* @__PURE__ */ callableClass(MaxNormConstraint);
export type MaxNorm = MaxNormConstraint;

/** Options of MinMaxNorm. */
export interface MinMaxNormOptions {
  /** Default 0. */
  minValue?: number;
  /** Default 1. */
  maxValue?: number;
  /** How much of the way to the bounds: 1 (default) enforces them. */
  rate?: number;
  axis?: NormAxis;
}
/** Vectors are scaled so that their norms move into [minValue, maxValue]. */
export class MinMaxNormConstraint extends Constraint {
  static override readonly className: string = "MinMaxNorm";
  readonly minValue: number;
  readonly maxValue: number;
  readonly rate: number;
  readonly axis: NormAxis;
  constructor(options: MinMaxNormOptions = {}) {
    super();
    checkOptions("constraints.MinMaxNorm", options, ["minValue", "maxValue", "rate", "axis"]);
    this.minValue = options.minValue ?? 0;
    this.maxValue = options.maxValue ?? 1;
    this.rate = options.rate ?? 1;
    this.axis = options.axis ?? 0;
  }
  override call(w: TensorLike): Tensor {
    const norms = normOf(w, this.axis);
    const wanted = add(multiply(this.rate, clip(norms, this.minValue, this.maxValue)), multiply(1 - this.rate, norms));
    return multiply(w, divide(wanted, add(epsilon(), norms)));
  }
  protected override options(): Record<string, unknown> {
    return { minValue: this.minValue, maxValue: this.maxValue, rate: this.rate, axis: this.axis };
  }
}
/** Vectors are scaled so that their norms move into [minValue, maxValue]. */
export const MinMaxNorm: CallableClass<typeof MinMaxNormConstraint> = /* @__PURE__ */ callableClass(MinMaxNormConstraint);
export type MinMaxNorm = MinMaxNormConstraint;

/** Options of UnitNorm. */
export interface UnitNormOptions {
  axis?: NormAxis;
}
/** Vectors are scaled to norm 1. */
export class UnitNormConstraint extends Constraint {
  static override readonly className: string = "UnitNorm";
  readonly axis: NormAxis;
  constructor(options: UnitNormOptions = {}) {
    super();
    checkOptions("constraints.UnitNorm", options, ["axis"]);
    this.axis = options.axis ?? 0;
  }
  override call(w: TensorLike): Tensor {
    return divide(w, add(epsilon(), normOf(w, this.axis)));
  }
  protected override options(): Record<string, unknown> {
    return { axis: this.axis };
  }
}
/** Vectors are scaled to norm 1. */
export const UnitNorm: CallableClass<typeof UnitNormConstraint> = /* @__PURE__ */ callableClass(UnitNormConstraint);
export type UnitNorm = UnitNormConstraint;

/** Negative weights become 0. */
export class NonNegConstraint extends Constraint {
  static override readonly className: string = "NonNeg";
  override call(w: TensorLike): Tensor {
    const t = asTensor(w);
    return where(greaterEqual(t, 0), t, 0);
  }
  protected override options(): Record<string, unknown> {
    return {};
  }
}
/** Negative weights become 0. */
export const NonNeg: CallableClass<typeof NonNegConstraint> = /* @__PURE__ */ callableClass(NonNegConstraint);
export type NonNeg = NonNegConstraint;
