/** Shapes and order of axes: nothing here changes an element. */
import { ShapeError, ValueError } from "../../errors.ts";
import {
  broadcastShapes,
  concreteShape,
  currentScope,
  dataTensor,
  formatShape,
  normalizeAxis,
  sameShape,
  type Shape,
  type Tensor,
} from "../../graph/index.ts";
import { resolveShape } from "../../graph/host-values.ts";
import * as P from "../../primitives/index.ts";
import { type Axis, normalizeAxes, options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { knownShape } from "../known-shape.ts";
import { broadcast, promote } from "../promote.ts";

type AxisOption = Axis | { axis?: Axis };

/** The same elements in row-major order under another shape; one extent may be -1. */
export const reshape: (x: TensorLike, newshape: number | Shape) => Tensor = defineOp(
  "reshape",
  (x: TensorLike, newshape: number | Shape) => {
    const t = asTensor(x);
    return P.reshape(t, resolveShape(currentScope(), knownShape(newshape, true), t.size));
  },
);

/** Axis i of the result is axis `axes[i]` of x; by default all axes in reverse. */
export const transpose: (x: TensorLike, axes?: readonly number[] | null | { axes?: readonly number[] | null }) => Tensor = defineOp(
  "transpose",
  (x: TensorLike, ...rest: [(readonly number[] | null | { axes?: readonly number[] | null })?]) => {
    const { axes = null } = options<{ axes: readonly number[] | null }>(["axes"], rest);
    const t = asTensor(x);
    const order =
      axes === null ? Array.from({ length: t.rank }, (_, i) => t.rank - 1 - i) : axes.map((a) => normalizeAxis(currentScope(), a, t.rank));
    return permute(t, order);
  },
);

/** `transpose` that leaves out the identity. */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  return order.length === x.rank && order.every((axis, position) => axis === position) ? x : P.transpose(x, order);
}

/** Inserts axes of extent 1 at these positions of the result. */
export const expandDims: (x: TensorLike, axis: number | readonly number[] | { axis: number | readonly number[] }) => Tensor = defineOp(
  "expandDims",
  (x: TensorLike, ...rest: [number | readonly number[] | { axis: number | readonly number[] }]) => {
    const { axis = 0 } = options<{ axis: number | readonly number[] }>(["axis"], rest);
    const t = asTensor(x);
    const count = typeof axis === "number" ? 1 : axis.length;
    const positions = normalizeAxes(axis, t.rank + count);
    const shape = [...concreteShape(t)];
    for (const position of positions) shape.splice(position, 0, 1);
    return P.reshape(t, shape);
  },
);

/** Removes axes of extent 1: those named, or all. Throws ShapeError for a named axis of another extent. */
export const squeeze: (x: TensorLike, axis?: AxisOption) => Tensor = defineOp("squeeze", (x: TensorLike, ...rest: [AxisOption?]) => {
  const { axis = null } = options<{ axis: Axis }>(["axis"], rest);
  const t = asTensor(x);
  const shape = concreteShape(t);
  const axes = axis === null ? normalizeAxes(null, t.rank).filter((a) => shape[a] === 1) : normalizeAxes(axis, t.rank);
  const wrong = axes.find((a) => shape[a] !== 1);
  if (wrong !== undefined) {
    throw new ShapeError({
      where: currentScope(),
      problem: `axis ${wrong} is not of extent 1 and cannot be removed`,
      received: formatShape(shape),
    });
  }
  return P.reshape(
    t,
    shape.filter((_, a) => !axes.includes(a)),
  );
});

/** All elements in one axis. */
export const ravel: (x: TensorLike) => Tensor = defineOp("ravel", (x: TensorLike) => {
  const t = asTensor(x);
  return P.reshape(t, [t.size]);
});

/** Moves axes `source` to the positions `destination`; the others keep their order. */
export const moveaxis: (x: TensorLike, source: number | readonly number[], destination: number | readonly number[]) => Tensor = defineOp(
  "moveaxis",
  (x: TensorLike, source: number | readonly number[], destination: number | readonly number[]) => {
    const t = asTensor(x);
    const from = (typeof source === "number" ? [source] : source).map((a) => normalizeAxis(currentScope(), a, t.rank));
    const to = (typeof destination === "number" ? [destination] : destination).map((a) => normalizeAxis(currentScope(), a, t.rank));
    if (from.length !== to.length || new Set(from).size !== from.length || new Set(to).size !== to.length) {
      throw new ShapeError({
        where: currentScope(),
        problem: "source and destination must name as many distinct axes",
        received: `${formatShape(from)} and ${formatShape(to)}`,
      });
    }
    const order = normalizeAxes(null, t.rank).filter((a) => !from.includes(a));
    const pairs = to.map((position, i) => [position, from[i]!] as const).sort((a, b) => a[0] - b[0]);
    for (const [position, axis] of pairs) order.splice(position, 0, axis);
    return permute(t, order);
  },
);

