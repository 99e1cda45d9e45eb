/** ONNX's products, normalizations and resizing. */
import { dataTensor, type Tensor } from "../../../graph/index.ts";
import * as ops from "../../../ops/index.ts";
import * as P from "../../../primitives/index.ts";
import { like, type NodeContext, type Operator, shapeOf, spreadTo } from "./operator.ts";
import { resizeOperators } from "./resize.ts";
import { alongChannels } from "./windows.ts";

function gemm(context: NodeContext): readonly Tensor[] {
  const [a, b] = [context.input(0), context.input(1)];
  const [alpha, beta] = [context.float("alpha", 1), context.float("beta", 1)];
  const left = context.int("transA", 0) === 1 ? 0 : 1;
  const right = context.int("transB", 0) === 1 ? 1 : 0;
  let product = P.dotGeneral(a, b, { lhsBatch: [], rhsBatch: [], lhsContract: [left], rhsContract: [right] });
  if (alpha !== 1) product = P.multiply(product, like(product, alpha));
  const c = context.optional(2);
  if (c === null) return [product];
  const added = spreadTo(c, shapeOf(product));
  return [P.add(product, beta === 1 ? added : P.multiply(added, like(added, beta)))];
}

function batchNormalization(context: NodeContext): readonly Tensor[] {
  if (context.int("training_mode", 0) === 1)
    throw context.error(
      "statistics of the batch are not computed",
      "training_mode 0: an inference model",
      "training_mode 1",
      "export the model in evaluation mode",
    );
  const x = context.input(0);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((i) => context.input(i));
  const epsilon = context.float("epsilon", 1e-5);
  const factor = P.multiply(scale!, P.rsqrt(P.add(variance!, like(variance!, epsilon))));
  const shift = P.subtract(bias!, P.multiply(mean!, factor));
  return [P.add(P.multiply(x, alongChannels(factor, x)), alongChannels(shift, x))];
}

/** Mean 0 and variance 1 over axes. */
function standardized(x: Tensor, axes: readonly number[], epsilon: number): Tensor {
  const count = axes.reduce((product, axis) => product * shapeOf(x)[axis]!, 1);
  const kept = shapeOf(x).map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const mean = (t: Tensor): Tensor => {
    const sum = P.reduceSum(t, axes);
    return spreadTo(P.reshape(P.divide(sum, like(sum, count)), kept), shapeOf(x));
  };
  const centred = P.subtract(x, mean(x));
  const variance = mean(P.multiply(centred, centred));
  return P.multiply(centred, P.rsqrt(P.add(variance, like(variance, epsilon))));
}

const axesFrom = (start: number, rank: number): number[] => Array.from({ length: rank - start }, (_, i) => start + i);

function layerNormalization(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  if (context.outputs > 1) throw context.error("mean and deviation (further outputs) are not given", "one output");
  const axis = context.axis(context.int("axis", -1), x.rank);
  const normal = P.multiply(
    standardized(x, axesFrom(axis, x.rank), context.float("epsilon", 1e-5)),
    spreadTo(context.input(1), shapeOf(x)),
  );
  const bias = context.optional(2);
  return [bias === null ? normal : P.add(normal, spreadTo(bias, shapeOf(x)))];
}

function instanceNormalization(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const normal = standardized(x, axesFrom(2, x.rank), context.float("epsilon", 1e-5));
  return [P.add(P.multiply(normal, alongChannels(context.input(1), x)), alongChannels(context.input(2), x))];
}

function groupNormalization(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const groups = context.int("num_groups", 1);
  const [batch, channels, ...space] = shapeOf(x) as [number, number, ...number[]];
  const grouped = P.reshape(x, [batch, groups, channels / groups, ...space]);
  const normal = standardized(grouped, axesFrom(2, grouped.rank), context.float("epsilon", 1e-5));
  const byGroup = shapeOf(context.input(1))[0] === groups && groups !== channels;
  const scaled = (vector: Tensor, t: Tensor): Tensor =>
    byGroup ? P.broadcastInDim(vector, shapeOf(grouped), [1]) : P.reshape(alongChannels(vector, t), shapeOf(grouped));
  return [P.reshape(P.add(P.multiply(normal, scaled(context.input(1), x)), scaled(context.input(2), x)), shapeOf(x))];
}

function localResponse(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const size = context.int("size", 1);
  const [alpha, beta, bias] = [context.float("alpha", 1e-4), context.float("beta", 0.75), context.float("bias", 1)];
  const low = Math.floor((size - 1) / 2);
  const one = <T>(values: T): T[] => shapeOf(x).map(() => values);
  const window = one(1).map((value, axis) => (axis === 1 ? size : value));
  const padding = one(0).map((_, axis): [number, number] => (axis === 1 ? [low, size - 1 - low] : [0, 0]));
  const sum = P.reduceWindowSum(P.multiply(x, x), { window, strides: one(1), padding });
  const base = P.add(like(sum, bias), P.multiply(sum, like(sum, alpha / size)));
  return [P.divide(x, P.power(base, like(base, beta)))];
}

function meanVariance(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const axes = (context.ints("axes") ?? [0, 2, 3]).map((axis) => context.axis(axis, x.rank));
  return [standardized(x, axes, 1e-9)];
}

function einsum(context: NodeContext): readonly Tensor[] {
  const inputs = context.inputs.map((_, i) => context.input(i));
  return [ops.einsum(context.text("equation", "").replaceAll(" ", ""), ...inputs)];
}

/** The elements of a quantized tensor: (x - zero point) scale, along an axis where there are several. */
function dequantize(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const [scale, zero] = [context.input(1), context.optional(2)];
  const whole = P.convert(x, "float32");
  const axis = context.int("axis", 1);
  const along = (t: Tensor): Tensor => {
    const float = P.convert(t, "float32");
    return t.rank === 0 || t.size === 1
      ? spreadTo(P.reshape(float, []), shapeOf(x))
      : P.broadcastInDim(float, shapeOf(x), [context.axis(axis, x.rank)]);
  };
  return [P.multiply(zero === null ? whole : P.subtract(whole, along(zero)), along(scale))];
}

/** A constant of host numbers. */
export function floats(values: readonly number[], shape: readonly number[]): Tensor {
  return dataTensor(Float32Array.from(values), shape, "float32");
}

/** Products, normalizations and resizing by name. */
export const productOperators: Readonly<Record<string, Operator>> = {
  MatMul: (context) => [ops.matmul(context.input(0), context.input(1))],
  Gemm: gemm,
  Einsum: einsum,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  LRN: localResponse,
  MeanVarianceNormalization: meanVariance,
  DequantizeLinear: dequantize,
  ...resizeOperators,
};
