/** Activation functions (`keras.activations`). Those of keras.ops are the same; some differ in their options or defaults. */
import type { Tensor } from "../graph/index.ts";
import * as P from "../primitives/index.ts";
import type { Axis } from "../ops/arguments.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { defineOp } from "../ops/define-op.ts";
import * as nn from "../ops/nn/activation.ts";
import * as shrinking from "../ops/nn/shrinking.ts";
import { exp, tanh as tanhOp, type UnaryOp } from "../ops/numpy/elementwise.ts";
import { constantLike, toFloat } from "../ops/promote.ts";
import { checkOptions } from "../serialization/index.ts";

/** Options of `relu`. */
export interface ReluOptions {
  /** Slope below the threshold. Default 0. */
  negativeSlope?: number;
  /** Values above are this. Default null: no bound. */
  maxValue?: number | null;
  /** Values up to this count as below. Default 0. */
  threshold?: number;
}
/** `x` above the threshold (at most maxValue), else `negativeSlope * (x - threshold)`. */
export const relu: (x: TensorLike, options?: ReluOptions) => Tensor = defineOp("relu", (input: TensorLike, options: ReluOptions = {}) => {
  checkOptions("activations.relu", options, ["negativeSlope", "maxValue", "threshold"]);
  const { negativeSlope = 0, maxValue = null, threshold = 0 } = options;
  if (negativeSlope === 0 && maxValue === null && threshold === 0) return nn.relu(input);
  const x = toFloat(input);
  if (maxValue === null && threshold === 0) return nn.leakyRelu(x, negativeSlope);
  const c = (value: number): Tensor => constantLike(value, x);
  let y: Tensor;
  if (threshold !== 0) y = P.select(P.greater(x, c(threshold)), x, c(0));
  else if (maxValue === 6) y = nn.relu6(x);
  else y = nn.relu(x);
  if (maxValue !== null && !(threshold === 0 && maxValue === 6)) y = P.minimum(P.maximum(y, c(0)), c(maxValue));
  if (negativeSlope === 0) return y;
  const below = nn.relu(P.subtract(c(threshold), x));
  return P.subtract(y, P.multiply(c(negativeSlope), below));
});

/** `x` for x > 0, else `negativeSlope * x` (default 0.2). */
export const leakyRelu: (x: TensorLike, options?: { negativeSlope?: number }) => Tensor = nn.leakyRelu;
/** `min(max(x, 0), 6)`. */
export const relu6: UnaryOp = nn.relu6;
/** `x` for x > 0, else `alpha * (e^x - 1)` (default 1). */
export const elu: (x: TensorLike, options?: { alpha?: number }) => Tensor = nn.elu;
/** Self-normalizing elu. */
export const selu: UnaryOp = nn.selu;
/** `x * Phi(x)`; `approximate` (default false): by a tanh. */
export const gelu: (x: TensorLike, options?: { approximate?: boolean }) => Tensor = defineOp(
  "gelu",
  (x: TensorLike, options: { approximate?: boolean } = {}) => nn.gelu(x, { approximate: false, ...options }),
);
/** Hyperbolic tangent. */
export const tanh: UnaryOp = tanhOp;
/** `1 / (1 + e^-x)`. */
export const sigmoid: UnaryOp = nn.sigmoid;
/** `log(1 + e^x)`. */
export const softplus: UnaryOp = nn.softplus;
/** `x / (1 + |x|)`. */
export const softsign: UnaryOp = nn.softsign;
/** `x * sigmoid(x)`. */
export const silu: UnaryOp = nn.silu;
/** `x * sigmoid(x)`. */
export const swish: UnaryOp = nn.silu;
/** `e^x`. */
export const exponential: UnaryOp = defineOp("exponential", (x: TensorLike) => exp(x));
/** `relu6(x + 3) / 6`. */
export const hardSigmoid: UnaryOp = nn.hardSigmoid;
/** `x * hardSigmoid(x)`. */
export const hardSilu: UnaryOp = nn.hardSilu;
/** `x * hardSigmoid(x)`. */
export const hardSwish: UnaryOp = nn.hardSilu;
/** x moved into [-1, 1]. */
export const hardTanh: UnaryOp = nn.hardTanh;
/** `log(sigmoid(x))`. */
export const logSigmoid: UnaryOp = nn.logSigmoid;
/** `x`. */
export const linear: UnaryOp = defineOp("linear", (x: TensorLike) => asTensor(x));
/** `x * tanh(softplus(x))`. Misra 2019, arXiv:1908.08681. */
export const mish: UnaryOp = defineOp("mish", (input: TensorLike) => {
  const x = toFloat(input);
  return P.multiply(x, P.tanh(nn.softplus(x)));
});
/** `e^x / sum(e^x)` along an axis (default -1). */
export const softmax: (x: TensorLike, options?: { axis?: Axis }) => Tensor = nn.softmax;
/** `x - log(sum(e^x))` along an axis (default -1). */
export const logSoftmax: (x: TensorLike, options?: { axis?: Axis }) => Tensor = nn.logSoftmax;
/** `max(x, 0) + alpha * min(e^(x / alpha) - 1, 0)` (default 1). */
export const celu: (x: TensorLike, options?: { alpha?: number }) => Tensor = shrinking.celu;
/** `a * sigmoid(b)` for the halves a and b of an axis (default -1). */
export const glu: (x: TensorLike, options?: { axis?: number }) => Tensor = shrinking.glu;
/** `x` where |x| is above the threshold (default 0.5), else 0. */
export const hardShrink: (x: TensorLike, options?: { threshold?: number }) => Tensor = shrinking.hardShrink;
/** `x` moved towards 0 by the threshold (default 0.5), and 0 between. */
export const softShrink: (x: TensorLike, options?: { threshold?: number }) => Tensor = shrinking.softShrink;
/** `x - tanh(x)`. */
export const tanhShrink: UnaryOp = shrinking.tanhShrink;
/** `x` where it is above the threshold, else the default value. */
export const threshold: (x: TensorLike, threshold: number, defaultValue: number) => Tensor = shrinking.threshold;
/** 0 up to -1, `(x + 1)^2 / 4` between, `x` from 1 on. */
export const sparsePlus: UnaryOp = shrinking.sparsePlus;
/** `(x + 1) / 2` moved into [0, 1]. */
export const sparseSigmoid: UnaryOp = shrinking.sparseSigmoid;
/** `(x + sqrt(x^2 + b)) / 2` (default 4). */
export const squareplus: (x: TensorLike, options?: { b?: number }) => Tensor = shrinking.squareplus;
/** The point of the simplex next to x along an axis (default -1). */
export const sparsemax: (x: TensorLike, options?: { axis?: number }) => Tensor = shrinking.sparsemax;
