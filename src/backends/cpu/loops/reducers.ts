/** Accumulators of reductions: how each reducer starts, takes a value, and joins with another accumulator. */
import { identityOf } from "../../../compiler/kernels/reducer-identity.ts";
import { type DType, isFloat, isShortFloat, widened } from "../../../dtype/index.ts";
import type { Reducer } from "../../../graph/index.ts";
import {
  add,
  and,
  type Block,
  compare,
  constant,
  constantLike,
  eq,
  extract,
  get,
  gt,
  i32,
  lt,
  max,
  min,
  mul,
  ne,
  not,
  or,
  reduceLanes,
  select,
} from "./block.ts";
import { valueType } from "./expression.ts";
import type { Expr, Variable } from "./ir.ts";
import { rareKernels } from "./parts.ts";
import { convertValue, wrapped } from "./scalar-operations.ts";

/** One reducer of a kernel. */
export interface Reduction {
  readonly reducer: Reducer;
  /** Dtype of the values that come in. */
  readonly valueDType: DType;
  /** Dtype of the result. */
  readonly dtype: DType;
}

/** Running state: the value, and for argmax / argmin the position it stood at. */
export interface Accumulator {
  readonly value: Variable;
  readonly position: Variable | null;
}

/** Whether the reducer gives a position. */
export function isPositional(reducer: Reducer): boolean {
  return reducer === "argmax" || reducer === "argmin";
}

/** Dtype that accumulates: bool values are 0 / 1 integers except under any and all; floats of two bytes are float32. */
function stateDType({ reducer, valueDType, dtype }: Reduction): DType {
  if (reducer === "any" || reducer === "all") return "bool";
  const state = isPositional(reducer) ? valueDType : dtype;
  return state === "bool" ? "int32" : isShortFloat(state) ? widened(state) : state;
}

/** The identity of a reduction, as a number. */
export function identity(reduction: Reduction): number {
  return identityOf(reduction.reducer, isPositional(reduction.reducer) ? reduction.valueDType : reduction.dtype);
}

/** A new accumulator that holds the identity. */
export function startAccumulator(block: Block, reduction: Reduction, vector: boolean): Accumulator {
  const type = valueType(stateDType(reduction), vector);
  const value: Variable = { name: reduction.reducer, type };
  const position: Variable | null = isPositional(reduction.reducer) ? { name: "position", type: vector ? "i32v" : "i32" } : null;
  const accumulator = { value, position };
  resetAccumulator(block, reduction, accumulator);
  return accumulator;
}

/** Puts the identity back. */
export function resetAccumulator(block: Block, reduction: Reduction, { value, position }: Accumulator): void {
  const start = identity(reduction);
  const isMask = value.type === "i32v" && stateDType(reduction) === "bool";
  block.set(value, constant(value.type, isMask ? -start : start));
  if (position !== null) block.set(position, constant(position.type, 0));
}

/** A value as the accumulator takes it. */
export function incoming(block: Block, reduction: Reduction, x: Expr): Expr {
  return convertValue(block, x, reduction.valueDType, stateDType(reduction));
}

/** Takes one value (already `incoming`), standing at `at` for argmax / argmin. Lanes where `mask` is 0 are left out. */
export function accumulate(
  block: Block,
  reduction: Reduction,
  accumulator: Accumulator,
  x: Expr,
  at: Expr | null,
  mask: Expr | null,
): void {
  const { value, position } = accumulator;
  if (position !== null) {
    const candidate = block.let(x);
    const isBetter = better(reduction, candidate, get(value));
    const taken = block.let(mask === null ? isBetter : and(isBetter, mask), "better");
    block.set(value, select(taken, candidate, get(value)));
    block.set(position, select(taken, at!, get(position)));
    return;
  }
  const joined = join(reduction.reducer, get(value), x);
  block.set(value, mask === null ? joined : select(mask, joined, get(value)));
}

/** Whether x takes the place of `held`, which stood earlier: larger (smaller), or the first NaN. */
function better(reduction: Reduction, x: Expr, held: Expr): Expr {
  const isMax = reduction.reducer === "argmax";
  if (!isFloat(reduction.valueDType)) return isMax ? gt(x, held) : lt(x, held);
  const notBehind = compare(isMax ? "le" : "ge", x, held);
  const isFail = held.type === "f32v" ? not(notBehind) : eq(notBehind, i32(0));
  return and(isFail, eq(held, held));
}

function join(reducer: Reducer, x: Expr, y: Expr): Expr {
  switch (reducer) {
    case "sum":
      return add(x, y);
    case "prod":
      return mul(x, y);
    case "max":
    case "argmax":
      return max(x, y);
    case "min":
    case "argmin":
      return min(x, y);
    case "any":
      return or(x, y);
    case "all":
      return and(x, y);
  }
}

/** Joins `other` into `accumulator`. Of equal candidates the lower position wins. */
export function mergeAccumulators(block: Block, reduction: Reduction, accumulator: Accumulator, other: Accumulator): void {
  const { value, position } = accumulator;
  if (position === null || other.position === null) {
    block.set(value, join(reduction.reducer, get(value), get(other.value)));
    return;
  }
  mergePosition(block, reduction, accumulator, get(other.value), get(other.position));
}

function mergePosition(block: Block, reduction: Reduction, { value, position }: Accumulator, x: Expr, at: Expr): void {
  const held = get(value);
  const isMax = reduction.reducer === "argmax";
  const isInteger = !isFloat(reduction.valueDType);
  const isAhead = isMax ? gt(x, held) : lt(x, held);
  const isEqual = isInteger ? eq(x, held) : or(eq(x, held), and(ne(x, x), ne(held, held)));
  const isEarlier = and(isEqual, lt(at, get(position!)));
  const wins = isInteger ? or(isAhead, isEarlier) : or(or(isAhead, isEarlier), and(ne(x, x), eq(held, held)));
  const taken = block.let(wins, "wins");
  block.set(value, select(taken, x, held));
  block.set(position!, select(taken, at, get(position!)));
}

/** Joins the lanes of a vector accumulator into a scalar one. */
export function mergeLanes(block: Block, reduction: Reduction, scalar: Accumulator, vector: Accumulator, lanes: number): void {
  if (vector.position !== null) {
    for (let lane = 0; lane < lanes; lane++) {
      const x = block.let(extract(get(vector.value), lane));
      mergePosition(block, reduction, scalar, x, block.let(extract(get(vector.position), lane)));
    }
    return;
  }
  const f = { sum: "add", prod: "mul", max: "max", min: "min", any: "or", all: "and", argmax: "max", argmin: "min" } as const;
  const all = reduceLanes(f[reduction.reducer], get(vector.value));
  const whole = stateDType(reduction) === "bool" ? and(all, i32(1)) : all;
  block.set(scalar.value, join(reduction.reducer, get(scalar.value), whole));
}

/** The finished value in the representation of the result's dtype. */
export function finished(block: Block, reduction: Reduction, { value, position }: Accumulator): Expr {
  if (position !== null) return get(position);
  const result = get(value);
  if (reduction.dtype === "bool" && stateDType(reduction) !== "bool") return ne(result, constantLike(result, 0));
  const isExtremum = reduction.reducer === "max" || reduction.reducer === "min";
  if (isShortFloat(reduction.dtype)) return isExtremum ? result : rareKernels.get().rounded(block, result, reduction.dtype);
  return wrapped(result, reduction.dtype);
}
