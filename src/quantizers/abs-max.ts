/** Quantization by the largest absolute value. */
import { epsilon as smallest } from "../config/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, checkOptions, type Config } from "../serialization/index.ts";
import type { ByteType } from "./integers.ts";
import { Quantizer } from "./quantizer.ts";

/** Lowest and highest whole number. */
export type ValueRange = readonly [low: number, high: number];

/** Options of `absMaxQuantize`. */
export interface AbsMaxQuantizeOptions {
  /** Default [-127, 127]. */
  readonly valueRange?: ValueRange;
  /** Default "int8". */
  readonly dtype?: ByteType;
  /** Added to the largest absolute value. Default: `config.epsilon()`. */
  readonly epsilon?: number;
}

/**
 * `q = round(x scale)` within `valueRange`, `scale = high / (max |x| + epsilon)` over `axis`; `x` is about `q / scale`.
 * Rounds halves to even. Shapes: q that of x, scale 1 along `axis`.
 *
 * @example
 * const [q, scale] = quantizers.absMaxQuantize(kernel, 0);
 */
export function absMaxQuantize(
  inputs: TensorLike,
  axis: number | readonly number[],
  options: AbsMaxQuantizeOptions = {},
): [quantized: Tensor, scale: Tensor] {
  const where = "quantizers.absMaxQuantize";
  checkOptions(where, options, ["valueRange", "dtype", "epsilon"]);
  const { valueRange: [low, high] = [-127, 127], dtype = "int8", epsilon = smallest() } = options;
  const x = asTensor(inputs);
  const scale = ops.divide(high, ops.add(ops.max(ops.abs(x), { axis, keepdims: true }), epsilon));
  const quantized = ops.clip(ops.round(ops.multiply(x, scale)), low, high);
  return [ops.cast(quantized, dtype), ops.cast(scale, x.dtype)];
}

/**
 * Quantization of a matrix in groups of `blockSize` rows, each with a scale and a zero point per column:
 * `q = round(x / scale) + zero` within `valueRange` (a power of two of numbers), `x` is about `(q - zero) scale`.
 * Shapes: x `[in, out]`, q `[in, out]`, scale and zero `[ceil(in / blockSize), out]`. Rows that are missing count as zeros.
 */
export function absMaxQuantizeGroupedWithZeroPoint(
  inputs: TensorLike,
  blockSize: number,
  options: AbsMaxQuantizeOptions = {},
): [quantized: Tensor, scale: Tensor, zeroPoint: Tensor] {
  const where = "quantizers.absMaxQuantizeGroupedWithZeroPoint";
  checkOptions(where, options, ["valueRange", "dtype", "epsilon"]);
  const { valueRange: [low, high] = [-8, 7], dtype = "int8", epsilon = smallest() } = options;
  const x = asTensor(inputs);
  if (x.rank !== 2) throw new ShapeError({ where, problem: "this is no matrix", expected: "[in, out]", received: formatShape(x.shape) });
  if (!Number.isInteger(blockSize) || blockSize < 1)
    throw new ValueError({ where, problem: "blockSize is a number of rows", expected: "1, 2, ...", received: String(blockSize) });
  const [rows, columns] = [x.dim(0), x.dim(1)];
  const groups = Math.ceil(rows / blockSize);
  const missing = groups * blockSize - rows;
  const filled = missing === 0 ? x : ops.concatenate([x, ops.zeros([missing, columns], { dtype: x.dtype })], { axis: 0 });
  const blocks = ops.reshape(filled, [groups, blockSize, columns]);
  const least = ops.min(blocks, { axis: 1, keepdims: true });
  const most = ops.max(blocks, { axis: 1, keepdims: true });
  // A block of one value gets a range around it.
  const flat = ops.equal(least, most);
  const [from, to] = [ops.where(flat, ops.subtract(least, 1), least), ops.where(flat, ops.add(most, 1), most)];
  const scale = ops.divide(ops.add(ops.subtract(to, from), epsilon), high - low);
  const zero = ops.clip(ops.add(ops.round(ops.divide(ops.negative(from), scale)), low), low, high);
  const quantized = ops.clip(ops.add(ops.round(ops.divide(blocks, scale)), zero), low, high);
  const whole = ops.slice(ops.reshape(quantized, [groups * blockSize, columns]), [0, 0], [rows, columns]);
  const integers = ops.cast(whole, "int32");
  return [ops.cast(integers, dtype), ops.squeeze(scale, { axis: 1 }), ops.cast(ops.squeeze(zero, { axis: 1 }), "int8")];
}

/** Options of AbsMaxQuantizer. */
export interface AbsMaxQuantizerOptions {
  /** Default -1, unless the call says otherwise. */
  readonly axis?: number | readonly number[] | null;
  /** Default [-127, 127]. */
  readonly valueRange?: ValueRange;
  readonly epsilon?: number;
  /** Default "int8". */
  readonly outputDtype?: ByteType;
}

/** Options of a call. */
export interface AbsMaxQuantizerCallOptions {
  /** Over which the largest absolute value is taken; null: that of the quantizer, else the last. */
  readonly axis?: number | readonly number[] | null;
}

/** `[q, scale]` of a tensor; see `absMaxQuantize`. */
export class AbsMaxQuantizerClass extends Quantizer {
  static override readonly className: string = "AbsMaxQuantizer";
  readonly axis: readonly number[] | null;
  readonly valueRange: ValueRange;
  readonly epsilon: number;

  /** Throws ValueError where int8 cannot hold the range. */
  constructor(options: AbsMaxQuantizerOptions = {}) {
    super({ outputDtype: options.outputDtype ?? "int8" });
    checkOptions("AbsMaxQuantizer", options, ["axis", "valueRange", "epsilon", "outputDtype"]);
    const { axis = null, valueRange = [-127, 127], epsilon = smallest() } = options;
    this.axis = axis === null ? null : typeof axis === "number" ? [axis] : [...axis];
    this.valueRange = valueRange;
    this.epsilon = epsilon;
    const [low, high] = this.outputDtype === "int8" ? [-128, 127] : [0, 255];
    if (valueRange[0] < low || valueRange[1] > high)
      throw new ValueError({
        where: "AbsMaxQuantizer",
        problem: `${this.outputDtype} does not hold the range of values`,
        expected: `within [${low}, ${high}]`,
        received: JSON.stringify(valueRange),
      });
  }

  override call(x: TensorLike, options: AbsMaxQuantizerCallOptions = {}): [quantized: Tensor, scale: Tensor] {
    checkOptions("AbsMaxQuantizer", options, ["axis"]);
    const { valueRange, epsilon, outputDtype } = this;
    return absMaxQuantize(x, options.axis ?? this.axis ?? -1, { valueRange, epsilon, dtype: outputDtype });
  }

  protected override options(): Config {
    const { valueRange, epsilon, outputDtype, axis } = this;
    return { valueRange, epsilon, outputDtype, ...(axis === null ? {} : { axis }) };
  }
}

/** Quantizes by the largest absolute value; see {@link AbsMaxQuantizerClass}. */
export const AbsMaxQuantizer: CallableClass<typeof AbsMaxQuantizerClass> = /* @__PURE__ */ callableClass(AbsMaxQuantizerClass);
export type AbsMaxQuantizer = AbsMaxQuantizerClass;
