/** Keeps the mean activity of every unit near a small value. */
import { ValueError } from "../../errors.ts";
import type { Tensor } from "../../graph/index.ts";
import { asTensor, type TensorLike } from "../../ops/as-tensor.ts";
import * as ops from "../../ops/index.ts";
import { checkFactor, Regularizer } from "../../regularizers/regularizer.ts";
import { callableClass, type CallableClass, checkOptions } from "../../serialization/index.ts";

/** Options of KLSparsity. */
export interface KLSparsityOptions {
  /** The mean activity that is wanted of each unit, between 0 and 1. Default 0.05. */
  target?: number;
  /** Factor of the penalty. Default 0.1. */
  weight?: number;
}

/**
 * An activity regularizer for units between 0 and 1 (sigmoid): `weight` times the sum over the units of the
 * Kullback-Leibler divergence `t log(t / m) + (1 - t) log((1 - t) / (1 - m))` of the target t from the unit's mean m over the
 * batch (and over all places, for feature maps). NaN where a mean is outside 0 .. 1, as relu's may be.
 * A. Ng, "Sparse autoencoder", lecture notes of CS294A, Stanford, 2011, section 3.
 *
 * Shapes: activities `[..., units]` -> `[]`. Throws ValueError where target is not between 0 and 1, or weight is negative.
 *
 * @example
 * layers.Dense({ units: 100, activation: "sigmoid", activityRegularizer: new KLSparsity({ target: 0.05 }) });
 */
export class KLSparsityRegularizer extends Regularizer {
  static override readonly className: string = "KLSparsity";
  readonly target: number;
  readonly weight: number;

  constructor(options: KLSparsityOptions = {}) {
    super();
    checkOptions("KLSparsity", options, ["target", "weight"]);
    this.target = options.target ?? 0.05;
    if (!(this.target > 0 && this.target < 1))
      throw new ValueError({
        where: "KLSparsity",
        problem: "target is no mean activity of a sigmoid",
        expected: "0 < target < 1",
        received: String(this.target),
      });
    this.weight = checkFactor("weight", options.weight ?? 0.1);
  }

  override call(x: TensorLike): Tensor {
    const activities = asTensor(x);
    const axes = Array.from({ length: Math.max(activities.rank - 1, 0) }, (_, axis) => axis);
    const mean = ops.mean(activities, { axis: axes });
    const { target } = this;
    // A unit that is 0 (or 1) for the whole batch has an infinite divergence: 1e-7 keeps it finite, as in cross-entropies.
    const log = (share: Tensor): Tensor => ops.log(ops.where(ops.less(share, 0), ops.fullLike(share, NaN), ops.maximum(share, 1e-7)));
    const divergence = ops.subtract(
      target * Math.log(target) + (1 - target) * Math.log(1 - target),
      ops.add(ops.multiply(log(mean), target), ops.multiply(log(ops.subtract(1, mean)), 1 - target)),
    );
    return ops.multiply(ops.sum(divergence), this.weight);
  }

  protected override options(): Record<string, unknown> {
    return { target: this.target, weight: this.weight };
  }
}

/** Keeps the mean activity of every unit near a small value; see {@link KLSparsityRegularizer}. */
export const KLSparsity: CallableClass<typeof KLSparsityRegularizer> = /* @__PURE__ */ callableClass(KLSparsityRegularizer);
