/** ONNX's operators that shape, move and select elements. */
import { broadcastShapes, dataTensor, type Tensor } from "../../../graph/index.ts";
import * as ops from "../../../ops/index.ts";
import * as P from "../../../primitives/index.ts";
import { like, type NodeContext, type Operator, shapeOf, spreadTo } from "./operator.ts";

/** Most elements that an operator may make out of a few numbers. */
const sizeLimit = 2 ** 31;

function checkSize(context: NodeContext, shape: readonly number[]): readonly number[] {
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (shape.every((extent) => Number.isInteger(extent) && extent >= 0) && size <= sizeLimit) return shape;
  throw context.error("the shape is none, or holds too many elements", `at most ${sizeLimit} elements`, `[${shape.join(", ")}]`);
}

/** A list of int32. */
function integers(values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return dataTensor(Int32Array.from(values), shape, "int32");
}

function reshape(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const from = shapeOf(x);
  const wanted = context.constant(1) ?? context.ints("shape") ?? [];
  const keepZero = context.int("allowzero", 0) === 1;
  const target = wanted.map((extent, axis) => (extent === 0 && !keepZero ? (from[axis] ?? 0) : extent));
  const known = target.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
  const size = from.reduce((product, extent) => product * extent, 1);
  return [
    P.reshape(
      x,
      checkSize(
        context,
        target.map((extent) => (extent === -1 ? (known === 0 ? 0 : size / known) : extent)),
      ),
    ),
  ];
}

function flatten(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const shape = shapeOf(x);
  const given = context.int("axis", 1);
  const axis = given < 0 ? given + x.rank : given;
  const product = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);
  return [P.reshape(x, [product(shape.slice(0, axis)), product(shape.slice(axis))])];
}

function squeeze(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const shape = shapeOf(x);
  const axes = context.axes(1)?.map((axis) => context.axis(axis, x.rank)) ?? shape.flatMap((extent, axis) => (extent === 1 ? [axis] : []));
  if (axes.some((axis) => shape[axis] !== 1))
    throw context.error(
      "an axis to be left out has more than one element",
      "extents of 1",
      `[${shape.join(", ")}], axes ${axes.join(", ")}`,
    );
  return [
    P.reshape(
      x,
      shape.filter((_, axis) => !axes.includes(axis)),
    ),
  ];
}

/** Adds axes of extent 1. */
function unsqueeze(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const given = context.axes(1) ?? [];
  const rank = x.rank + given.length;
  const axes = given.map((axis) => context.axis(axis, rank));
  if (new Set(axes).size !== axes.length) throw context.error("an axis is named twice", undefined, axes.join(", "));
  const rest = [...shapeOf(x)];
  return [
    P.reshape(
      x,
      Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : rest.shift()!)),
    ),
  ];
}

function transpose(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const reversed = Array.from({ length: x.rank }, (_, axis) => x.rank - 1 - axis);
  return [P.transpose(x, context.ints("perm") ?? reversed)];
}

function concat(context: NodeContext): readonly Tensor[] {
  const parts = context.inputs.map((_, i) => context.input(i));
  return [P.concatenate(parts, context.axis(context.int("axis", context.opset < 4 ? 1 : 0), parts[0]!.rank))];
}

/**
 *
 */
function sliceAlong(x: Tensor, axis: number, start: number, limit: number): Tensor {
  const shape = shapeOf(x);
  return P.slice(
    x,
    shape.map((_, i) => (i === axis ? start : 0)),
    shape.map((extent, i) => (i === axis ? limit : extent)),
  );
}

function split(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const axis = context.axis(context.int("axis", 0), x.rank);
  const extent = shapeOf(x)[axis]!;
  const chunk = Math.ceil(extent / context.outputs);
  const sizes =
    context.constant(1) ??
    context.ints("split") ??
    Array.from({ length: context.outputs }, (_, i) => Math.max(0, Math.min(chunk, extent - i * chunk)));
  if (sizes.reduce((a, b) => a + b, 0) !== extent)
    throw context.error("the parts do not make up the axis", String(extent), sizes.join(" + "));
  let start = 0;
  return sizes.map((size) => sliceAlong(x, axis, start, (start += size)));
}

