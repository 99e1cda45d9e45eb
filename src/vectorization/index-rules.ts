/** Elements at positions that are data. */
import { concreteShape, type Tensor } from "../graph/index.ts";
import * as P from "../primitives/index.ts";
import { modeOf } from "../primitives/resolve-index.ts";
import { type Batched, type BatchRule, moveAxis, spread } from "./batched.ts";

/** Positions [batch, i..] spread to [batch, a.., i (flat), b..] beside slices of an array of `shape` (without the batch). */
function alongAxis(indices: Tensor, shape: readonly number[], axis: number): Tensor {
  const size = indices.dim(0);
  const count = indices.size / Math.max(1, size);
  const full = [size, ...shape.slice(0, axis), count, ...shape.slice(axis + 1)];
  return P.broadcastInDim(P.reshape(indices, [size, count]), full, [0, axis + 1]);
}

export const take: BatchRule = ({ node, inputs, size }) => {
  const axis = node.attributes["axis"] as number;
  const mode = modeOf(node.attributes);
  const [x, indices] = inputs as [Batched, Batched];
  if (!indices.mapped) return [P.take(x.tensor, indices.tensor, axis + 1, mode)];
  if (!x.mapped) return [moveAxis(P.take(x.tensor, indices.tensor, axis, mode), axis, 0)];
  const taken = P.takeAlongAxis(x.tensor, alongAxis(indices.tensor, concreteShape(node.inputs[0]!), axis), axis + 1, mode);
  return [P.reshape(taken, [size, ...node.types[0]!.shape])];
};

export const takeScatterAdd: BatchRule = ({ node, inputs, size }) => {
  const axis = node.attributes["axis"] as number;
  const mode = modeOf(node.attributes);
  const [operand, indices, updates] = inputs as [Batched, Batched, Batched];
  const [x, y] = [spread(operand, size), spread(updates, size)];
  if (!indices.mapped) return [P.takeScatterAdd(x, indices.tensor, y, axis + 1, mode)];
  const places = alongAxis(indices.tensor, concreteShape(node.inputs[0]!), axis);
  return [P.takeAlongAxisScatterAdd(x, places, P.reshape(y, concreteShape(places)), axis + 1, mode)];
};

export const takeAlongAxis: BatchRule = ({ node, inputs, size }) => [
  P.takeAlongAxis(spread(inputs[0]!, size), spread(inputs[1]!, size), (node.attributes["axis"] as number) + 1, modeOf(node.attributes)),
];
export const takeAlongAxisScatterAdd: BatchRule = ({ node, inputs, size }) => {
  const [operand, indices, updates] = inputs.map((input) => spread(input, size)) as [Tensor, Tensor, Tensor];
  return [P.takeAlongAxisScatterAdd(operand, indices, updates, (node.attributes["axis"] as number) + 1, modeOf(node.attributes))];
};

/** Tuples of positions with the number of the example in front. */
function withExample(indices: Batched, size: number): Tensor {
  const all = spread(indices, size);
  const shape = concreteShape(all);
  return P.concatenate([P.iota([...shape.slice(0, -1), 1], 0, "int32"), all], shape.length - 1);
}
export const gatherNd: BatchRule = ({ node, inputs, size }) => [
  P.gatherNd(spread(inputs[0]!, size), withExample(inputs[1]!, size), modeOf(node.attributes)),
];
function scatterNd(write: P.ScatterMode): BatchRule {
  return ({ node, inputs, size }) => [
    P.scatterNd(spread(inputs[0]!, size), withExample(inputs[1]!, size), spread(inputs[2]!, size), write, modeOf(node.attributes)),
  ];
}
export const scatterNdAdd: BatchRule = scatterNd("add");
export const scatterNdSet: BatchRule = scatterNd("set");

/** Start on one axis of the block of each example, moved so that the block lies inside: int32 [batch]. */
function startOf(starts: Tensor, axis: number, extent: number, block: number): Tensor {
  const size = starts.dim(0);
  const column = P.reshape(P.slice(starts, [0, axis], [size, axis + 1]), [size]);
  const c = (value: number): Tensor => P.broadcastInDim(P.constant(value, "int32"), [size], []);
  return P.maximum(P.minimum(column, c(extent - block)), c(0));
}

export const dynamicSlice: BatchRule = ({ node, inputs, size }) => {
  const sizes = node.attributes["sizes"] as readonly number[];
  const [x, starts] = inputs as [Batched, Batched];
  const operand = spread(x, size);
  if (!starts.mapped) return [P.dynamicSlice(operand, P.concatenate([P.full([1], 0, "int32"), starts.tensor], 0), [size, ...sizes])];
  // Axis after axis, a gather of positions start + 0, 1, ..
  const out = sizes.reduce((t, block, axis) => {
    const shape = concreteShape(t);
    if (block === shape[axis + 1]) return t;
    const index = [size, ...shape.slice(1, axis + 1), block, ...shape.slice(axis + 2)];
    const start = P.broadcastInDim(startOf(starts.tensor, axis, shape[axis + 1]!, block), index, [0]);
    return P.takeAlongAxis(t, P.add(start, P.iota(index, axis + 1, "int32")), axis + 1, "clamp");
  }, operand);
  return [out];
};

export const dynamicUpdateSlice: BatchRule = ({ node, inputs, size }) => {
  const [x, starts, update] = inputs as [Batched, Batched, Batched];
  const [operand, block] = [spread(x, size), spread(update, size)];
  if (!starts.mapped) return [P.dynamicUpdateSlice(operand, block, P.concatenate([P.full([1], 0, "int32"), starts.tensor], 0))];
  // Every place asks which element of the block covers it.
  const shape = concreteShape(operand);
  const blockShape = node.inputs[2]!.shape as readonly number[];
  let covered: Tensor | null = null;
  const moved = blockShape.reduce((t, extent, axis) => {
    const whole = shape[axis + 1]!;
    const start = startOf(starts.tensor, axis, whole, extent);
    const offset = P.subtract(P.iota(shape, axis + 1, "int32"), P.broadcastInDim(start, shape, [0]));
    const c = (value: number): Tensor => P.broadcastInDim(P.constant(value, "int32"), shape, []);
    const inside = P.and(P.greaterEqual(offset, c(0)), P.less(offset, c(extent)));
    covered = covered === null ? inside : P.and(covered, inside);
    const now = concreteShape(t);
    const index = [size, ...now.slice(1, axis + 1), whole, ...now.slice(axis + 2)];
    const place = P.subtract(P.iota(index, axis + 1, "int32"), P.broadcastInDim(start, index, [0]));
    return P.takeAlongAxis(t, place, axis + 1, "clamp");
  }, block);
  return [covered === null ? moved : P.select(covered, moved, operand)];
};
