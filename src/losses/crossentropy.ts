/** Cross-entropies of predicted probabilities or logits. */
import { epsilon } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { defineOp } from "../ops/define-op.ts";
import { sigmoid, softmax } from "../ops/nn/activation.ts";
import * as nn from "../ops/nn/crossentropy.ts";
import { add, clip, divide, multiply, notEqual, power, subtract, where } from "../ops/numpy/arithmetic.ts";
import { cast, log } from "../ops/numpy/elementwise.ts";
import { mean, sum } from "../ops/numpy/reduce.ts";
import { squeeze, expandDims } from "../ops/numpy/shaping.ts";
import { toFloat } from "../ops/promote.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Loss, type LossOptions } from "./loss.ts";
import { aligned } from "./regression.ts";

/** Options of cross-entropies. */
export interface CrossentropyLossOptions {
  /** Whether predictions are logits. Default false. */
  fromLogits?: boolean;
  /** How far targets move towards the uniform distribution over the last axis, 0 to 1. Default 0. */
  labelSmoothing?: number;
  /** Axis of the classes (binary: of the mean). Default -1. */
  axis?: number;
}

function smoothBinary(target: Tensor, by: number): Tensor {
  return by === 0 ? target : add(multiply(target, 1 - by), 0.5 * by);
}
/** Keras divides by the extent of the last axis, whichever axis the classes are on. */
function smoothCategorical(target: Tensor, by: number): Tensor {
  return by === 0 ? target : add(multiply(target, 1 - by), by / target.dim(-1));
}

/** Mean over an axis of `-(t log(p) + (1 - t) log(1 - p))`. Shapes: [.., n] -> [..]. */
export const binaryCrossentropy: (yTrue: TensorLike, yPred: TensorLike, options?: CrossentropyLossOptions) => Tensor = defineOp(
  "binaryCrossentropy",
  (yTrue: TensorLike, yPred: TensorLike, options: CrossentropyLossOptions = {}) => {
    const [t, p] = aligned(yTrue, yPred);
    return mean(nn.binaryCrossentropy(smoothBinary(t, options.labelSmoothing ?? 0), p, options.fromLogits ?? false), options.axis ?? -1);
  },
);
/** `-sum(t log(p))` over the classes. Shapes: [.., classes] -> [..]. */
export const categoricalCrossentropy: (yTrue: TensorLike, yPred: TensorLike, options?: CrossentropyLossOptions) => Tensor = defineOp(
  "categoricalCrossentropy",
  (yTrue: TensorLike, yPred: TensorLike, options: CrossentropyLossOptions = {}) => {
    const [t, p] = aligned(yTrue, yPred);
    const axis = options.axis ?? -1;
    return nn.categoricalCrossentropy(smoothCategorical(t, options.labelSmoothing ?? 0), p, options.fromLogits ?? false, axis);
  },
);

/** Options of the sparse categorical cross-entropy. */
export interface SparseCrossentropyOptions {
  fromLogits?: boolean;
  /** A label that gives no loss. Default null: none. */
  ignoreClass?: number | null;
  axis?: number;
}
/** `-log(p[label])`. Shapes: labels [..] or [.., 1], [.., classes] -> [..]. */
export const sparseCategoricalCrossentropy: (yTrue: TensorLike, yPred: TensorLike, options?: SparseCrossentropyOptions) => Tensor =
  defineOp("sparseCategoricalCrossentropy", (yTrue: TensorLike, yPred: TensorLike, options: SparseCrossentropyOptions = {}) => {
    const { fromLogits = false, ignoreClass = null, axis = -1 } = options;
    const p = toFloat(yPred);
    const given = cast(asTensor(yTrue), "int32");
    const t = given.rank === p.rank && given.shape.at(-1) === 1 ? squeeze(given, -1) : given;
    if (ignoreClass === null) return nn.sparseCategoricalCrossentropy(t, p, fromLogits, axis);
    const valid = notEqual(t, ignoreClass);
    const label = where(valid, t, 0);
    // Ones, not zeros: a row of zeros cannot be normalized, and its gradient would be NaN.
    const prediction = where(expandDims(valid, axis), p, 1);
    return where(valid, nn.sparseCategoricalCrossentropy(label, prediction, fromLogits, axis), 0);
  });

