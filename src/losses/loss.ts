/** What losses share: options, weights, masks, reduction. */
import { floatx } from "../config/index.ts";
import { type DType, isShortFloat, widened } from "../dtype/index.ts";
import { type Tensor, withScope } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { logicalAnd } from "../ops/numpy/arithmetic.ts";
import { hasSymbolic, symbolicCall } from "../ops/symbolic.ts";
import { castTo, toFloat } from "../ops/promote.ts";
import { checkOptions, KerasObject, snakeCaseOfClass } from "../serialization/index.ts";
import { checkReduction, reduceWeighted, type Reduction } from "./reduction.ts";
import { sameRank } from "./ranks.ts";

/** Options that every loss takes. */
export interface LossOptions {
  name?: string | null;
  /** Default "sum_over_batch_size": the mean over all losses. */
  reduction?: Reduction;
  /**
   * Dtype of the result. Default: that of the predictions; of two bytes where `config.floatx()` is. Losses of values of two
   * bytes are computed in float32 and rounded once.
   */
  dtype?: DType | null;
}

/** Options of a call. */
export interface LossCallOptions {
  /** Weight of each loss; broadcasts to the shape of the losses. */
  sampleWeight?: TensorLike | null;
  /** False where a loss does not count. */
  mask?: TensorLike | null;
}

type Arguments = [TensorLike, TensorLike, TensorLike | null, TensorLike | null];

/** A function of targets and predictions that gives one loss per sample (or more, over the leading axes). */
export type LossFunction = (yTrue: TensorLike, yPred: TensorLike) => Tensor;

/** A function of one's own that stands for a loss. */
export type CustomLossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/**
 * A loss: `loss(yTrue, yPred, { sampleWeight, mask })` is a number. A class of one's own implements `call`, which gives
 * the losses of the samples before weights and reduction.
 */
export abstract class Loss extends KerasObject {
  override readonly name: string;
  readonly reduction: Reduction;
  readonly #dtype: DType | null;

  /**
   * `super(options)` or `super(defaultName, options)`: without a name it follows the class's. `known`: names of the options
   * that the subclass takes itself.
   */
  constructor(nameOrOptions: string | LossOptions = {}, more: LossOptions = {}, known: readonly string[] = []) {
    super();
    const named = typeof nameOrOptions === "string";
    const options = named ? more : nameOrOptions;
    const defaultName = named ? nameOrOptions : snakeCaseOfClass((this.constructor as typeof Loss).className || "Loss");
    checkOptions(`losses.${defaultName}`, options, ["name", "reduction", "dtype", ...known]);
    this.name = options.name ?? defaultName;
    this.#dtype = options.dtype ?? (isShortFloat(floatx()) ? floatx() : null);
    this.reduction = checkReduction(`loss "${this.name}"`, options.reduction === undefined ? "sum_over_batch_size" : options.reduction);
  }

  abstract override call(yTrue: Tensor, yPred: Tensor): Tensor;

  /** A mask that the targets themselves imply (ignored classes), or null. */
  protected impliedMask(_yTrue: Tensor, _yPred: Tensor): Tensor | null {
    return null;
  }

  /** A mask that the losses themselves imply, or null. */
  protected resultMask(_losses: Tensor): Tensor | null {
    return null;
  }

  protected override invoke(yTrue: TensorLike, yPred: TensorLike, options: LossCallOptions = {}): Tensor {
    checkOptions(`loss "${this.name}"`, options, ["sampleWeight", "mask"]);
    const args: Arguments = [yTrue, yPred, options.sampleWeight ?? null, options.mask ?? null];
    if (!hasSymbolic(args)) return this.#evaluate(...args);
    const callable = (...again: Arguments): Tensor => this.#evaluate(...again);
    return symbolicCall(callable, args, (concrete) => this.#evaluate(...(concrete as Arguments)));
  }

  #evaluate(yTrue: TensorLike, yPred: TensorLike, sampleWeight: TensorLike | null, mask: TensorLike | null): Tensor {
    return withScope(`loss "${this.name}"`, () => {
      const given = toFloat(yPred);
      const prediction = castTo(given, isShortFloat(given.dtype) ? widened(given.dtype) : given.dtype);
      const [truth, aligned] = sameRank(asTensor(yTrue), prediction);
      const losses = this.call(truth, aligned);
      const masks = [this.impliedMask(truth, aligned), mask === null ? null : asTensor(mask), this.resultMask(losses)];
      const both = masks.reduce((a, b) => (a === null || b === null ? (a ?? b) : logicalAnd(...sameRank(a, b))));
      const total = reduceWeighted(losses, sampleWeight, both, this.reduction);
      return this.#dtype === null ? total : castTo(total, this.#dtype);
    });
  }

  protected override options(): Record<string, unknown> {
    return { name: this.name, reduction: this.reduction };
  }
}

/** Losses are called with weights and masks too. */
export interface Loss {
  (yTrue: TensorLike, yPred: TensorLike, options?: LossCallOptions): Tensor;
}

/** A user's function as a loss, with weights, masks and reduction. */
export class FunctionLoss extends Loss {
  static override readonly className: string = "LossFunctionWrapper";
  readonly fn: CustomLossFunction;
  constructor(fn: CustomLossFunction, options: LossOptions = {}) {
    super(fn.name === "" ? "loss" : fn.name, options);
    this.fn = fn;
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.fn(yTrue, yPred);
  }
}
