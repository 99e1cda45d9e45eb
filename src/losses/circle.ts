/** Circle loss. */
import { ShapeError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { defineOp } from "../ops/define-op.ts";
import { softplus } from "../ops/nn/activation.ts";
import { add, equal, greater, logicalAnd, maximum, multiply, subtract, where } from "../ops/numpy/arithmetic.ts";
import { eye } from "../ops/numpy/create.ts";
import { cast, logicalNot } from "../ops/numpy/elementwise.ts";
import { matmul } from "../ops/numpy/matmul.ts";
import { logsumexp } from "../ops/numpy/reduce.ts";
import { reshape, transpose } from "../ops/numpy/shaping.ts";
import { toFloat } from "../ops/promote.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Loss, type LossOptions } from "./loss.ts";

/** Options of `circle`. */
export interface CircleFunctionOptions {
  /** Labels of the reference vectors. Default: `yTrue`. */
  refLabels?: TensorLike | null;
  /** Reference vectors, of length 1. Default: `yPred`. */
  refEmbeddings?: TensorLike | null;
  /** Whether a vector is not compared with itself. Default true. */
  removeDiagonal?: boolean;
  /** Scale of the loss. Default 80. */
  gamma?: number;
  /** Default 0.4. */
  margin?: number;
}

/** Stands for minus infinity: its exponential is 0 beside anything, and differences of it are no NaN. */
const lowest = -1e30;

/**
 * `softplus(logsumexp(gamma a_p (d_p - margin)) + logsumexp(gamma a_n (1 - margin - d_n)))` for each vector, over the
 * distances d = max(1 - cosine, 0) to the vectors of its class (p) and of others (n), with weights `a_p = max(d + margin, 0)`,
 * `a_n = max(1 + margin - d, 0)`. Sun et al. 2020, arXiv:2002.10857. Shapes: labels [batch], vectors [batch, n] -> [batch].
 */
export const circle: (yTrue: TensorLike, yPred: TensorLike, options?: CircleFunctionOptions) => Tensor = defineOp(
  "circle",
  (yTrue: TensorLike, yPred: TensorLike, options: CircleFunctionOptions = {}) => {
    const { removeDiagonal = true, gamma = 80, margin = 0.4 } = options;
    const vectors = toFloat(yPred);
    const references = options.refEmbeddings === null || options.refEmbeddings === undefined ? vectors : toFloat(options.refEmbeddings);
    if (vectors.rank !== 2) {
      throw new ShapeError({
        where: "losses.circle",
        problem: "the predictions must be vectors, one per sample",
        expected: "[batch, n]",
        received: formatShape(vectors.shape),
      });
    }
    const labels = cast(asTensor(yTrue), "int32");
    const others = options.refLabels === null || options.refLabels === undefined ? labels : cast(asTensor(options.refLabels), "int32");
    const same = equal(reshape(labels, [-1, 1]), reshape(others, [1, -1]));
    const different = logicalNot(same);
    const positive = removeDiagonal ? logicalAnd(same, logicalNot(eye(labels.size, others.size, 0, "bool"))) : same;
    const distance = maximum(subtract(1, matmul(vectors, transpose(references))), 0);
    const near = multiply(gamma, multiply(maximum(add(margin, distance), 0), subtract(distance, margin)));
    const far = multiply(gamma, multiply(maximum(subtract(1 + margin, distance), 0), subtract(1 - margin, distance)));
    return softplus(add(logsumexp(where(positive, near, lowest), 1), logsumexp(where(different, far, lowest), 1)));
  },
);

/** Options of Circle. */
export interface CircleOptions extends LossOptions {
  /** Scale of the loss. Default 80. */
  gamma?: number;
  /** Default 0.4. */
  margin?: number;
  /** Whether a vector is not compared with itself. Default true. */
  removeDiagonal?: boolean;
}
/** Vectors of one class move together, those of different classes apart. Vectors without loss do not count in the mean. */
export class CircleLoss extends Loss {
  static override readonly className: string = "Circle";
  readonly gamma: number;
  readonly margin: number;
  readonly removeDiagonal: boolean;
  constructor(options: CircleOptions = {}) {
    super("circle", options, ["gamma", "margin", "removeDiagonal"]);
    this.gamma = options.gamma ?? 80;
    this.margin = options.margin ?? 0.4;
    this.removeDiagonal = options.removeDiagonal ?? true;
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return circle(yTrue, yPred, { gamma: this.gamma, margin: this.margin, removeDiagonal: this.removeDiagonal });
  }
  protected override resultMask(losses: Tensor): Tensor {
    return greater(losses, 0);
  }
  protected override options(): Record<string, unknown> {
    return { ...super.options(), gamma: this.gamma, margin: this.margin, removeDiagonal: this.removeDiagonal };
  }
}
/** Vectors of one class move together, those of different classes apart. */
export const Circle: CallableClass<typeof CircleLoss> = /* @__PURE__ */ callableClass(CircleLoss);
export type Circle = CircleLoss;