function slice(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const starts = context.constant(1) ?? context.ints("starts") ?? [];
  const ends = context.constant(2) ?? context.ints("ends") ?? [];
  const axes = (context.constant(3) ?? context.ints("axes") ?? starts.map((_, i) => i)).map((axis) => context.axis(axis, x.rank));
  const steps = context.constant(4) ?? starts.map(() => 1);
  const shape = shapeOf(x);
  const low = shape.map(() => 0);
  const high = [...shape];
  const strides = shape.map(() => 1);
  const flipped: number[] = [];
  axes.forEach((axis, i) => {
    const extent = shape[axis]!;
    const step = steps[i]!;
    if (step === 0) throw context.error("a step is 0");
    const place = (index: number, bottom: number, top: number): number =>
      Math.min(Math.max(index < 0 ? index + extent : index, bottom), top);
    if (step > 0) {
      low[axis] = place(starts[i]!, 0, extent);
      high[axis] = Math.max(low[axis], place(ends[i]!, 0, extent));
    } else {
      // From the last backwards: the same elements from the other side.
      const first = place(starts[i]!, -1, extent - 1);
      const last = ends[i]! < -extent ? -1 : place(ends[i]!, -1, extent - 1);
      low[axis] = extent - 1 - first;
      high[axis] = Math.max(low[axis], extent - 1 - last);
      flipped.push(axis);
    }
    strides[axis] = Math.abs(step);
  });
  return [P.slice(flipped.length > 0 ? P.reverse(x, flipped) : x, low, high, strides)];
}

/** Indices may count from the end. */
function wrapped(indices: Tensor, extent: number): Tensor {
  return P.select(P.less(indices, like(indices, 0)), P.add(indices, like(indices, extent)), indices);
}

function gather(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const axis = context.axis(context.int("axis", 0), x.rank);
  return [P.take(x, wrapped(context.input(1), shapeOf(x)[axis]!), axis)];
}

function gatherElements(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const axis = context.axis(context.int("axis", 0), x.rank);
  const indices = wrapped(context.input(1), shapeOf(x)[axis]!);
  const shape = shapeOf(indices);
  // Along the other axes the indices may stop earlier.
  const reached = P.slice(
    x,
    shape.map(() => 0),
    shapeOf(x).map((extent, i) => (i === axis ? extent : shape[i]!)),
  );
  return [P.takeAlongAxis(reached, indices, axis)];
}

/** Tuples of indices, counted from the front. */
function wrappedTuples(indices: Tensor, shape: readonly number[]): Tensor {
  const depth = shapeOf(indices).at(-1)!;
  return P.select(P.less(indices, like(indices, 0)), P.add(indices, spreadTo(integers(shape.slice(0, depth)), shapeOf(indices))), indices);
}

function gatherNd(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const indices = context.input(1);
  const batch = context.int("batch_dims", 0);
  if (batch === 0) return [P.gatherNd(x, wrappedTuples(indices, shapeOf(x)))];
  const lead = shapeOf(indices).slice(0, -1);
  const places = Array.from({ length: batch }, (_, axis) => P.iota([...lead, 1], axis, "int32"));
  const tuples = P.concatenate([...places, wrappedTuples(indices, shapeOf(x).slice(batch))], indices.rank - 1);
  return [P.gatherNd(x, tuples)];
}

function scatterElements(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const axis = context.axis(context.int("axis", 0), x.rank);
  const indices = wrapped(context.input(1), shapeOf(x)[axis]!);
  const shape = shapeOf(indices);
  const tuples = P.concatenate(
    shape.map((_, i) => P.reshape(i === axis ? indices : P.iota(shape, i, "int32"), [...shape, 1])),
    shape.length,
  );
  return [scatter(context, x, tuples, context.input(2))];
}

