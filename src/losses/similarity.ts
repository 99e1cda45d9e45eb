/** Losses of directions and overlaps. */
import { epsilon } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import type { Axis } from "../ops/arguments.ts";
import { defineOp } from "../ops/define-op.ts";
import { normalize } from "../ops/nn/normalization.ts";
import { add, divide, multiply, subtract } from "../ops/numpy/arithmetic.ts";
import { negative } from "../ops/numpy/elementwise.ts";
import { sum } from "../ops/numpy/reduce.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Loss, type LossOptions } from "./loss.ts";
import { aligned } from "./regression.ts";

/** Minus the cosine of the angle between targets and predictions: -1 for the same direction. Shapes: [.., n] -> [..]. */
export const cosineSimilarity: (yTrue: TensorLike, yPred: TensorLike, options?: { axis?: number }) => Tensor = defineOp(
  "cosineSimilarity",
  (yTrue: TensorLike, yPred: TensorLike, options: { axis?: number } = {}) => {
    const axis = options.axis ?? -1;
    const [t, p] = aligned(yTrue, yPred);
    return negative(sum(multiply(normalize(t, { axis }), normalize(p, { axis })), axis));
  },
);
/** Options of CosineSimilarity. */
export interface CosineSimilarityOptions extends LossOptions {
  /** Axis of one vector. Default -1. */
  axis?: number;
}
/** Minus the cosine of the angle. */
export class CosineSimilarityLoss extends Loss {
  static override readonly className: string = "CosineSimilarity";
  readonly axis: number;
  constructor(options: CosineSimilarityOptions = {}) {
    super("cosine_similarity", options, ["axis"]);
    this.axis = options.axis ?? -1;
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return cosineSimilarity(yTrue, yPred, { axis: this.axis });
  }
  protected override options(): Record<string, unknown> {
    // Keras does not write it: files hold it where it says something.
    return this.axis === -1 ? super.options() : { ...super.options(), axis: this.axis };
  }
}
/** Minus the cosine of the angle. */
export const CosineSimilarity: CallableClass<typeof CosineSimilarityLoss> = /* @__PURE__ */ callableClass(CosineSimilarityLoss);
export type CosineSimilarity = CosineSimilarityLoss;

/** `1 - 2 sum(t p) / (sum(t) + sum(p) + 1e-7)` over axes (default all). Milletari et al. 2016, arXiv:1606.04797. */
export const dice: (yTrue: TensorLike, yPred: TensorLike, options?: { axis?: Axis }) => Tensor = defineOp(
  "dice",
  (yTrue: TensorLike, yPred: TensorLike, options: { axis?: Axis } = {}) => {
    const axis = options.axis ?? null;
    const [t, p] = aligned(yTrue, yPred);
    return subtract(1, divide(multiply(2, sum(multiply(t, p), axis)), add(add(sum(t, axis), sum(p, axis)), epsilon())));
  },
);
/** Options of Dice. */
export interface DiceOptions extends LossOptions {
  /** Default null: all. */
  axis?: Axis;
}
/** Missing overlap of two masks. */
export class DiceLoss extends Loss {
  static override readonly className: string = "Dice";
  readonly axis: Axis;
  constructor(options: DiceOptions = {}) {
    super("dice", options, ["axis"]);
    this.axis = options.axis ?? null;
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return dice(yTrue, yPred, { axis: this.axis });
  }
  protected override options(): Record<string, unknown> {
    return { ...super.options(), axis: this.axis };
  }
}
/** Missing overlap of two masks. */
export const Dice: CallableClass<typeof DiceLoss> = /* @__PURE__ */ callableClass(DiceLoss);
export type Dice = DiceLoss;

/** Weights of the two kinds of error, and where they are counted. */
export interface TverskyWeights {
  /** Axes over which overlaps are counted. Default null: all. */
  axis?: Axis;
  /** Of missed elements. Default 0.5. */
  alpha?: number;
  /** Of wrongly found elements. Default 0.5. */
  beta?: number;
}
/** `1 - s / (s + alpha sum(t (1 - p)) + beta sum((1 - t) p) + 1e-7)`, s = sum(t p). Salehi et al. 2017, arXiv:1706.05721. */
export const tversky: (yTrue: TensorLike, yPred: TensorLike, options?: TverskyWeights) => Tensor = defineOp(
  "tversky",
  (yTrue: TensorLike, yPred: TensorLike, options: TverskyWeights = {}) => {
    const { alpha = 0.5, beta = 0.5, axis = null } = options;
    const [t, p] = aligned(yTrue, yPred);
    const both = sum(multiply(t, p), axis);
    const extra = sum(multiply(subtract(1, t), p), axis);
    const missed = sum(multiply(t, subtract(1, p)), axis);
    return subtract(1, divide(both, add(add(add(both, multiply(missed, alpha)), multiply(extra, beta)), epsilon())));
  },
);
/** Missing overlap of two masks, with weights for the kinds of error. */
export class TverskyLoss extends Loss {
  static override readonly className: string = "Tversky";
  readonly alpha: number;
  readonly beta: number;
  readonly axis: Axis;
  constructor(options: LossOptions & TverskyWeights = {}) {
    super("tversky", options, ["alpha", "beta", "axis"]);
    this.alpha = options.alpha ?? 0.5;
    this.beta = options.beta ?? 0.5;
    this.axis = options.axis ?? null;
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return tversky(yTrue, yPred, { alpha: this.alpha, beta: this.beta, axis: this.axis });
  }
  protected override options(): Record<string, unknown> {
    // Keras 3.4 does not know the axis.
    return { ...super.options(), alpha: this.alpha, beta: this.beta, ...(this.axis === null ? {} : { axis: this.axis }) };
  }
}
/** Missing overlap of two masks, with weights for the kinds of error. */
export const Tversky: CallableClass<typeof TverskyLoss> = /* @__PURE__ */ callableClass(TverskyLoss);
export type Tversky = TverskyLoss;
