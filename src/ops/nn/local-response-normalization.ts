/** Normalization by the neighbouring channels. */
import { ValueError } from "../../errors.ts";
import { concreteShape, currentScope, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { constantLike, toFloat } from "../promote.ts";
import { axesOf, type DataFormat, spatialRankOf } from "./window-arguments.ts";

/** Options of `localResponseNormalization`. The defaults are TensorFlow's. */
export interface LocalResponseNormalizationOptions {
  /** Number of neighbours on each side. Default 5. */
  depthRadius?: number;
  /** Default 1. */
  bias?: number;
  /** Default 1. */
  alpha?: number;
  /** Default 0.5. */
  beta?: number;
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  dataFormat?: DataFormat | null;
}

/**
 * `x / (bias + alpha sum of x[..., c - r .. c + r]^2)^beta`: the sum over the channels within `r = depthRadius`, as
 * `tf.nn.local_response_normalization`. Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional
 * Neural Networks", 2012, section 3.3. Shapes: x [batch, spatial.., channels] -> the same.
 */
export const localResponseNormalization: (
  x: TensorLike,
  depthRadius?: number | LocalResponseNormalizationOptions,
  bias?: number,
  alpha?: number,
  beta?: number,
) => Tensor = defineOp(
  "localResponseNormalization",
  (x: TensorLike, ...rest: [(number | LocalResponseNormalizationOptions)?, number?, number?, number?]) => {
    const {
      depthRadius = 5,
      bias = 1,
      alpha = 1,
      beta = 0.5,
      dataFormat = null,
    } = options<LocalResponseNormalizationOptions>(["depthRadius", "bias", "alpha", "beta", "dataFormat"], rest);
    if (!Number.isInteger(depthRadius) || depthRadius < 0) {
      throw new ValueError({
        where: currentScope(),
        problem: "depthRadius is a number of channels",
        expected: "0, 1, 2, ...",
        received: String(depthRadius),
      });
    }
    const t = toFloat(x);
    const { feature } = axesOf(dataFormat, spatialRankOf(t.shape));
    const channels = concreteShape(t)[feature]!;
    // A window that reaches beyond all channels sums them all.
    const radius = Math.min(depthRadius, Math.max(channels - 1, 0));
    const geometry = {
      window: t.shape.map((_, axis) => (axis === feature ? 2 * radius + 1 : 1)),
      strides: t.shape.map(() => 1),
      padding: t.shape.map((_, axis): [number, number] => (axis === feature ? [radius, radius] : [0, 0])),
    };
    const base = P.add(constantLike(bias, t), P.multiply(constantLike(alpha, t), P.reduceWindowSum(P.multiply(t, t), geometry)));
    const scale = inversePower(base, beta);
    // d/dx: scale - 2 alpha beta x (window sum of g x scale / base): the window is symmetric, and no power is taken twice.
    return P.withGradient(P.multiply(t, scale), [t], (cotangent: Tensor) => {
      const direct = P.multiply(cotangent, scale);
      const sum = P.reduceWindowSum(P.multiply(direct, P.divide(t, base)), geometry);
      return [P.subtract(direct, P.multiply(constantLike(2 * alpha * beta, t), P.multiply(t, sum)))];
    });
  },
);

/** `base^-beta`, by roots where they give it. */
function inversePower(base: Tensor, beta: number): Tensor {
  if (beta === 0.5) return P.rsqrt(base);
  if (beta === 0.75) return P.multiply(P.rsqrt(base), P.sqrt(P.rsqrt(base)));
  return P.power(base, constantLike(-beta, base));
}