/** Exchanges two axes. */
export const swapaxes: (x: TensorLike, axis1: number, axis2: number) => Tensor = defineOp(
  "swapaxes",
  (x: TensorLike, axis1: number, axis2: number) => {
    const t = asTensor(x);
    const [a, b] = [normalizeAxis(currentScope(), axis1, t.rank), normalizeAxis(currentScope(), axis2, t.rank)];
    const order = normalizeAxes(null, t.rank);
    [order[a], order[b]] = [order[b]!, order[a]!];
    return permute(t, order);
  },
);

/** `x` broadcast to a shape, aligned at the last axis. */
export const broadcastTo: (x: TensorLike, shape: Shape) => Tensor = defineOp("broadcastTo", (x: TensorLike, newShape: Shape) => {
  const t = asTensor(x);
  const shape = knownShape(newShape);
  if (!sameShape(broadcastShapes(currentScope(), concreteShape(t), shape), shape)) {
    throw new ShapeError({
      where: currentScope(),
      problem: "the tensor does not broadcast to the shape",
      expected: formatShape(shape),
      received: formatShape(t.shape),
    });
  }
  return broadcast(t, shape);
});

/** Tensors one after another along an axis; their dtypes are promoted. */
export const concatenate: (xs: readonly TensorLike[], axis?: number | { axis?: number }) => Tensor = defineOp(
  "concatenate",
  (xs: readonly TensorLike[], ...rest: [(number | { axis?: number })?]) => {
    const { axis = 0 } = options<{ axis: number }>(["axis"], rest);
    requireSome(xs);
    const tensors = promote(xs);
    return tensors.length === 1 ? tensors[0]! : P.concatenate(tensors, normalizeAxis(currentScope(), axis, tensors[0]!.rank));
  },
);

function requireSome(xs: readonly unknown[]): void {
  if (!Array.isArray(xs) || xs.length === 0) {
    throw new ValueError({
      where: currentScope(),
      problem: "needs a list of at least one tensor",
      received: Array.isArray(xs) ? "an empty list" : typeof xs,
    });
  }
}

/** Tensors of one shape along a new axis. */
export const stack: (xs: readonly TensorLike[], axis?: number | { axis?: number }) => Tensor = defineOp(
  "stack",
  (xs: readonly TensorLike[], ...rest: [(number | { axis?: number })?]) => {
    const { axis = 0 } = options<{ axis: number }>(["axis"], rest);
    requireSome(xs);
    const tensors = promote(xs);
    const at = normalizeAxis(currentScope(), axis, tensors[0]!.rank + 1);
    const parts = tensors.map((t) => {
      const shape = [...concreteShape(t)];
      shape.splice(at, 0, 1);
      return P.reshape(t, shape);
    });
    return parts.length === 1 ? parts[0]! : P.concatenate(parts, at);
  },
);

/** The tensors along an axis, without it. */
export const unstack: (x: TensorLike, num?: number | null | { num?: number | null; axis?: number }, axis?: number) => Tensor[] = defineOp(
  "unstack",
  (x: TensorLike, ...rest: [(number | null | { num?: number | null; axis?: number })?, number?]) => {
    const { axis = 0 } = options<{ num: number | null; axis: number }>(["num", "axis"], rest);
    const t = asTensor(x);
    const at = normalizeAxis(currentScope(), axis, t.rank);
    const shape = concreteShape(t);
    const without = shape.filter((_, a) => a !== at);
    return Array.from({ length: shape[at]! }, (_, i) => P.reshape(sliceAxis(t, at, i, i + 1), without));
  },
);

