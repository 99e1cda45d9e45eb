/** Activation functions of keras.ops: numerically stable, with closed-form gradients where composed ones would lose accuracy. */
import { concreteShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { type Axis, normalizeAxes, options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { asTensor } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { keptShape } from "../numpy/reduce.ts";
import { withLogits } from "./logits.ts";
import { broadcast, constantLike, toFloat, widely } from "../promote.ts";
import type { UnaryOp } from "../numpy/elementwise.ts";

function activation(name: string, f: (x: Tensor) => Tensor): UnaryOp {
  return defineOp(name, (x: TensorLike) => f(toFloat(x)));
}

/** `max(x, 0)`; NaN stays NaN. The gradient is read off the output, so that the input need not be kept. */
export const relu: UnaryOp = defineOp("relu", (input: TensorLike) => {
  const x = asTensor(input);
  const zero = constantLike(0, x);
  const out: Tensor = P.withGradient(P.select(P.lessEqual(x, zero), zero, x), [x], (cotangent: Tensor) => [
    P.select(P.greater(out, zero), cotangent, zero),
  ]);
  return out;
});
/** `min(max(x, 0), 6)`; NaN stays NaN, integers stay integers. The gradient is zero at both corners. */
export const relu6: UnaryOp = defineOp("relu6", (input: TensorLike) => {
  const x = asTensor(input);
  const [zero, six] = [constantLike(0, x), constantLike(6, x)];
  const out: Tensor = P.withGradient(P.minimum(P.select(P.lessEqual(x, zero), zero, x), six), [x], (cotangent: Tensor) => [
    P.select(P.and(P.greater(out, zero), P.less(out, six)), cotangent, zero),
  ]);
  return out;
});
/** `1 / (1 + e^-x)`. */
export const sigmoid: UnaryOp = activation("sigmoid", (x) => withLogits("sigmoid", P.sigmoid(x), x));
/** `log(1 + e^x)`, without overflow. The gradient is the sigmoid. */
export const softplus: UnaryOp = activation("softplus", softplusOf);
function softplusOf(x: Tensor): Tensor {
  const value = P.add(P.maximum(x, constantLike(0, x)), P.log1p(P.exp(P.negate(P.abs(x)))));
  return P.withGradient(value, [x], (cotangent: Tensor) => [P.multiply(cotangent, P.sigmoid(x))]);
}
/** `log(sigmoid(x)) = -softplus(-x)`. */
export const logSigmoid: UnaryOp = activation("logSigmoid", (x) => P.negate(softplusOf(P.negate(x))));
/** `x / (1 + |x|)`. */
export const softsign: UnaryOp = activation("softsign", (x) => P.divide(x, P.add(P.abs(x), constantLike(1, x))));
/** `x * sigmoid(x)`. */
export const silu: UnaryOp = activation("silu", (x) => P.multiply(x, P.sigmoid(x)));
/** `x * sigmoid(x)`. */
export const swish: UnaryOp = silu;
/** `relu6(x + 3) / 6`. */
export const hardSigmoid: UnaryOp = activation("hardSigmoid", (x) => P.divide(relu6(P.add(x, constantLike(3, x))), constantLike(6, x)));
/** `x * hardSigmoid(x)`. */
export const hardSilu: UnaryOp = activation("hardSilu", (x) => P.multiply(x, hardSigmoid(x)));
/** `x * hardSigmoid(x)`. */
export const hardSwish: UnaryOp = hardSilu;
/** x moved into [-1, 1]. */
export const hardTanh: UnaryOp = activation("hardTanh", (x) => P.minimum(P.maximum(x, constantLike(-1, x)), constantLike(1, x)));

const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

/** `scale * x` for x > 0, else `scale * alpha * (e^x - 1)`. */
function exponentialLinear(x: Tensor, alpha: number, scale: number): Tensor {
  const zero = constantLike(0, x);
  const positive = P.greater(x, zero);
  const one = constantLike(scale, x);
  const negative = P.multiply(constantLike(alpha * scale, x), P.expm1(P.minimum(x, zero)));
  const out: Tensor = P.withGradient(P.select(positive, scale === 1 ? x : P.multiply(x, one), negative), [x], (cotangent: Tensor) => [
    // d/dx of the negative branch is itself plus alpha * scale.
    P.multiply(cotangent, P.select(positive, one, P.add(out, constantLike(alpha * scale, x)))),
  ]);
  return out;
}
/** `x` for x > 0, else `alpha * (e^x - 1)`. alpha: 1 by default. */
export const elu: (x: TensorLike, alpha?: number | { alpha?: number }) => Tensor = defineOp(
  "elu",
  (x: TensorLike, ...rest: [(number | { alpha?: number })?]) =>
    exponentialLinear(toFloat(x), options<{ alpha: number }>(["alpha"], rest).alpha ?? 1, 1),
);
/** Self-normalizing `elu` with the two constants of Klambauer et al. 2017, arXiv:1706.02515. */
export const selu: UnaryOp = activation("selu", (x) => exponentialLinear(x, seluAlpha, seluScale));

/** `x` for x > 0, else `negativeSlope * x`. negativeSlope: 0.2 by default. */
export const leakyRelu: (x: TensorLike, negativeSlope?: number | { negativeSlope?: number }) => Tensor = defineOp(
  "leakyRelu",
  (input: TensorLike, ...rest: [(number | { negativeSlope?: number })?]) => {
    const x = toFloat(input);
    const slope = constantLike(options<{ negativeSlope: number }>(["negativeSlope"], rest).negativeSlope ?? 0.2, x);
    return P.select(P.greater(x, constantLike(0, x)), x, P.multiply(slope, x));
  },
);

/** `x * Phi(x)` with the normal distribution Phi; `approximate` (default): by a tanh. Hendrycks and Gimpel 2016, arXiv:1606.08415. */
export const gelu: (x: TensorLike, approximate?: boolean | { approximate?: boolean }) => Tensor = defineOp(
  "gelu",
  (input: TensorLike, ...rest: [(boolean | { approximate?: boolean })?]) => {
    const x = toFloat(input);
    const c = (value: number): Tensor => constantLike(value, x);
    const { approximate = true } = options<{ approximate: boolean }>(["approximate"], rest);
    const inner = approximate
      ? P.tanh(P.multiply(c(Math.sqrt(2 / Math.PI)), P.add(x, P.multiply(c(0.044715), P.multiply(P.multiply(x, x), x)))))
      : P.erf(P.multiply(x, c(Math.SQRT1_2)));
    return P.multiply(P.multiply(c(0.5), x), P.add(c(1), inner));
  },
);

interface AxisOption {
  axis?: Axis;
}
/** A function along axes: `softmax(x, axis)`; -1 by default, several, or null for all. */
export type AxisOp = (x: TensorLike, axis?: Axis | AxisOption) => Tensor;

/** Functions that spread a row's statistics back over the row. */
function rowOp(
  name: string,
  f: (x: Tensor, reduce: (y: Tensor, by: (z: Tensor, axes: readonly number[]) => Tensor) => Tensor) => Tensor,
): AxisOp {
  return defineOp(name, (input: TensorLike, ...rest: [(Axis | AxisOption)?]) => {
    const x = toFloat(input);
    const { axis = -1 } = options<{ axis: Axis }>(["axis"], rest);
    const axes = normalizeAxes(axis, x.rank);
    const shape = concreteShape(x);
    return widely(x, (wide) => f(wide, (y, by) => broadcast(P.reshape(by(y, axes), keptShape(shape, axes)), shape)));
  });
}

/** `e^x / sum(e^x)` along axes. The gradient is `y * (g - sum(g * y))`. */
export const softmax: AxisOp = rowOp("softmax", (x, reduce) => {
  const powers = P.exp(P.subtract(x, reduce(x, P.reduceMax)));
  const out: Tensor = P.withGradient(P.divide(powers, reduce(powers, P.reduceSum)), [x], (cotangent: Tensor) => {
    const weighted = P.multiply(cotangent, out);
    return [P.subtract(weighted, P.multiply(out, reduce(weighted, P.reduceSum)))];
  });
  return withLogits("softmax", out, x);
});

/** `x - log(sum(e^x))` along axes. The gradient is `g - softmax(x) * sum(g)`. */
export const logSoftmax: AxisOp = rowOp("logSoftmax", (x, reduce) => {
  const centred = P.subtract(x, reduce(x, P.reduceMax));
  const value = P.subtract(centred, P.log(reduce(P.exp(centred), P.reduceSum)));
  const out: Tensor = P.withGradient(value, [x], (cotangent: Tensor) => [
    P.subtract(cotangent, P.multiply(P.exp(out), reduce(cotangent, P.reduceSum))),
  ]);
  return out;
});
