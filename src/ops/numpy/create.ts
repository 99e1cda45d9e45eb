/** Tensors made from nothing but numbers. */
import { floatx } from "../../config/index.ts";
import { type DType, isByte, isFloat } from "../../dtype/index.ts";
import { dtypes } from "../../dtype/index.ts";
import { ValueError } from "../../errors.ts";
import { concreteShape, currentScope, type Shape, Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { knownShape } from "../known-shape.ts";
import { broadcast, broadcastTogether, castTo, promote, toDType } from "../promote.ts";

interface DTypeOption {
  dtype?: DType | null;
}
/** A constructor of a tensor of a shape: `zeros([2, 3])`, `zeros([2, 3], "int32")`. */
export type FillOp = (shape: number | Shape, dtype?: DType | null | DTypeOption) => Tensor;
/** A constructor of a tensor shaped like another, of its dtype unless one is given. */
export type FillLikeOp = (x: TensorLike, dtype?: DType | null | DTypeOption) => Tensor;

function filled(shape: number | Shape, value: TensorLike, dtype: DType): Tensor {
  return broadcast(toDType(typeof value === "number" ? elementOf(value, dtype) : value, dtype), knownShape(shape));
}

/** A number as one of a dtype: any but 0 is true, whole numbers have no fraction. */
function elementOf(value: number, dtype: DType): number | boolean {
  if (dtype === "bool") return value !== 0;
  return isFloat(dtype) || !Number.isFinite(value) ? value : Math.trunc(value);
}

function fillOp(name: string, value: number): FillOp {
  return defineOp(name, (shape: number | Shape, ...rest: [(DType | null | DTypeOption)?]) =>
    filled(shape, value, options<DTypeOption>(["dtype"], rest).dtype ?? floatx()),
  );
}
function fillLikeOp(name: string, value: number): FillLikeOp {
  return defineOp(name, (x: TensorLike, ...rest: [(DType | null | DTypeOption)?]) => {
    const t = asTensor(x);
    return filled(concreteShape(t), value, options<DTypeOption>(["dtype"], rest).dtype ?? t.dtype);
  });
}

/** Zeros of a shape; float32 unless another dtype is given. */
export const zeros: FillOp = fillOp("zeros", 0);
/** Ones of a shape; float32 unless another dtype is given. */
export const ones: FillOp = fillOp("ones", 1);
/** Zeros shaped like another tensor. */
export const zerosLike: FillLikeOp = fillLikeOp("zerosLike", 0);
/** Ones shaped like another tensor. */
export const onesLike: FillLikeOp = fillLikeOp("onesLike", 1);

/** A tensor of a shape whose every element is `fillValue` (which may broadcast). */
export const full: (shape: number | Shape, fillValue: TensorLike, dtype?: DType | null | DTypeOption) => Tensor = defineOp(
  "full",
  (shape: number | Shape, fillValue: TensorLike, ...rest: [(DType | null | DTypeOption)?]) =>
    filled(shape, fillValue, options<DTypeOption>(["dtype"], rest).dtype ?? dtypeOf(fillValue)),
);
/** A tensor shaped like `x` whose every element is `fillValue`. */
export const fullLike: (x: TensorLike, fillValue: TensorLike, dtype?: DType | null | DTypeOption) => Tensor = defineOp(
  "fullLike",
  (x: TensorLike, fillValue: TensorLike, ...rest: [(DType | null | DTypeOption)?]) => {
    const t = asTensor(x);
    return filled(concreteShape(t), fillValue, options<DTypeOption>(["dtype"], rest).dtype ?? t.dtype);
  },
);

function dtypeOf(value: TensorLike): DType {
  return typeof value === "number" ? floatx() : asTensor(value).dtype;
}

/** Options of `arange`. */
export interface ArangeOptions {
  stop?: number | null;
  step?: number;
  dtype?: DType | null;
}
/** `arange(stop)`, `arange(start, stop, step, dtype)`: evenly spaced numbers from start up to, not including, stop. int32 where all are integers. */
export const arange: (
  start: number,
  stop?: number | null | ArangeOptions,
  step?: number | ArangeOptions,
  dtype?: DType | null | ArangeOptions,
) => Tensor = defineOp(
  "arange",
  (start: number, ...rest: [(number | null | ArangeOptions)?, (number | ArangeOptions)?, (DType | null | ArangeOptions)?]) => {
    const { stop = null, step = 1, dtype = null } = options<ArangeOptions>(["stop", "step", "dtype"], rest);
    const [first, end] = stop === null ? [0, start] : [start, stop];
    if (step === 0) throw new ValueError({ where: currentScope(), problem: "the step is zero" });
    const count = Math.max(0, Math.ceil((end - first) / step));
    const target = dtype ?? ([first, end, step].every(Number.isInteger) ? "int32" : "float32");
    const compute = isByte(target) ? "int32" : target;
    let out = P.iota([count], 0, compute);
    if (step !== 1) out = P.multiply(out, broadcast(P.constant(step, compute), [count]));
    if (first !== 0) out = P.add(out, broadcast(P.constant(first, compute), [count]));
    return castTo(out, target);
  },
);

/** Options of `linspace`. */
export interface LinspaceOptions {
  /** How many. Default 50. */
  num?: number;
  /** Whether `stop` is the last. Default true. */
  endpoint?: boolean;
  dtype?: DType | null;
  /** Axis of the result that counts. Default 0. */
  axis?: number;
}
/** `num` evenly spaced numbers from start to stop (tensors: elementwise, along a new first axis). */
export const linspace: (start: TensorLike, stop: TensorLike, num?: number | LinspaceOptions, endpoint?: boolean) => Tensor = defineOp(
  "linspace",
  (start: TensorLike, stop: TensorLike, ...rest: [(number | LinspaceOptions)?, boolean?]) => {
    const { num = 50, endpoint = true, dtype = null, axis = 0 } = options<LinspaceOptions>(["num", "endpoint", "dtype", "axis"], rest);
    const [a, b] = promote([start, stop], true);
    const one = typeof start === "number" && typeof stop === "number";
    const inner = one ? [] : concreteShape(P.add(broadcast(a!, concreteShape(b!)), b!));
    const shape = [num, ...inner];
    const divisions = Math.max(1, endpoint ? num - 1 : num);
    const position = P.iota(shape, 0, a!.dtype);
    const gap = P.subtract(broadcast(b!, shape), broadcast(a!, shape));
    const step = P.divide(gap, broadcast(P.constant(divisions, a!.dtype), shape));
    let out = P.add(broadcast(a!, shape), P.multiply(position, step));
    if (endpoint && num > 1) {
      const last = P.equal(position, broadcast(P.constant(num - 1, a!.dtype), shape));
      out = P.select(last, broadcast(b!, shape), out);
    }
    const moved = axis === 0 || inner.length === 0 ? out : moveFirst(out, axis < 0 ? axis + shape.length : axis);
    return castTo(moved, dtype ?? moved.dtype);
  },
);

function moveFirst(x: Tensor, to: number): Tensor {
  const rest = Array.from({ length: x.rank - 1 }, (_, axis) => axis + 1);
  return P.transpose(x, [...rest.slice(0, to), 0, ...rest.slice(to)]);
}

/** Options of `logspace`. */
export interface LogspaceOptions extends LinspaceOptions {
  /** Default 10. */
  base?: number;
}
/** `base` to powers that are evenly spaced from start to stop. */
export const logspace: (start: TensorLike, stop: TensorLike, num?: number | LogspaceOptions, endpoint?: boolean, base?: number) => Tensor =
  defineOp("logspace", (start: TensorLike, stop: TensorLike, ...rest: [(number | LogspaceOptions)?, boolean?, number?]) => {
    const { base = 10, dtype = null, ...given } = options<LogspaceOptions>(["num", "endpoint", "base", "dtype", "axis"], rest);
    const exponents = linspace(start, stop, given);
    return castTo(P.power(broadcast(P.constant(base, exponents.dtype), concreteShape(exponents)), exponents), dtype ?? exponents.dtype);
  });

/**
 * Numbers from start to stop whose neighbours have one ratio. Both may be negative. Throws ValueError where an end is
 * zero or the signs differ and the ends are numbers; of tensors such elements are NaN.
 */
export const geomspace: (start: TensorLike, stop: TensorLike, num?: number | LinspaceOptions, endpoint?: boolean) => Tensor = defineOp(
  "geomspace",
  (start: TensorLike, stop: TensorLike, ...rest: [(number | LinspaceOptions)?, boolean?]) => {
    const { dtype = null, ...given } = options<LinspaceOptions>(["num", "endpoint", "dtype", "axis"], rest);
    if (typeof start === "number" && typeof stop === "number" && !(start * stop > 0)) {
      throw new ValueError({
        where: currentScope(),
        problem: "a geometric sequence has no zero and one sign",
        expected: "two numbers of one sign",
        received: `${start} and ${stop}`,
      });
    }
    const [a, b] = promote([start, stop], true) as [Tensor, Tensor];
    const one = typeof start === "number" && typeof stop === "number";
    const [low, high] = one ? [a, b] : broadcastTogether([a, b]);
    const ratio = P.divide(high!, low!);
    const num = given.num ?? 50;
    const exponents = linspace(0, 1, { ...given, axis: 0 });
    const shape = [num, ...concreteShape(ratio)];
    const spread = (t: Tensor): Tensor => broadcast(t, shape);
    const powers = P.power(spread(ratio), P.broadcastInDim(castTo(exponents, ratio.dtype), shape, [0]));
    let out = P.multiply(spread(low!), powers);
    if (num > 1 && given.endpoint !== false) {
      const isLast = P.equal(P.iota(shape, 0, "int32"), broadcast(P.constant(num - 1, "int32"), shape));
      out = P.select(isLast, spread(high!), out);
    }
    const axis = given.axis ?? 0;
    const moved = axis === 0 || shape.length === 1 ? out : moveFirst(out, axis < 0 ? axis + shape.length : axis);
    return castTo(moved, dtype ?? moved.dtype);
  },
);

/** A tensor of a shape whose values do not matter: zeros. */
export const empty: FillOp = fillOp("empty", 0);
/** A tensor shaped like another whose values do not matter: zeros. */
export const emptyLike: FillLikeOp = fillLikeOp("emptyLike", 0);

/** Options of `eye` and `tri`. */
export interface MatrixOptions {
  /** Columns. Default: as many as rows. */
  M?: number | null;
  /** Which diagonal: 0 the main one, positive above it. */
  k?: number;
  dtype?: DType | null;
}
type MatrixRest = [(number | null | MatrixOptions)?, (number | MatrixOptions)?, (DType | null | MatrixOptions)?];
/** A matrix of n rows: `eye(N, M, k, dtype)` or `eye(N, { M, k, dtype })`. */
export type MatrixOp = (n: number, ...rest: MatrixRest) => Tensor;

/** Ones where column - row = k, else zeros. Shape: [N, M], M = N by default. */
export const eye: MatrixOp = defineOp("eye", (n: number, ...rest: MatrixRest) => {
  const { M = null, k = 0, dtype = null } = options<MatrixOptions>(["M", "k", "dtype"], rest);
  const shape = [n, M ?? n];
  const gap = P.subtract(P.iota(shape, 1, "int32"), P.iota(shape, 0, "int32"));
  return P.convert(P.equal(gap, broadcast(P.constant(k, "int32"), shape)), dtype ?? floatx());
});
/** The identity matrix [n, n]. */
export const identity: (n: number, dtype?: DType | null) => Tensor = defineOp("identity", (n: number, dtype: DType | null = null) =>
  eye(n, n, 0, dtype),
);

/** Ones where column - row <= k, else zeros. Shape: [N, M]. */
export const tri: MatrixOp = defineOp("tri", (n: number, ...rest: MatrixRest) => {
  const { M = null, k = 0, dtype = null } = options<MatrixOptions>(["M", "k", "dtype"], rest);
  return P.convert(lowerTriangle([n, M ?? n], k), dtype ?? floatx());
});

function lowerTriangle(shape: readonly number[], k: number): Tensor {
  const row = P.iota(shape, shape.length - 2, "int32");
  const column = P.iota(shape, shape.length - 1, "int32");
  return P.lessEqual(P.subtract(column, row), broadcast(P.constant(k, "int32"), shape));
}
/** Elements above the k-th diagonal replaced by zeros. */
export const tril: (x: TensorLike, k?: number | { k?: number }) => Tensor = defineOp(
  "tril",
  (x: TensorLike, ...rest: [(number | { k?: number })?]) => {
    const t = asTensor(x);
    const shape = concreteShape(t);
    return P.select(lowerTriangle(shape, options<{ k: number }>(["k"], rest).k ?? 0), t, filled(shape, 0, t.dtype));
  },
);
/** Elements below the k-th diagonal replaced by zeros. */
export const triu: (x: TensorLike, k?: number | { k?: number }) => Tensor = defineOp(
  "triu",
  (x: TensorLike, ...rest: [(number | { k?: number })?]) => {
    const t = asTensor(x);
    const shape = concreteShape(t);
    return P.select(lowerTriangle(shape, (options<{ k: number }>(["k"], rest).k ?? 0) - 1), filled(shape, 0, t.dtype), t);
  },
);

/** A tensor from nested arrays, numbers, typed arrays or a tensor, converted to `dtype` if one is given. */
export const array: (x: TensorLike, dtype?: DType | null) => Tensor = defineOp("array", (x: TensorLike, dtype: DType | null = null) => {
  if (dtype !== null && dtypes[dtype] === undefined)
    throw new ValueError({ where: currentScope(), problem: "there is no such dtype", received: String(dtype) });
  const t = asTensor(x);
  return dtype === null ? t : castTo(t, dtype);
});
/** A tensor from nested arrays, numbers, typed arrays or a tensor. */
export const convertToTensor: (x: TensorLike, dtype?: DType | null) => Tensor = array;

/** The shape, as a list of numbers (null where a symbolic extent is unknown). */
export function shape(x: TensorLike): readonly (number | null)[] {
  return x instanceof Tensor ? x.shape : asTensor(x).shape;
}
/** Number of axes. */
export function ndim(x: TensorLike): number {
  return shape(x).length;
}
/** Number of elements. */
export function size(x: TensorLike): number {
  return asTensor(x).size;
}