/** Elements start <= i < limit (step by step) of one axis. */
export function sliceAxis(x: Tensor, axis: number, start: number, limit: number, step = 1): Tensor {
  const shape = concreteShape(x);
  if (start === 0 && limit === shape[axis] && step === 1) return x;
  return P.slice(
    x,
    shape.map((_, a) => (a === axis ? start : 0)),
    shape.map((extent, a) => (a === axis ? limit : extent)),
    shape.map((_, a) => (a === axis ? step : 1)),
  );
}

/** Parts along an axis: as many equal ones as a number says, or cut before each index of a list. */
export const split: (x: TensorLike, indicesOrSections: number | readonly number[], axis?: number | { axis?: number }) => Tensor[] =
  defineOp("split", (x: TensorLike, indicesOrSections: number | readonly number[], ...rest: [(number | { axis?: number })?]) => {
    const { axis = 0 } = options<{ axis: number }>(["axis"], rest);
    const t = asTensor(x);
    const at = normalizeAxis(currentScope(), axis, t.rank);
    const extent = concreteShape(t)[at]!;
    if (typeof indicesOrSections === "number" && (indicesOrSections < 1 || extent % indicesOrSections !== 0)) {
      throw new ShapeError({
        where: currentScope(),
        problem: `an axis of extent ${extent} has no ${indicesOrSections} equal parts`,
        received: formatShape(t.shape),
      });
    }
    const cuts =
      typeof indicesOrSections === "number"
        ? Array.from({ length: indicesOrSections - 1 }, (_, i) => ((i + 1) * extent) / indicesOrSections)
        : indicesOrSections.map((i) => Math.min(extent, Math.max(0, i < 0 ? i + extent : i)));
    const bounds = [0, ...cuts, extent];
    return bounds.slice(1).map((end, i) => sliceAxis(t, at, bounds[i]!, Math.max(end, bounds[i]!)));
  });

/** Elements in reverse order along axes (default: all). */
export const flip: (x: TensorLike, axis?: AxisOption) => Tensor = defineOp("flip", (x: TensorLike, ...rest: [AxisOption?]) => {
  const { axis = null } = options<{ axis: Axis }>(["axis"], rest);
  const t = asTensor(x);
  return P.reverse(t, normalizeAxes(axis, t.rank));
});

/** Elements moved on by `shift` along axes, those pushed out coming in at the other end. Without an axis: of the flattened tensor. */
export const roll: (x: TensorLike, shift: number | readonly number[], axis?: AxisOption) => Tensor = defineOp(
  "roll",
  (x: TensorLike, shift: number | readonly number[], ...rest: [AxisOption?]) => {
    const { axis = null } = options<{ axis: Axis }>(["axis"], rest);
    const t = asTensor(x);
    const shifts = typeof shift === "number" ? [shift] : shift;
    if (axis === null)
      return P.reshape(
        rollAxis(
          P.reshape(t, [t.size]),
          0,
          shifts.reduce((a, b) => a + b, 0),
        ),
        concreteShape(t),
      );
    const axes = typeof axis === "number" ? [axis] : axis;
    return axes.reduce((out, a, i) => rollAxis(out, normalizeAxis(currentScope(), a, t.rank), shifts[i] ?? shifts[0]!), t);
  },
);
function rollAxis(x: Tensor, axis: number, shift: number): Tensor {
  const extent = concreteShape(x)[axis]!;
  const by = extent === 0 ? 0 : ((shift % extent) + extent) % extent;
  if (by === 0) return x;
  return P.concatenate([sliceAxis(x, axis, extent - by, extent), sliceAxis(x, axis, 0, extent - by)], axis);
}

/** The tensor side by side with itself, `repeats[axis]` times along each axis. */
export const tile: (x: TensorLike, repeats: number | readonly number[]) => Tensor = defineOp(
  "tile",
  (x: TensorLike, repeats: number | readonly number[]) => {
    const t = asTensor(x);
    const given = typeof repeats === "number" ? [repeats] : [...repeats];
    const rank = Math.max(t.rank, given.length);
    const counts = [...new Array<number>(rank - given.length).fill(1), ...given];
    const shape = [...new Array<number>(rank - t.rank).fill(1), ...concreteShape(t)];
    const spread = shape.flatMap((extent, axis) => [counts[axis]!, extent]);
    const lifted = P.broadcastInDim(
      P.reshape(t, shape),
      spread,
      shape.map((_, axis) => 2 * axis + 1),
    );
    return P.reshape(
      lifted,
      shape.map((extent, axis) => extent * counts[axis]!),
    );
  },
);

