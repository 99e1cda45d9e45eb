/** Cross-entropies between targets and predictions, of probabilities or of logits. */
import { epsilon } from "../../config/index.ts";
import { ShapeError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, normalizeAxis, sameShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { asTensor } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { keptShape } from "../numpy/reduce.ts";
import { broadcast, castTo, constantLike, promote, toFloat } from "../promote.ts";
import { logSoftmax } from "./activation.ts";
import { type Link, logitsOf } from "./logits.ts";
import { oneHot } from "./one-hot.ts";

/** Options of cross-entropies. */
export interface CrossentropyOptions {
  /** Whether the predictions are logits. Default false: probabilities. */
  fromLogits?: boolean;
  /** Axis of the classes. Default -1. */
  axis?: number;
}
type Rest = [(boolean | CrossentropyOptions)?, number?];

/**
 * Logits in place of probabilities that a softmax or a sigmoid has just made, as Keras does on TensorFlow: a probability
 * below epsilon then counts as it is, and goes on learning.
 */
function unlinked(link: Link, output: Tensor, fromLogits: boolean): readonly [output: Tensor, fromLogits: boolean] {
  const logits = logitsOf(link, output);
  return logits === null ? [output, fromLogits] : [logits, true];
}

function clipped(p: Tensor): Tensor {
  return P.minimum(P.maximum(p, constantLike(epsilon(), p)), constantLike(1 - epsilon(), p));
}

function requireSameShape(target: Tensor, output: Tensor): void {
  if (sameShape(target.shape, output.shape)) return;
  throw new ShapeError({
    where: currentScope(),
    problem: "targets and predictions must have the same shape",
    expected: formatShape(output.shape),
    received: formatShape(target.shape),
    advice: "integer class labels go with the sparse categorical cross-entropy",
  });
}

/** log of probabilities that are scaled to the sum 1 along `axis` and clipped to [epsilon, 1 - epsilon]. */
function logProbabilities(output: Tensor, fromLogits: boolean, axis: number): Tensor {
  if (fromLogits) return logSoftmax(output, axis);
  const shape = concreteShape(output);
  const kept = keptShape(shape, [axis]);
  const spread = (y: Tensor): Tensor => broadcast(P.reshape(P.reduceSum(y, [axis]), kept), shape);
  const total = spread(output);
  const share = P.divide(output, total);
  // d/dp of log(clip(p / sum)): (g - sum(g * share)) / sum, g = cotangent / share inside the clip and 0 outside.
  return P.withGradient(P.log(clipped(share)), [output], (cotangent: Tensor) => {
    const inside = P.and(P.greaterEqual(share, constantLike(epsilon(), share)), P.lessEqual(share, constantLike(1 - epsilon(), share)));
    const g = P.select(inside, P.divide(cotangent, share), constantLike(0, share));
    return [P.divide(P.subtract(g, spread(P.multiply(g, share))), total)];
  });
}

/** `-sum(target * log(output))` along the class axis. Shapes: both [.., classes] -> [..]. */
export const categoricalCrossentropy: (
  target: TensorLike,
  output: TensorLike,
  fromLogits?: boolean | CrossentropyOptions,
  axis?: number,
) => Tensor = defineOp("categoricalCrossentropy", (target: TensorLike, output: TensorLike, ...rest: Rest) => {
  const { fromLogits = false, axis = -1 } = options<CrossentropyOptions>(["fromLogits", "axis"], rest);
  const [t, p] = promote([target, output], true);
  const [o, ofLogits] = unlinked("softmax", p!, fromLogits);
  requireSameShape(t!, o);
  if (o.rank < 1)
    throw new ShapeError({ where: currentScope(), problem: "predictions need an axis of classes", received: formatShape(o.shape) });
  const at = normalizeAxis(currentScope(), axis, o.rank);
  return P.negate(P.reduceSum(P.multiply(t!, logProbabilities(o, ofLogits, at)), [at]));
});

/**
 * `-log(output[target])`. A label outside the classes has no probability and gives 0.
 * Shapes: target int [..] or [.., 1], output [.., classes] -> [..].
 */
export const sparseCategoricalCrossentropy: (
  target: TensorLike,
  output: TensorLike,
  fromLogits?: boolean | CrossentropyOptions,
  axis?: number,
) => Tensor = defineOp("sparseCategoricalCrossentropy", (target: TensorLike, output: TensorLike, ...rest: Rest) => {
  const { fromLogits = false, axis = -1 } = options<CrossentropyOptions>(["fromLogits", "axis"], rest);
  const [o, ofLogits] = unlinked("softmax", toFloat(output), fromLogits);
  if (o.rank < 1)
    throw new ShapeError({ where: currentScope(), problem: "predictions need an axis of classes", received: formatShape(o.shape) });
  const at = normalizeAxis(currentScope(), axis, o.rank);
  const given = castTo(asTensor(target), "int32");
  const shape = concreteShape(o);
  const rows = shape.filter((_, a) => a !== at);
  const labels = given.rank === o.rank && given.shape.at(-1) === 1 ? P.reshape(given, concreteShape(given).slice(0, -1)) : given;
  if (!sameShape(labels.shape, rows)) {
    throw new ShapeError({
      where: currentScope(),
      problem: "labels must have the shape of the predictions without their class axis",
      expected: formatShape(rows),
      received: formatShape(given.shape),
    });
  }
  const hot = oneHot(labels, shape[at]!, { axis: at, dtype: o.dtype });
  return P.negate(P.reduceSum(P.multiply(hot, logProbabilities(o, ofLogits, at)), [at]));
});

/** `-(t log(p) + (1 - t) log(1 - p))`, elementwise. Shapes: both [..] -> [..]. */
export const binaryCrossentropy: (target: TensorLike, output: TensorLike, fromLogits?: boolean | { fromLogits?: boolean }) => Tensor =
  defineOp("binaryCrossentropy", (target: TensorLike, output: TensorLike, ...rest: [(boolean | { fromLogits?: boolean })?]) => {
    const { fromLogits = false } = options<{ fromLogits: boolean }>(["fromLogits"], rest);
    const [t, given] = promote([target, output], true) as [Tensor, Tensor];
    const [o, ofLogits] = unlinked("sigmoid", given, fromLogits);
    requireSameShape(t, o);
    const one = constantLike(1, o);
    if (ofLogits) {
      // max(x, 0) - x t + log(1 + e^-|x|); its derivative is sigmoid(x) - t.
      const value = P.add(P.subtract(P.maximum(o, constantLike(0, o)), P.multiply(o, t)), P.log1p(P.exp(P.negate(P.abs(o)))));
      return P.withGradient(value, [t, o], (cotangent: Tensor) => [
        P.negate(P.multiply(cotangent, o)),
        P.multiply(cotangent, P.subtract(P.sigmoid(o), t)),
      ]);
    }
    const p = clipped(o);
    return P.negate(P.add(P.multiply(t, P.log(p)), P.multiply(P.subtract(one, t), P.log(P.subtract(one, p)))));
  });
