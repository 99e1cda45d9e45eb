/** Keeps most activities of every sample at zero. */
import type { Tensor } from "../../graph/index.ts";
import { asTensor, type TensorLike } from "../../ops/as-tensor.ts";
import * as ops from "../../ops/index.ts";
import { checkFactor, Regularizer } from "../../regularizers/regularizer.ts";
import { callableClass, type CallableClass, checkOptions } from "../../serialization/index.ts";

/** Options of L1Sparsity. */
export interface L1SparsityOptions {
  /** Factor of the penalty. Default 0.001. */
  weight?: number;
}

/**
 * An activity regularizer: `weight` times the sum of absolute activities per sample, in the mean of the batch. Keras's `L1`
 * sums over the batch too, so that another batch size is another penalty.
 *
 * Shapes: activities `[batch, ...]` -> `[]`. Throws ValueError where weight is negative.
 *
 * @example
 * layers.Dense({ units: 100, activation: "relu", activityRegularizer: new L1Sparsity({ weight: 1e-3 }) });
 */
export class L1SparsityRegularizer extends Regularizer {
  static override readonly className: string = "L1Sparsity";
  readonly weight: number;

  constructor(options: L1SparsityOptions = {}) {
    super();
    checkOptions("L1Sparsity", options, ["weight"]);
    this.weight = checkFactor("weight", options.weight ?? 1e-3);
  }

  override call(x: TensorLike): Tensor {
    const activities = asTensor(x);
    const samples = activities.rank === 0 ? 1 : activities.dim(0);
    return ops.multiply(ops.sum(ops.abs(activities)), this.weight / samples);
  }

  protected override options(): Record<string, unknown> {
    return { weight: this.weight };
  }
}

/** Keeps most activities of every sample at zero; see {@link L1SparsityRegularizer}. */
export const L1Sparsity: CallableClass<typeof L1SparsityRegularizer> = /* @__PURE__ */ callableClass(L1SparsityRegularizer);