/** Each element `repeats` times (one number, or one per element of the axis), along an axis or of the flattened tensor. */
export const repeat: (x: TensorLike, repeats: number | readonly number[], axis?: number | null | { axis?: number | null }) => Tensor =
  defineOp("repeat", (x: TensorLike, repeats: number | readonly number[], ...rest: [(number | null | { axis?: number | null })?]) => {
    const { axis = null } = options<{ axis: number | null }>(["axis"], rest);
    const given = asTensor(x);
    const t = axis === null ? P.reshape(given, [given.size]) : given;
    const at = axis === null ? 0 : normalizeAxis(currentScope(), axis, t.rank);
    const shape = concreteShape(t);
    if (typeof repeats !== "number") {
      const counts = repeats.length === 1 ? new Array<number>(shape[at]!).fill(repeats[0]!) : repeats;
      if (counts.length !== shape[at] || counts.some((count) => !Number.isInteger(count) || count < 0)) {
        throw new ValueError({
          where: currentScope(),
          problem: "repeats does not fit the axis",
          expected: `${shape[at]} counts, or one`,
          received: JSON.stringify(repeats),
        });
      }
      const positions = Int32Array.from(counts.flatMap((count, i) => new Array<number>(count).fill(i)));
      return P.take(t, dataTensor(positions, [positions.length], "int32"), at, "clamp");
    }
    const spread = [...shape.slice(0, at + 1), repeats, ...shape.slice(at + 1)];
    const lifted = P.broadcastInDim(
      t,
      spread,
      shape.map((_, a) => (a <= at ? a : a + 1)),
    );
    return P.reshape(
      lifted,
      shape.map((extent, a) => (a === at ? extent * repeats : extent)),
    );
  });

/** Options of `pad`. */
export interface PadOptions {
  mode?: "constant" | "reflect" | "symmetric" | "edge";
  /** What "constant" pads with. Default 0. */
  constantValues?: number | null;
}
/** Elements added before and after each axis: `padWidth` is a number, [before, after], or one such pair per axis. */
export const pad: (
  x: TensorLike,
  padWidth: number | readonly number[] | readonly (readonly number[])[],
  mode?: PadOptions["mode"] | PadOptions,
  constantValues?: number | null,
) => Tensor = defineOp(
  "pad",
  (
    x: TensorLike,
    padWidth: number | readonly number[] | readonly (readonly number[])[],
    ...rest: [(PadOptions["mode"] | PadOptions)?, (number | null)?]
  ) => {
    const { mode = "constant", constantValues = null } = options<PadOptions>(["mode", "constantValues"], rest);
    const t = asTensor(x);
    const pairs = padPairs(padWidth, t.rank);
    if (mode === "constant") {
      const zero = t.rank > 0 ? pairs.map(() => 0) : [];
      return P.pad(
        t,
        P.constant(constantValues ?? 0, t.dtype),
        pairs.map(([low]) => low),
        pairs.map(([, high]) => high),
        zero,
      );
    }
    return pairs.reduce((out, [low, high], axis) => padAxis(out, axis, low, high, mode), t);
  },
);
function padPairs(width: number | readonly number[] | readonly (readonly number[])[], rank: number): [number, number][] {
  if (typeof width === "number") return new Array<[number, number]>(rank).fill([width, width]);
  if (width.every((entry) => typeof entry === "number")) {
    return new Array<[number, number]>(rank).fill([width[0]!, width[1] ?? width[0]!]);
  }
  const pairs = width.map((entry): [number, number] => [entry[0]!, entry[1] ?? entry[0]!]);
  if (pairs.length === 1) return new Array<[number, number]>(rank).fill(pairs[0]!);
  if (pairs.length !== rank) {
    throw new ShapeError({
      where: currentScope(),
      problem: "padWidth needs one pair per axis",
      expected: `${rank} pairs`,
      received: `${pairs.length}`,
    });
  }
  return pairs;
}
function padAxis(x: Tensor, axis: number, low: number, high: number, mode: "reflect" | "symmetric" | "edge"): Tensor {
  const extent = concreteShape(x)[axis]!;
  const limit = mode === "reflect" ? extent - 1 : extent;
  if (mode !== "edge" && (low > limit || high > limit)) {
    throw new ShapeError({
      where: currentScope(),
      problem: `mode "${mode}" cannot pad axis ${axis} of extent ${extent} by more than ${limit}`,
      received: `${low} and ${high}`,
    });
  }
  const side = (count: number, first: boolean): Tensor[] => {
    if (count === 0) return [];
    if (mode === "edge") {
      const at = first ? 0 : extent - 1;
      const shape = concreteShape(x).map((e, a) => (a === axis ? count : e));
      return [broadcast(sliceAxis(x, axis, at, at + 1), shape)];
    }
    const skip = mode === "reflect" ? 1 : 0;
    const from = first ? skip : extent - skip - count;
    return [P.reverse(sliceAxis(x, axis, from, from + count), [axis])];
  };
  const parts = [...side(low, true), x, ...side(high, false)];
  return parts.length === 1 ? x : P.concatenate(parts, axis);
}

