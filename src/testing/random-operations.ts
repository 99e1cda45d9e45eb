/** The families of operations that random graphs are made of: each makes one tensor of what is there, or passes (null). */
import { concreteShape, sizeOf, Subgraph, parameterTensor, type Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import type { GraphBuilder } from "./random-graph.ts";

/** Makes one tensor, or null where nothing fits. */
export type Family = (builder: GraphBuilder) => Tensor | null;

const axesOf = (tensor: Tensor): number[] => concreteShape(tensor).map((_, axis) => axis);

/** x with `f`'s argument moved into its domain: |x| + low. */
const above =
  (low: number, f: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor =>
    f(p.add(p.abs(x), p.fullLike(x, low)));

const unaries: readonly ((x: Tensor) => Tensor)[] = [
  p.negate, p.abs, p.sign, p.floor, p.ceil, p.round, p.tanh, p.sigmoid, p.erf, p.sin, p.cos, p.atan, p.asinh,
  (x) => p.exp(p.tanh(x)), (x) => p.expm1(p.sin(x)), (x) => p.sinh(p.tanh(x)), (x) => p.cosh(p.sin(x)), (x) => p.tan(p.sin(x)),
  (x) => p.asin(p.multiply(p.sin(x), p.fullLike(x, 0.75))), (x) => p.acos(p.multiply(p.sin(x), p.fullLike(x, 0.75))),
  (x) => p.atanh(p.multiply(p.sin(x), p.fullLike(x, 0.75))),
  above(0.1, p.log), above(0, p.log1p), above(0.1, p.sqrt), above(0.1, p.rsqrt), above(1.1, p.acosh),
  (x) => p.select(p.greater(x, p.zerosLike(x)), x, p.zerosLike(x)),
  (x) => p.select(p.and(p.isFinite(x), p.not(p.less(x, p.fullLike(x, 0.3)))), p.multiply(x, x), p.fullLike(x, -0.7)),
  (x) => p.convert(p.convert(p.multiply(x, p.fullLike(x, 3)), "int32"), "float32"),
  (x) => p.convert(p.convert(p.multiply(p.abs(x), p.fullLike(x, 9)), "uint8"), "float32"),
  (x) => p.convert(p.convert(x, "bool"), "float32"),
  (x) => p.stopGradient(p.multiply(x, p.fullLike(x, 1.5))),
]; // prettier-ignore

const binaries: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [
  p.add, p.subtract, p.multiply, p.maximum, p.minimum, p.atan2,
  (x, y) => p.divide(x, p.add(p.multiply(y, y), p.fullLike(y, 1))),
  (x, y) => p.power(p.add(p.abs(x), p.fullLike(x, 0.3)), p.tanh(y)),
  (x, y) => p.remainder(x, p.add(p.abs(y), p.fullLike(y, 0.5))),
  (x, y) => p.select(p.lessEqual(x, y), p.sin(x), y),
  (x, y) => p.convert(p.xor(p.greaterEqual(x, y), p.equal(x, x)), "float32"),
  (x, y) => p.select(p.or(p.greater(x, y), p.notEqual(y, y)), p.multiply(x, y), x),
]; // prettier-ignore

const unary: Family = (b) => b.random.pick(unaries)(b.operand()!);

const binary: Family = (b) => {
  const x = b.operand()!;
  return b.random.pick(binaries)(x, b.like(concreteShape(x)));
};

/** A second operand with fewer axes, or with extents of 1, repeated. */
const broadcast: Family = (b) => {
  const x = b.operand((shape) => shape.length > 0)!;
  if (x === null) return null;
  const shape = concreteShape(x);
  const axes = axesOf(x).filter(() => b.random.chance(0.6));
  const small = axes.map((axis) => (b.random.chance(0.3) ? 1 : shape[axis]!));
  return b.random.pick(binaries)(x, p.broadcastInDim(b.like(small), shape, axes));
};

const reshape: Family = (b) => {
  const x = b.operand()!;
  let rest = x.size;
  const shape: number[] = [];
  while (rest > 1 && shape.length < 4) {
    const divisors = [2, 3, 4, 5, 7, 8, rest].filter((d) => rest % d === 0);
    const extent = b.random.pick(divisors);
    shape.push(extent);
    rest /= extent;
  }
  if (rest > 1) shape.push(rest);
  if (b.random.chance(0.3)) shape.splice(b.random.integer(0, shape.length), 0, 1);
  return p.reshape(x, shape);
};

const transpose: Family = (b) => {
  const x = b.operand((shape) => shape.length > 1);
  if (x === null) return null;
  return p.transpose(x, axesOf(x).map((axis) => ({ axis, key: b.random.next() })).sort((s, t) => s.key - t.key).map(({ axis }) => axis)); // prettier-ignore
};

const slice: Family = (b) => {
  const x = b.operand((shape) => shape.length > 0);
  if (x === null) return null;
  const shape = concreteShape(x);
  const starts = shape.map((extent) => b.random.integer(0, Math.floor((extent - 1) / 2)));
  const limits = shape.map((extent, axis) => b.random.integer(starts[axis]! + 1, extent));
  return p.slice(
    x,
    starts,
    limits,
    shape.map(() => b.random.integer(1, 3)),
  );
};

const pad: Family = (b) => {
  const x = b.operand((shape) => shape.length > 0 && sizeOf(shape) < 500);
  if (x === null) return null;
  const crop = (extent: number): number => -b.random.integer(0, Math.floor((extent - 1) / 2));
  const outside = (): number[] => concreteShape(x).map((extent) => (b.random.chance(0.25) ? crop(extent) : b.random.integer(0, 2)));
  const interior = concreteShape(x).map(() => (b.random.chance(0.2) ? b.random.integer(1, 2) : 0));
  const fill = b.random.chance(0.5) ? p.constant(b.random.pick([0, 1, -0.5]), "float32") : b.like([]);
  return p.pad(x, fill, outside(), outside(), interior);
};

const concatenate: Family = (b) => {
  const x = b.operand((shape) => shape.length > 0 && sizeOf(shape) < 800);
  if (x === null) return null;
  const axis = b.random.integer(0, x.rank - 1);
  const others = Array.from({ length: b.random.integer(1, 2) }, () =>
    b.like(concreteShape(x).map((extent, i) => (i === axis ? b.extent() : extent))),
  );
  return p.concatenate(b.random.chance(0.5) ? [x, ...others] : [...others, x], axis);
};

const reverse: Family = (b) => {
  const x = b.operand()!;
  return p.reverse(
    x,
    axesOf(x).filter(() => b.random.chance(0.5)),
  );
};

const reduce: Family = (b) => {
  const x = b.operand((shape) => shape.length > 0);
  if (x === null) return null;
  const axes = axesOf(x).filter(() => b.random.chance(0.6));
  const kind = b.random.integer(0, 6);
  if (kind === 0) return p.reduceMax(x, axes);
  if (kind === 1) return p.reduceMin(x, axes);
  if (kind === 2) return p.reduceProd(p.add(p.multiply(p.sin(x), p.fullLike(x, 0.2)), p.onesLike(x)), axes);
  if (kind === 3) return p.convert(p.reduceAny(p.greater(x, p.onesLike(x)), axes), "float32");
  if (kind === 4) return p.convert(p.reduceAll(p.greater(x, p.fullLike(x, -1)), axes), "float32");
  return p.reduceSum(x, axes);
};

const arg: Family = (b) => {
  const x = b.operand((shape) => shape.length > 0);
  if (x === null) return null;
  const axis = b.random.integer(0, x.rank - 1);
  return p.convert(b.random.chance(0.5) ? p.argmax(x, axis) : p.argmin(x, axis), "float32");
};

/** exp(x - max) / sum, along one axis. */
const softmax: Family = (b) => {
  const x = b.operand((shape) => shape.length > 0);
  if (x === null) return null;
  const axis = b.random.integer(0, x.rank - 1);
  const shape = concreteShape(x);
  const kept = axesOf(x).filter((other) => other !== axis);
  const back = (t: Tensor): Tensor => p.broadcastInDim(t, shape, kept);
  const e = p.exp(p.subtract(x, back(p.stopGradient(p.reduceMax(x, [axis])))));
  return p.divide(e, back(p.reduceSum(e, [axis])));
};

/** (x - mean) / sqrt(variance + 0.1) over some axes. */
const normalize: Family = (b) => {
  const x = b.operand((shape) => shape.length > 0);
  if (x === null) return null;
  const axes = axesOf(x).filter(() => b.random.chance(0.6));
  const shape = concreteShape(x);
  const count = sizeOf(axes.map((axis) => shape[axis]!));
  const kept = axesOf(x).filter((axis) => !axes.includes(axis));
  const mean = (t: Tensor): Tensor => {
    const sum = p.reduceSum(t, axes);
    return p.broadcastInDim(p.multiply(sum, p.fullLike(sum, 1 / count)), shape, kept);
  };
  const centred = p.subtract(x, mean(x));
  return p.multiply(centred, p.rsqrt(p.add(mean(p.multiply(centred, centred)), p.fullLike(x, 0.1))));
};

const cumulative: Family = (b) => {
  const x = b.operand((shape) => shape.length > 0);
  if (x === null) return null;
  const axis = b.random.integer(0, x.rank - 1);
  const reversed = b.random.chance(0.5);
  const kind = b.random.integer(0, 4);
  if (kind === 0) return p.cumulativeMax(x, axis, reversed);
  if (kind === 1) return p.cumulativeMin(x, axis, reversed);
  if (kind === 2) return p.cumulativeProd(p.add(p.multiply(p.sin(x), p.fullLike(x, 0.2)), p.onesLike(x)), axis, reversed);
  return p.cumulativeSum(x, axis, reversed);
};

const sort: Family = (b) => {
  const x = b.operand((shape) => shape.length > 0);
  if (x === null) return null;
  const axis = b.random.integer(0, x.rank - 1);
  return p.sort(x, axis, b.random.chance(0.5)).values;
};

const dot: Family = (b) => {
  const lhs = b.operand((shape) => shape.length > 0 && sizeOf(shape) < 1500);
  if (lhs === null) return null;
  const shape = concreteShape(lhs);
  const order = axesOf(lhs).map((axis) => ({ axis, key: b.random.next() })).sort((s, t) => s.key - t.key).map(({ axis }) => axis); // prettier-ignore
  const lhsContract = order.slice(0, b.random.integer(1, Math.min(2, order.length)));
  const lhsBatch = order.slice(lhsContract.length, lhsContract.length + b.random.integer(0, 1));
  // The other operand's axes in a random order: batch, contracted, free.
  const parts = [...lhsBatch, ...lhsContract].map((axis) => ({ axis, extent: shape[axis]!, key: b.random.next() }));
  const free = Array.from({ length: b.random.integer(0, 2) }, () => ({ axis: -1, extent: b.extent(), key: b.random.next() }));
  const all = [...parts, ...free].sort((s, t) => s.key - t.key);
  const at = (axis: number): number => all.findIndex((part) => part.axis === axis);
  const rhs = b.like(all.map(({ extent }) => extent));
  const scaled = p.multiply(lhs, p.fullLike(lhs, 0.25));
  return p.dotGeneral(scaled, rhs, { lhsBatch, rhsBatch: lhsBatch.map(at), lhsContract, rhsContract: lhsContract.map(at) });
};

const conv: Family = (b) => {
  const spatialRank = b.random.integer(1, 2);
  const groups = b.random.pick([1, 1, 1, 2, 3]);
  const fits = (shape: readonly number[]): boolean =>
    shape.length === spatialRank + 2 && shape.at(-1)! % groups === 0 && sizeOf(shape) < 1500;
  const x = b.operand(fits) ?? b.argument([b.random.integer(1, 3), ...b.shape(spatialRank), groups * b.random.integer(1, 4)]);
  const shape = concreteShape(x);
  if (!fits(shape)) return null;
  const spatial = shape.slice(1, -1);
  const window = spatial.map(() => b.random.integer(1, 3));
  const kernel = b.like([...window, shape.at(-1)! / groups, groups * b.random.integer(1, 5)]);
  const rhsDilation = window.map(() => b.random.pick([1, 1, 2]));
  const lhsDilation = window.map(() => b.random.pick([1, 1, 1, 2]));
  const padding = window.map((extent) => {
    const reach = (extent - 1) * 2;
    return [b.random.integer(0, reach), b.random.integer(0, reach)] as const;
  });
  const fitsWindow = spatial.every((extent, i) => {
    const padded = (extent - 1) * lhsDilation[i]! + 1 + padding[i]![0] + padding[i]![1];
    return padded >= (window[i]! - 1) * rhsDilation[i]! + 1;
  });
  if (!fitsWindow) return null;
  const strides = window.map(() => b.random.pick([1, 1, 2, 3]));
  const flipped = window.map(() => b.random.chance(0.15));
  return p.convGeneral(p.multiply(x, p.fullLike(x, 0.3)), kernel, {
    strides,
    padding,
    lhsDilation,
    rhsDilation,
    featureGroups: groups,
    reverse: flipped,
  });
};

const pool: Family = (b) => {
  const x = b.operand((shape) => shape.length >= 1 && shape.some((extent) => extent >= 2));
  if (x === null) return null;
  const shape = concreteShape(x);
  const slides = shape.map((extent) => extent >= 2 && b.random.chance(0.6));
  const window = shape.map((extent, axis) => (slides[axis] ? b.random.integer(1, Math.min(3, extent)) : 1));
  const strides = shape.map((_, axis) => (slides[axis] ? b.random.integer(1, 3) : 1));
  const padding = shape.map((_, axis) => [b.random.integer(0, window[axis]! - 1), b.random.integer(0, window[axis]! - 1)] as const);
  const geometry = { window, strides, padding };
  if (b.random.chance(0.4)) return p.reduceWindowSum(x, geometry);
  // The last window must not lie in the padding alone.
  const filled = shape.every((extent, axis) => {
    const count = Math.floor((extent + padding[axis]![0] + padding[axis]![1] - window[axis]!) / strides[axis]!);
    return count * strides[axis]! - padding[axis]![0] < extent;
  });
  return filled ? p.windowGather(x, p.windowArgmax(x, geometry), geometry) : null;
};

const take: Family = (b) => {
  const x = b.operand((shape) => shape.length > 0 && sizeOf(shape) < 800);
  if (x === null) return null;
  const shape = concreteShape(x);
  const axis = b.random.integer(0, x.rank - 1);
  const mode = b.random.pick(["check", "clamp"] as const);
  const limit = mode === "check" ? shape[axis]! : shape[axis]! + 2;
  if (b.random.chance(0.5))
    return p.take(
      x,
      b.indices(
        b.shape(b.random.integer(0, 2)).map((extent) => Math.min(extent, 5)),
        limit,
      ),
      axis,
      mode,
    );
  return p.takeAlongAxis(
    x,
    b.indices(
      shape.map((extent, i) => (i === axis ? b.random.integer(1, 5) : extent)),
      limit,
    ),
    axis,
    mode,
  );
};

const gather: Family = (b) => {
  const x = b.operand((shape) => shape.length > 0);
  if (x === null) return null;
  const shape = concreteShape(x);
  const depth = b.random.integer(1, shape.length);
  const tuples = b.indices([b.random.integer(1, 6), depth], Math.min(...shape.slice(0, depth)));
  return p.gatherNd(x, tuples);
};

const scatter: Family = (b) => {
  const x = b.operand((shape) => shape.length > 0);
  if (x === null) return null;
  const shape = concreteShape(x);
  const depth = b.random.integer(1, shape.length);
  const count = b.random.integer(1, 6);
  const tuples = b.indices([count, depth], Math.min(...shape.slice(0, depth)));
  return p.scatterNd(x, tuples, b.like([count, ...shape.slice(depth)]), b.random.pick(["add", "set"] as const));
};

const dynamic: Family = (b) => {
  const x = b.operand((shape) => shape.length > 0);
  if (x === null) return null;
  const shape = concreteShape(x);
  const sizes = shape.map((extent) => b.random.integer(1, extent));
  // Starts may lie too far: they are clamped.
  const starts = b.indices([shape.length], Math.max(...shape) + 2);
  return b.random.chance(0.5) ? p.dynamicSlice(x, starts, sizes) : p.dynamicUpdateSlice(x, b.like(sizes), starts);
};

/** Uniform numbers, as users of random bits make them. */
const noise: Family = (b) => {
  const x = b.operand()!;
  const bits = p.shiftRightLogical(p.rngBits(b.indices([2], 2 ** 31), concreteShape(x)), p.full(concreteShape(x), 8, "int32"));
  return p.multiply(x, p.multiply(p.convert(bits, "float32"), p.fullLike(x, 2 ** -24)));
};

const integers: Family = (b) => {
  const x = b.operand()!;
  const shape = concreteShape(x);
  const n = b.indices(shape, 40);
  const position = shape.length > 0 ? p.iota(shape, b.random.integer(0, shape.length - 1), "int32") : p.full(shape, 3, "int32");
  const f = b.random.pick([
    p.add, p.subtract, p.multiply, p.divide, p.remainder, p.maximum, p.minimum, p.and, p.or, p.xor,
    (m: Tensor, k: Tensor) => p.shiftLeft(m, p.and(k, p.fullLike(k, 7))),
  ]); // prettier-ignore
  return p.multiply(x, p.convert(p.remainder(f(n, position), p.fullLike(n, 5)), "float32"));
};

/** h = tanh(h w + x[t]) over the first axis, the states stacked. */
const recur: Family = (b) => {
  const x = b.operand((shape) => shape.length === 3 && sizeOf(shape) < 400) ?? b.argument([b.random.integer(1, 4), 2, 3]);
  if (x.rank !== 3) return null;
  const [, rows, units] = concreteShape(x) as [number, number, number];
  const [h, slice, w] = [
    [rows, units],
    [rows, units],
    [units, units],
  ].map((shape) => parameterTensor(shape, "float32")) as [Tensor, Tensor, Tensor];
  const scaled = p.multiply(w, p.fullLike(w, 0.5));
  const next = p.tanh(p.add(p.dotGeneral(h, scaled, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] }), slice));
  const body = new Subgraph([h, slice, w], [next, p.multiply(next, next)]);
  const outputs = p.scan(body, {
    init: [b.like([rows, units])],
    xs: [x],
    constants: [b.like([units, units])],
    reverse: b.random.chance(0.5),
  });
  return b.random.pick(outputs);
};

/** Every family; those that stand several times are drawn more often. */
export const families: readonly Family[] = [
  unary, unary, unary, binary, binary, binary, broadcast, broadcast, reshape, transpose, slice, pad, concatenate, reverse, reduce, reduce,
  arg, softmax, normalize, cumulative, sort, dot, dot, conv, conv, pool, pool, take, gather, scatter, dynamic, noise, integers, recur,
]; // prettier-ignore
