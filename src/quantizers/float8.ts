/** Floats of 8 bits, kept in float32. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { bitcast } from "../primitives/index.ts";
import { checkOptions } from "../serialization/index.ts";

/** A format of 8 bits: 4 bits of exponent and 3 of fraction (no infinity), or 5 and 2. Micikevicius et al. 2022, arXiv:2209.05433. */
export type Float8 = "float8_e4m3fn" | "float8_e5m2";

/** Largest number, bits of the fraction, least exponent of a normal number. */
const formats: Readonly<Record<Float8, { readonly most: number; readonly bits: number; readonly least: number }>> = {
  float8_e4m3fn: { most: 448, bits: 3, least: -6 },
  float8_e5m2: { most: 57_344, bits: 2, least: -14 },
};

/**
 * What is left of `inputs / scale` in a format of 8 bits, times `scale`: values beyond the format's largest are cut off,
 * others rounded to the nearest number it has, ties to even. `computeDtype` is float32 here. Throws ValueError for another
 * format.
 */
export function quantizeAndDequantize(inputs: TensorLike, scale: TensorLike, quantizedDtype: Float8, computeDtype: "float32"): Tensor {
  const where = "quantizers.quantizeAndDequantize";
  const format = formats[quantizedDtype];
  if (format === undefined || computeDtype !== "float32")
    throw new ValueError({
      where,
      problem: "there are no such formats",
      expected: `${Object.keys(formats).join(" or ")}, computed with in float32`,
      received: `${String(quantizedDtype)}, ${String(computeDtype)}`,
    });
  const factor = ops.cast(asTensor(scale), "float32");
  const x = ops.clip(ops.divide(ops.cast(asTensor(inputs), "float32"), factor), -format.most, format.most);
  // The distance of neighbours: 2 to the exponent, less the bits of the fraction; small numbers lie evenly.
  const exponent = ops.subtract(ops.bitwiseAnd(ops.rightShift(bitcast(x, "int32"), 23), 255), 127);
  const power = ops.subtract(ops.maximum(exponent, format.least), format.bits);
  const step = bitcast(ops.leftShift(ops.add(power, 127), 23), "float32");
  return ops.multiply(ops.multiply(ops.round(ops.divide(x, step)), step), factor);
}

/** Options of `computeFloat8Scale`. */
export interface Float8ScaleOptions {
  /** Powers of two that are left free above the largest value. Default 0. */
  readonly margin?: number;
}

/** The scale by which values up to `amax` fit a format whose largest number is `dtypeMax`; the old one where amax is 0 or no number. */
export function computeFloat8Scale(amax: TensorLike, scale: TensorLike, dtypeMax: number, options: Float8ScaleOptions = {}): Tensor {
  checkOptions("quantizers.computeFloat8Scale", options, ["margin"]);
  const largest = asTensor(amax);
  const old = ops.reciprocal(scale);
  const found = ops.divide(ops.divide(dtypeMax, largest), 2 ** (options.margin ?? 0));
  const positive = ops.where(ops.greater(largest, 0), found, old);
  return ops.reciprocal(ops.where(ops.isfinite(largest), positive, old));
}

/** The history `[n]` of largest absolute values moved on by one, with that of `x` in front. */
export function computeFloat8AmaxHistory(x: TensorLike, amaxHistory: TensorLike): Tensor {
  const history = asTensor(amaxHistory);
  const latest = ops.reshape(ops.cast(ops.max(ops.abs(x)), history.dtype), [1]);
  return ops.concatenate([latest, ops.slice(ops.roll(history, -1), [1], [history.dim(0) - 1])], { axis: 0 });
}