/** Tensors side by side: along axis 1, rank-1 tensors along axis 0. */
export const hstack: (xs: readonly TensorLike[]) => Tensor = defineOp("hstack", (xs: readonly TensorLike[]) => {
  requireSome(xs);
  const tensors = promote(xs).map((t) => (t.rank === 0 ? P.reshape(t, [1]) : t));
  return tensors.length === 1 ? tensors[0]! : P.concatenate(tensors, tensors[0]!.rank === 1 ? 0 : 1);
});
/** Tensors below each other: along axis 0, rank-1 tensors as rows. */
export const vstack: (xs: readonly TensorLike[]) => Tensor = defineOp("vstack", (xs: readonly TensorLike[]) => {
  requireSome(xs);
  const tensors = promote(xs).map((t) => (t.rank < 2 ? P.reshape(t, [1, t.size]) : t));
  return tensors.length === 1 ? tensors[0]! : P.concatenate(tensors, 0);
});
/** Two tensors one after another along an axis, or both flattened. */
export const append: (x1: TensorLike, x2: TensorLike, axis?: number | null | { axis?: number | null }) => Tensor = defineOp(
  "append",
  (x1: TensorLike, x2: TensorLike, ...rest: [(number | null | { axis?: number | null })?]) => {
    const { axis = null } = options<{ axis: number | null }>(["axis"], rest);
    const tensors = promote([x1, x2]);
    if (axis === null)
      return P.concatenate(
        tensors.map((t) => P.reshape(t, [t.size])),
        0,
      );
    return P.concatenate(tensors, normalizeAxis(currentScope(), axis, tensors[0]!.rank));
  },
);
/** Differences of neighbours along an axis, `n` times over. */
export const diff: (x: TensorLike, n?: number | { n?: number; axis?: number }, axis?: number) => Tensor = defineOp(
  "diff",
  (x: TensorLike, ...rest: [(number | { n?: number; axis?: number })?, number?]) => {
    const { n = 1, axis = -1 } = options<{ n: number; axis: number }>(["n", "axis"], rest);
    let out = asTensor(x);
    const at = normalizeAxis(currentScope(), axis, out.rank);
    for (let time = 0; time < n; time++) {
      const extent = concreteShape(out)[at]!;
      out = P.subtract(sliceAxis(out, at, 1, extent), sliceAxis(out, at, 0, extent - 1));
    }
    return out;
  },
);
/** Coordinate grids of vectors; "xy" (default) exchanges the first two axes. */
export function meshgrid(...args: readonly (TensorLike | { indexing?: "xy" | "ij" })[]): Tensor[] {
  const last = args.at(-1);
  const hasOptions = typeof last === "object" && last !== null && "indexing" in last;
  const indexing = hasOptions ? (last.indexing ?? "xy") : "xy";
  const vectors = (hasOptions ? args.slice(0, -1) : args) as readonly TensorLike[];
  return grid(vectors, indexing);
}
const grid: (vectors: readonly TensorLike[], indexing: "xy" | "ij") => Tensor[] = defineOp(
  "meshgrid",
  (vectors: readonly TensorLike[], indexing: "xy" | "ij") => {
    const tensors = vectors.map((v) => asTensor(v));
    const axes = tensors.map((_, i) => (indexing === "xy" && tensors.length > 1 && i < 2 ? 1 - i : i));
    const shape = new Array<number>(tensors.length);
    tensors.forEach((t, i) => (shape[axes[i]!] = t.size));
    return tensors.map((t, i) => P.broadcastInDim(P.reshape(t, [t.size]), shape, [axes[i]!]));
  },
);
