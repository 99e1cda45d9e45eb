/** Rounding as quantization does, in floats, with gradients (quantization-aware training). */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { customGradient } from "../ops/custom-gradient.ts";
import * as ops from "../ops/index.ts";
import { checkOptions } from "../serialization/index.ts";

/** Options of `fakeQuantWithMinMaxVars`. */
export interface FakeQuantOptions {
  /** Default 8. */
  readonly numBits?: number;
  /** Whether the lowest number is 1 instead of 0. Default false. */
  readonly narrowRange?: boolean;
  /** The axis with a range of its own per channel. Default: one range for all. */
  readonly axis?: number | null;
}

/**
 * `inputs` cut off to `[minVals, maxVals]` and rounded to one of `2^numBits` values in it, of which one is 0 (the range is
 * nudged so). The gradient passes where a value was inside; what was cut off goes to the end of the range. Shapes: inputs
 * any, minVals and maxVals scalar, or `[channels]` with `axis`.
 */
export function fakeQuantWithMinMaxVars(
  inputs: TensorLike,
  minVals: TensorLike,
  maxVals: TensorLike,
  options: FakeQuantOptions = {},
): Tensor {
  const where = "quantizers.fakeQuantWithMinMaxVars";
  checkOptions(where, options, ["numBits", "narrowRange", "axis"]);
  const { numBits = 8, narrowRange = false } = options;
  if (!Number.isInteger(numBits) || numBits < 2 || numBits > 16)
    throw new ValueError({ where, problem: "numBits is a number of bits", expected: "2 to 16", received: String(numBits) });
  const rank = asTensor(inputs).rank;
  const axis = options.axis == null ? null : options.axis < 0 ? options.axis + rank : options.axis;
  const [low, high] = [narrowRange ? 1 : 0, 2 ** numBits - 1];
  const others = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
  /** One value per channel, in the place of its axis. */
  const spread = (x: Tensor): Tensor =>
    axis === null
      ? ops.reshape(x, [])
      : ops.reshape(
          x,
          Array.from({ length: rank }, (_, i) => (i === axis ? -1 : 1)),
        );
  return customGradient((x, minVal, maxVal) => {
    const [from, to] = [spread(minVal), spread(maxVal)];
    const width = ops.subtract(to, from);
    const scale = ops.divide(width, high - low);
    const inverse = ops.divide(high - low, width);
    const zero = ops.round(ops.clip(ops.subtract(low, ops.divide(from, scale)), low, high));
    const least = ops.multiply(ops.subtract(low, zero), scale);
    const most = ops.multiply(ops.subtract(high, zero), scale);
    const quantZero = ops.floor(ops.add(ops.multiply(ops.negative(least), inverse), 0.5));
    const inside = ops.subtract(ops.clip(x, least, most), least);
    const steps = ops.floor(ops.add(ops.subtract(ops.multiply(inside, inverse), quantZero), 0.5));
    const gradient = (upstream: Tensor): Tensor[] => {
      const kept = ops.logicalAnd(ops.greaterEqual(x, least), ops.lessEqual(x, most));
      const total = (mask: Tensor, like: Tensor): Tensor =>
        ops.reshape(ops.sum(ops.where(mask, upstream, 0), axis === null ? {} : { axis: others }), like.shape);
      return [ops.where(kept, upstream, 0), total(ops.lessEqual(x, least), minVal), total(ops.greaterEqual(x, most), maxVal)];
    };
    return [ops.multiply(steps, scale), gradient];
  })(inputs, minVals, maxVals);
}