/** Options of the binary focal cross-entropy. */
export interface BinaryFocalOptions extends CrossentropyLossOptions {
  /** Whether class 1 weighs alpha and class 0 the rest. Default false. */
  applyClassBalancing?: boolean;
  /** Default 0.25. */
  alpha?: number;
  /** How much well-classified samples are discounted. Default 2. */
  gamma?: number;
}
/** Binary cross-entropy times `(1 - p of the true class)^gamma`. Lin et al. 2017, arXiv:1708.02002. */
export const binaryFocalCrossentropy: (yTrue: TensorLike, yPred: TensorLike, options?: BinaryFocalOptions) => Tensor = defineOp(
  "binaryFocalCrossentropy",
  (yTrue: TensorLike, yPred: TensorLike, options: BinaryFocalOptions = {}) => {
    const { alpha = 0.25, gamma = 2, axis = -1 } = options;
    const [given, logits] = aligned(yTrue, yPred);
    const t = smoothBinary(given, options.labelSmoothing ?? 0);
    const p = options.fromLogits === true ? sigmoid(logits) : logits;
    const either = (a: Tensor, b: Tensor): Tensor => add(multiply(t, a), multiply(subtract(1, t), b));
    let value = multiply(power(subtract(1, either(p, subtract(1, p))), gamma), nn.binaryCrossentropy(t, p));
    if (options.applyClassBalancing === true) value = multiply(add(multiply(t, alpha), multiply(subtract(1, t), 1 - alpha)), value);
    return mean(value, axis);
  },
);
/** Options of the categorical focal cross-entropy. */
export interface CategoricalFocalOptions extends CrossentropyLossOptions {
  /** Default 0.25. */
  alpha?: number;
  /** Default 2. */
  gamma?: number;
}
/** Categorical cross-entropy times `alpha (1 - p)^gamma`. Lin et al. 2017, arXiv:1708.02002. */
export const categoricalFocalCrossentropy: (yTrue: TensorLike, yPred: TensorLike, options?: CategoricalFocalOptions) => Tensor = defineOp(
  "categoricalFocalCrossentropy",
  (yTrue: TensorLike, yPred: TensorLike, options: CategoricalFocalOptions = {}) => {
    const { alpha = 0.25, gamma = 2, axis = -1 } = options;
    const [given, logits] = aligned(yTrue, yPred);
    const t = smoothCategorical(given, options.labelSmoothing ?? 0);
    const raw = options.fromLogits === true ? softmax(logits, axis) : logits;
    const p = clip(divide(raw, sum(raw, axis, true)), epsilon(), 1 - epsilon());
    const crossentropy = multiply(subtract(0, t), log(p));
    return sum(multiply(multiply(power(subtract(1, p), gamma), alpha), crossentropy), axis);
  },
);

/** What the classes of this file keep. */
abstract class CrossentropyLoss extends Loss {
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  readonly axis: number;
  constructor(name: string, options: LossOptions & CrossentropyLossOptions, known: readonly string[] = []) {
    super(name, options, ["fromLogits", "labelSmoothing", "axis", ...known]);
    this.fromLogits = options.fromLogits ?? false;
    this.labelSmoothing = options.labelSmoothing ?? 0;
    this.axis = options.axis ?? -1;
  }
  protected override options(): Record<string, unknown> {
    return { ...super.options(), fromLogits: this.fromLogits, labelSmoothing: this.labelSmoothing, axis: this.axis };
  }
  protected get crossentropyOptions(): Required<CrossentropyLossOptions> {
    return { fromLogits: this.fromLogits, labelSmoothing: this.labelSmoothing, axis: this.axis };
  }
}