function scatter(context: NodeContext, x: Tensor, tuples: Tensor, updates: Tensor): Tensor {
  const reduction = context.text("reduction", "none");
  if (reduction === "none") return P.scatterNd(x, tuples, updates, "set");
  if (reduction === "add") return P.scatterNd(x, tuples, updates, "add");
  throw context.error("this reduction is not there", '"none" or "add"', reduction);
}

const scatterNd: Operator = (context) => {
  const x = context.input(0);
  return [scatter(context, x, wrappedTuples(context.input(1), shapeOf(x)), context.input(2))];
};

function expand(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const shape = broadcastShapes(context.where, shapeOf(x), context.constant(1) ?? []);
  return [spreadTo(x, checkSize(context, shape))];
}

function tile(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const repeats = context.constant(1) ?? [];
  checkSize(
    context,
    shapeOf(x).map((extent, axis) => extent * (repeats[axis] ?? 1)),
  );
  return [ops.tile(x, repeats)];
}

function pad(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const mode = context.text("mode", "constant");
  const pads = context.constant(1) ?? context.ints("pads") ?? context.ints("paddings") ?? [];
  const axes = context.constant(3)?.map((axis) => context.axis(axis, x.rank)) ?? Array.from({ length: x.rank }, (_, axis) => axis);
  const [low, high] = [0, 1].map((side) =>
    shapeOf(x).map((_, axis) => (axes.includes(axis) ? (pads[axes.indexOf(axis) + side * axes.length] ?? 0) : 0)),
  );
  checkSize(
    context,
    shapeOf(x).map((extent, axis) => extent + low![axis]! + high![axis]!),
  );
  if (mode === "constant") {
    const given = context.optional(2);
    const fill = given === null ? P.constant(context.float("value", 0), x.dtype) : P.convert(P.reshape(given, []), x.dtype);
    return [P.pad(x, fill, low!, high!)];
  }
  let padded = x;
  shapeOf(x).forEach((extent, axis) => {
    if (low![axis] === 0 && high![axis] === 0) return;
    padded = P.take(padded, integers(sourcePlaces(context, mode, extent, low![axis]!, high![axis]!)), axis);
  });
  return [padded];
}

/** Which element stands at each place of a padded axis. */
function sourcePlaces(context: NodeContext, mode: string, extent: number, low: number, high: number): number[] {
  return Array.from({ length: low + extent + high }, (_, i) => {
    const at = i - low;
    if (mode === "edge") return Math.min(Math.max(at, 0), extent - 1);
    if (mode === "wrap") return ((at % extent) + extent) % extent;
    if (mode === "reflect") {
      const period = Math.max(1, 2 * (extent - 1));
      const place = ((at % period) + period) % period;
      return place < extent ? place : period - place;
    }
    throw context.error("there is no such mode of padding", "constant, edge, reflect, wrap", mode);
  });
}

function constant(context: NodeContext): readonly Tensor[] {
  const value = context.attribute("value")?.t;
  if (value !== undefined) return [context.readTensor(value)];
  const float = context.attribute("value_float")?.f;
  if (float !== undefined) return [P.constant(float, "float32")];
  const int = context.attribute("value_int")?.i;
  if (int !== undefined) return [integers([int], [])];
  const floats = context.floats("value_floats");
  if (floats !== null) return [dataTensor(Float32Array.from(floats), [floats.length], "float32")];
  const ints = context.ints("value_ints");
  if (ints !== null) return [integers(ints)];
  throw context.error("the constant has no value of numbers");
}

function constantOfShape(context: NodeContext): readonly Tensor[] {
  const shape = checkSize(context, context.constant(0) ?? []);
  const value = context.attribute("value")?.t;
  return [value === undefined ? P.full(shape, 0, "float32") : spreadTo(P.reshape(context.readTensor(value), []), shape)];
}

