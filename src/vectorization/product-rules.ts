/** Contractions and convolutions: a batch axis of both operands is one, of one operand a free axis of it. */
import { concreteShape, type Tensor } from "../graph/index.ts";
import * as P from "../primitives/index.ts";
import { type BatchRule, moveAxis, spread } from "./batched.ts";
import { eachExample } from "./control-flow-rules.ts";

export const dotGeneral: BatchRule = ({ node, inputs }) => {
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = node.attributes as P.DotDimensions;
  const [lhs, rhs] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
  const next = (axes: readonly number[], mapped: boolean): number[] => axes.map((axis) => axis + (mapped ? 1 : 0));
  const both = lhs.mapped && rhs.mapped;
  const out = P.dotGeneral(lhs.tensor, rhs.tensor, {
    lhsBatch: both ? [0, ...next(lhsBatch, true)] : next(lhsBatch, lhs.mapped),
    rhsBatch: both ? [0, ...next(rhsBatch, true)] : next(rhsBatch, rhs.mapped),
    lhsContract: next(lhsContract, lhs.mapped),
    rhsContract: next(rhsContract, rhs.mapped),
  });
  if (both) return [out];
  // The examples are the first free axis of the operand that has them.
  const lhsFree = node.inputs[0]!.rank - lhsBatch.length - lhsContract.length;
  return [moveAxis(out, lhsBatch.length + (lhs.mapped ? 0 : lhsFree), 0)];
};

/** Merges axis 0 of `x` into axis `axis` of what is left, in front. */
function merged(x: Tensor, axis: number): Tensor {
  const moved = moveAxis(x, 0, axis);
  const shape = [...concreteShape(moved)];
  shape.splice(axis, 2, shape[axis]! * shape[axis + 1]!);
  return P.reshape(moved, shape);
}
/** The opposite: axis `axis` as `size` groups, which become axis 0. */
function unmerged(x: Tensor, axis: number, size: number): Tensor {
  const shape = [...concreteShape(x)];
  shape.splice(axis, 1, size, shape[axis]! / size);
  return moveAxis(P.reshape(x, shape), axis, 0);
}

export const convGeneral: BatchRule = (context) => {
  const { node, inputs, size } = context;
  const dimensions = node.attributes as P.ConvDimensions;
  const { lhsLayout, rhsLayout, outLayout, featureGroups, batchGroups } = dimensions;
  const [lhs, rhs] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
  if (!rhs.mapped && batchGroups === 1) {
    // More images.
    const out = P.convGeneral(merged(lhs.tensor, lhsLayout.batch), rhs.tensor, dimensions);
    return [unmerged(out, outLayout.batch, size)];
  }
  // A kernel per example, within groups of batches: one after another.
  if (batchGroups !== 1) return eachExample(context);
  // A kernel per example: a group of channels per example.
  const images = merged(spread(lhs, size), lhsLayout.feature);
  const kernels = merged(spread(rhs, size), rhsLayout.output);
  const out = P.convGeneral(images, kernels, { ...dimensions, featureGroups: featureGroups * size });
  return [unmerged(out, outLayout.feature, size)];
};
