/** Whole numbers from 0 on, with a scale and a zero point: `w = scale (q - zero)`. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";

/** How the range of weights becomes a scale and a zero point. */
export interface AffineOptions {
  /** Numbers go from 0 to `2^bits - 1`. */
  readonly bits: number;
  /** Whether the zero point is the middle number. Default false: the range is that of the weights. */
  readonly symmetric?: boolean;
  /** Whether every output has a scale of its own. Default true. */
  readonly perChannel?: boolean;
  /** How many inputs share a scale; -1 (default): all of an output. */
  readonly groupSize?: number;
}

/** Scale and zero point per output and group. */
export interface AffineParameters {
  /** float32 `[outputs, groups]`. */
  readonly scale: Tensor;
  /** uint8 `[outputs, groups]`. */
  readonly zero: Tensor;
}

/** Weights that are stored as whole numbers, in Keras's layout: outputs first. */
export interface AffineWeights extends AffineParameters {
  /** `[outputs, inputs]`, whole. */
  readonly numbers: Tensor;
  /** float32 `[inputs]`: the whole part is the group of each input. */
  readonly groups: Tensor;
}

/**
 * The parameters that map the range of each group of weights `[outputs, inputs]` to whole numbers. A group that does not
 * fill up counts zeros. Where a byte holds no zero point (weights far from 0), the range is widened to 0.
 */
export function affineParameters(weights: Tensor, options: AffineOptions): AffineParameters {
  const { bits, symmetric = false, perChannel = true, groupSize = -1 } = options;
  const [outputs, inputs] = [weights.dim(0), weights.dim(1)];
  const groups = perChannel && groupSize > 0 ? Math.ceil(inputs / groupSize) : 1;
  const [least, most] = perChannel
    ? rangesOf(weights, groups, groupSize)
    : ([ops.min(weights, { keepdims: true }), ops.max(weights, { keepdims: true })] as const);
  const top = 2 ** bits - 1;
  const scaleOf = (from: Tensor, to: Tensor): Tensor => {
    const flat = ops.equal(from, to);
    const range = ops.subtract(ops.where(flat, ops.add(to, 1), to), ops.where(flat, ops.subtract(from, 1), from));
    const scale = ops.divide(range, top);
    return ops.where(ops.lessEqual(scale, 0), 1e-8, scale);
  };
  const zeroOf = (from: Tensor, to: Tensor, scale: Tensor): Tensor => {
    const start = ops.where(ops.equal(from, to), ops.subtract(from, 1), from);
    return ops.round(ops.divide(ops.negative(start), scale));
  };
  let scale: Tensor;
  let zero: Tensor;
  if (symmetric) {
    const size = ops.maximum(ops.abs(least), most);
    scale = scaleOf(ops.where(ops.less(least, 0), ops.negative(size), least), size);
    zero = ops.fullLike(scale, (top + 1) / 2);
  } else {
    const near = zeroOf(least, most, scaleOf(least, most));
    const isFar = ops.logicalOr(ops.less(near, 0), ops.greater(near, 255));
    const from = ops.where(isFar, ops.minimum(least, 0), least);
    const to = ops.where(isFar, ops.maximum(most, 0), most);
    scale = scaleOf(from, to);
    zero = zeroOf(from, to, scale);
  }
  const shape = [outputs, groups];
  return { scale: ops.broadcastTo(scale, shape), zero: ops.cast(ops.broadcastTo(zero, shape), "uint8") };
}

/** The smallest and the largest weight of each group, `[outputs, groups]`. */
function rangesOf(weights: Tensor, groups: number, groupSize: number): readonly [Tensor, Tensor] {
  const [outputs, inputs] = [weights.dim(0), weights.dim(1)];
  if (groups === 1) return [ops.min(weights, { axis: 1, keepdims: true }), ops.max(weights, { axis: 1, keepdims: true })];
  const missing = groups * groupSize - inputs;
  const filled = missing === 0 ? weights : ops.concatenate([weights, ops.zeros([outputs, missing])], { axis: 1 });
  const grouped = ops.reshape(filled, [outputs, groups, groupSize]);
  return [ops.min(grouped, { axis: 2 }), ops.max(grouped, { axis: 2 })];
}

/** Parameters of groups along the inputs, one for each input: `[outputs, inputs]`. */
export function alongInputs(parameters: Tensor, groups: Tensor): Tensor {
  return ops.cast(ops.take(parameters, ops.cast(groups, "int32"), { axis: 1 }), "float32");
}

/** The nearest number of each weight: `round(w / scale + zero)`, from 0 to `2^bits - 1`. */
export function affineNumbers(weights: Tensor, scale: Tensor, zero: Tensor, bits: number): Tensor {
  return ops.clip(ops.round(ops.add(ops.divide(weights, scale), zero)), 0, 2 ** bits - 1);
}

/** The weights of numbers: `(q - zero) scale`. */
export function affineFloats(numbers: Tensor, scale: Tensor, zero: Tensor): Tensor {
  return ops.multiply(ops.subtract(ops.cast(numbers, "float32"), zero), scale);
}

/** The group of each of `inputs` inputs as files hold it: its number, and how far into the group it is. */
export function inputGroups(inputs: number, groupSize: number): Tensor {
  return ops.divide(ops.arange(0, inputs, { dtype: "float32" }), groupSize === -1 ? inputs : groupSize);
}