function range(context: NodeContext): readonly Tensor[] {
  const [start, limit, delta] = [0, 1, 2].map((i) => context.constant(i)?.[0] ?? 0);
  const { dtype } = context.input(0);
  if (delta === 0) throw context.error("a step is 0");
  const count = Math.max(0, Math.ceil((limit! - start!) / delta!));
  checkSize(context, [count]);
  const steps = P.iota([count], 0, dtype);
  return [P.add(P.multiply(steps, like(steps, delta!)), like(steps, start!))];
}

function oneHot(context: NodeContext): readonly Tensor[] {
  const depth = context.constant(1)?.[0] ?? 0;
  const indices = wrapped(P.convert(context.input(0), "int32"), depth);
  const axis = context.axis(context.int("axis", -1), indices.rank + 1);
  const shape = [...shapeOf(indices)];
  shape.splice(axis, 0, depth);
  checkSize(context, shape);
  const spreadAxes = Array.from({ length: indices.rank }, (_, i) => (i < axis ? i : i + 1));
  const hot = P.equal(P.broadcastInDim(indices, shape, spreadAxes), P.iota(shape, axis, "int32"));
  const values = context.input(2);
  const value = (i: number): Tensor => spreadTo(P.reshape(P.slice(values, [i], [i + 1]), []), shape);
  return [P.select(hot, value(1), value(0))];
}

function trilu(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const offset = context.constant(1)?.[0] ?? 0;
  const shape = shapeOf(x);
  const difference = P.subtract(P.iota(shape, x.rank - 1, "int32"), P.iota(shape, x.rank - 2, "int32"));
  const bound = P.full(shape, offset, "int32");
  const kept = context.int("upper", 1) === 1 ? P.greaterEqual(difference, bound) : P.lessEqual(difference, bound);
  return [P.select(kept, x, like(x, 0))];
}

function depthToSpace(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const b = context.int("blocksize", 1);
  const [n, c, h, w] = shapeOf(x) as [number, number, number, number];
  const columns = context.text("mode", "DCR") === "CRD";
  const split = columns ? P.reshape(x, [n, c / (b * b), b, b, h, w]) : P.reshape(x, [n, b, b, c / (b * b), h, w]);
  const moved = P.transpose(split, columns ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]);
  return [P.reshape(moved, [n, c / (b * b), h * b, w * b])];
}

function spaceToDepth(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const b = context.int("blocksize", 1);
  const [n, c, h, w] = shapeOf(x) as [number, number, number, number];
  const moved = P.transpose(P.reshape(x, [n, c, h / b, b, w / b, b]), [0, 3, 5, 1, 2, 4]);
  return [P.reshape(moved, [n, c * b * b, h / b, w / b])];
}

function shape(context: NodeContext): readonly Tensor[] {
  const extents = shapeOf(context.input(0));
  const rank = extents.length;
  const place = (index: number): number => Math.min(Math.max(index < 0 ? index + rank : index, 0), rank);
  return [integers(extents.slice(place(context.int("start", 0)), place(context.int("end", rank))))];
}

function nonZero(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const values = context.constant(0)!;
  const extents = shapeOf(x);
  const found = values.flatMap((value, i) => (value === 0 ? [] : [i]));
  let inner = 1;
  const rows: number[][] = [];
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    const step = inner;
    rows.unshift(found.map((i) => Math.floor(i / step) % extents[axis]!));
    inner *= extents[axis]!;
  }
  return [integers(rows.flat(), [extents.length, found.length])];
}

function eyeLike(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const diagonal = P.subtract(P.iota(shapeOf(x), 1, "int32"), P.iota(shapeOf(x), 0, "int32"));
  return [P.convert(P.equal(diagonal, like(diagonal, context.int("k", 0))), x.dtype)];
}

/** Operators of shapes and places by name. */
export const shapingOperators: Readonly<Record<string, Operator>> = {
  Shape: shape,
  Size: (context) => [integers([shapeOf(context.input(0)).reduce((a, b) => a * b, 1)], [])],
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  OneHot: oneHot,
  EyeLike: eyeLike,
  Trilu: trilu,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  NonZero: nonZero,
};

/** A part of a tensor along one axis. */
export { sliceAlong };