/** Cross-entropy of labels 0 and 1. */
export class BinaryCrossentropyLoss extends CrossentropyLoss {
  static override readonly className: string = "BinaryCrossentropy";
  constructor(options: LossOptions & CrossentropyLossOptions = {}) {
    super("binary_crossentropy", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return binaryCrossentropy(yTrue, yPred, this.crossentropyOptions);
  }
}
/** Cross-entropy of labels 0 and 1. */
export const BinaryCrossentropy: CallableClass<typeof BinaryCrossentropyLoss> = /* @__PURE__ */ callableClass(BinaryCrossentropyLoss);
export type BinaryCrossentropy = BinaryCrossentropyLoss;

/** Cross-entropy of one-hot labels (or distributions). */
export class CategoricalCrossentropyLoss extends CrossentropyLoss {
  static override readonly className: string = "CategoricalCrossentropy";
  constructor(options: LossOptions & CrossentropyLossOptions = {}) {
    super("categorical_crossentropy", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return categoricalCrossentropy(yTrue, yPred, this.crossentropyOptions);
  }
}
/** Cross-entropy of one-hot labels (or distributions). */
export const CategoricalCrossentropy: CallableClass<typeof CategoricalCrossentropyLoss> =
  /* @__PURE__ */ callableClass(CategoricalCrossentropyLoss);
export type CategoricalCrossentropy = CategoricalCrossentropyLoss;

/** Cross-entropy of class numbers. */
export class SparseCategoricalCrossentropyLoss extends Loss {
  static override readonly className: string = "SparseCategoricalCrossentropy";
  readonly fromLogits: boolean;
  readonly ignoreClass: number | null;
  readonly axis: number;
  constructor(options: LossOptions & SparseCrossentropyOptions = {}) {
    super("sparse_categorical_crossentropy", options, ["fromLogits", "ignoreClass", "axis"]);
    this.fromLogits = options.fromLogits ?? false;
    this.ignoreClass = options.ignoreClass ?? null;
    this.axis = options.axis ?? -1;
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return sparseCategoricalCrossentropy(yTrue, yPred, { fromLogits: this.fromLogits, ignoreClass: this.ignoreClass, axis: this.axis });
  }
  protected override impliedMask(yTrue: Tensor, yPred: Tensor): Tensor | null {
    if (this.ignoreClass === null) return null;
    const labels = yTrue.rank === yPred.rank && yTrue.shape.at(-1) === 1 ? squeeze(yTrue, -1) : yTrue;
    return notEqual(cast(labels, "int32"), this.ignoreClass);
  }
  protected override options(): Record<string, unknown> {
    return { ...super.options(), fromLogits: this.fromLogits, ignoreClass: this.ignoreClass };
  }
}
/** Cross-entropy of class numbers. */
export const SparseCategoricalCrossentropy: CallableClass<typeof SparseCategoricalCrossentropyLoss> =
  /* @__PURE__ */ callableClass(SparseCategoricalCrossentropyLoss);
export type SparseCategoricalCrossentropy = SparseCategoricalCrossentropyLoss;

/** Binary cross-entropy that discounts well-classified samples. */
export class BinaryFocalCrossentropyLoss extends CrossentropyLoss {
  static override readonly className: string = "BinaryFocalCrossentropy";
  readonly applyClassBalancing: boolean;
  readonly alpha: number;
  readonly gamma: number;
  constructor(options: LossOptions & BinaryFocalOptions = {}) {
    super("binary_focal_crossentropy", options, ["applyClassBalancing", "alpha", "gamma"]);
    this.applyClassBalancing = options.applyClassBalancing ?? false;
    this.alpha = options.alpha ?? 0.25;
    this.gamma = options.gamma ?? 2;
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return binaryFocalCrossentropy(yTrue, yPred, {
      ...this.crossentropyOptions,
      applyClassBalancing: this.applyClassBalancing,
      alpha: this.alpha,
      gamma: this.gamma,
    });
  }
  protected override options(): Record<string, unknown> {
    return { ...super.options(), applyClassBalancing: this.applyClassBalancing, alpha: this.alpha, gamma: this.gamma };
  }
}
/** Binary cross-entropy that discounts well-classified samples. */
export const BinaryFocalCrossentropy: CallableClass<typeof BinaryFocalCrossentropyLoss> =
  /* @__PURE__ */ callableClass(BinaryFocalCrossentropyLoss);
export type BinaryFocalCrossentropy = BinaryFocalCrossentropyLoss;

/** Categorical cross-entropy that discounts well-classified samples. */
export class CategoricalFocalCrossentropyLoss extends CrossentropyLoss {
  static override readonly className: string = "CategoricalFocalCrossentropy";
  readonly alpha: number;
  readonly gamma: number;
  constructor(options: LossOptions & CategoricalFocalOptions = {}) {
    super("categorical_focal_crossentropy", options, ["alpha", "gamma"]);
    this.alpha = options.alpha ?? 0.25;
    this.gamma = options.gamma ?? 2;
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return categoricalFocalCrossentropy(yTrue, yPred, { ...this.crossentropyOptions, alpha: this.alpha, gamma: this.gamma });
  }
  protected override options(): Record<string, unknown> {
    return { ...super.options(), alpha: this.alpha, gamma: this.gamma };
  }
}
/** Categorical cross-entropy that discounts well-classified samples. */
export const CategoricalFocalCrossentropy: CallableClass<typeof CategoricalFocalCrossentropyLoss> =
  /* @__PURE__ */ callableClass(CategoricalFocalCrossentropyLoss);
export type CategoricalFocalCrossentropy = CategoricalFocalCrossentropyLoss;
