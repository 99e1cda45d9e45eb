/** Learning rates that follow half a cosine. Loshchilov and Hutter 2017, arXiv:1608.03983. */
import type { Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { add, divide, less, minimum, multiply, power, subtract, where } from "../../ops/numpy/arithmetic.ts";
import { cos, floor, log } from "../../ops/numpy/elementwise.ts";
import { callableClass, type CallableClass, checkOptions } from "../../serialization/index.ts";
import { positiveSteps } from "./decays.ts";
import { LearningRateSchedule, stepOf } from "./schedule.ts";

/** Options of CosineDecay. */
export interface CosineDecayOptions {
  initialLearningRate: number;
  decaySteps: number;
  /** Last rate as a fraction of the first. Default 0. */
  alpha?: number;
  name?: string;
  /** Rate that warming up ends at; null (default): no warming up. */
  warmupTarget?: number | null;
  /** Default 0. */
  warmupSteps?: number;
}
/** `initial * ((1 - alpha) (1 + cos(pi step / decaySteps)) / 2 + alpha)`, after a linear rise over warmupSteps. */
export class CosineDecaySchedule extends LearningRateSchedule {
  static override readonly className: string = "CosineDecay";
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly alpha: number;
  override readonly name: string;
  readonly warmupTarget: number | null;
  readonly warmupSteps: number;
  constructor(options: CosineDecayOptions) {
    super();
    checkOptions("schedules.CosineDecay", options, ["initialLearningRate", "decaySteps", "alpha", "name", "warmupTarget", "warmupSteps"]);
    this.initialLearningRate = options.initialLearningRate;
    this.decaySteps = positiveSteps("CosineDecay", options.decaySteps);
    this.alpha = options.alpha ?? 0;
    this.name = options.name ?? "CosineDecay";
    this.warmupTarget = options.warmupTarget ?? null;
    this.warmupSteps = options.warmupSteps ?? 0;
  }
  override call(step: TensorLike): Tensor {
    const at = stepOf(step);
    const target = this.warmupTarget;
    if (target === null) return this.decay(minimum(at, this.decaySteps), this.initialLearningRate);
    const inside = minimum(at, this.decaySteps + this.warmupSteps);
    const rising = add(
      multiply(target - this.initialLearningRate, divide(inside, Math.max(1, this.warmupSteps))),
      this.initialLearningRate,
    );
    return where(less(inside, this.warmupSteps), rising, this.decay(subtract(inside, this.warmupSteps), target));
  }
  private decay(step: Tensor, from: number): Tensor {
    const half = multiply(0.5, add(1, cos(multiply(Math.PI, divide(step, this.decaySteps)))));
    return multiply(from, add(multiply(1 - this.alpha, half), this.alpha));
  }
  protected override options(): Record<string, unknown> {
    const { initialLearningRate, decaySteps, alpha, name, warmupTarget, warmupSteps } = this;
    return { initialLearningRate, decaySteps, alpha, name, warmupTarget, warmupSteps };
  }
}
/** Half a cosine. */
export const CosineDecay: CallableClass<typeof CosineDecaySchedule> = /* @__PURE__ */ callableClass(CosineDecaySchedule);
export type CosineDecay = CosineDecaySchedule;

/** Options of CosineDecayRestarts. */
export interface CosineDecayRestartsOptions {
  initialLearningRate: number;
  firstDecaySteps: number;
  /** How much longer each period is. Default 2. */
  tMul?: number;
  /** Factor of the rate at each restart. Default 1. */
  mMul?: number;
  /** Last rate as a fraction of the first. Default 0. */
  alpha?: number;
  name?: string;
}
/** Half a cosine, again and again. */
export class CosineDecayRestartsSchedule extends LearningRateSchedule {
  static override readonly className: string = "CosineDecayRestarts";
  readonly initialLearningRate: number;
  readonly firstDecaySteps: number;
  readonly tMul: number;
  readonly mMul: number;
  readonly alpha: number;
  override readonly name: string;
  constructor(options: CosineDecayRestartsOptions) {
    super();
    checkOptions("schedules.CosineDecayRestarts", options, ["initialLearningRate", "firstDecaySteps", "tMul", "mMul", "alpha", "name"]);
    this.initialLearningRate = options.initialLearningRate;
    this.firstDecaySteps = positiveSteps("CosineDecayRestarts", options.firstDecaySteps);
    this.tMul = options.tMul ?? 2;
    this.mMul = options.mMul ?? 1;
    this.alpha = options.alpha ?? 0;
    this.name = options.name ?? "SGDRDecay";
  }
  override call(step: TensorLike): Tensor {
    const completed = divide(stepOf(step), this.firstDecaySteps);
    let restarts: Tensor;
    let fraction: Tensor;
    if (this.tMul === 1) {
      restarts = floor(completed);
      fraction = subtract(completed, restarts);
    } else {
      restarts = floor(divide(log(subtract(1, multiply(completed, 1 - this.tMul))), Math.log(this.tMul)));
      const length = power(this.tMul, restarts);
      fraction = divide(subtract(completed, divide(subtract(1, length), 1 - this.tMul)), length);
    }
    const half = multiply(multiply(0.5, power(this.mMul, restarts)), add(1, cos(multiply(Math.PI, fraction))));
    return multiply(this.initialLearningRate, add(multiply(1 - this.alpha, half), this.alpha));
  }
  protected override options(): Record<string, unknown> {
    const { initialLearningRate, firstDecaySteps, tMul, mMul, alpha, name } = this;
    return { initialLearningRate, firstDecaySteps, tMul, mMul, alpha, name };
  }
}
/** Half a cosine, again and again. */
export const CosineDecayRestarts: CallableClass<typeof CosineDecayRestartsSchedule> =
  /* @__PURE__ */ callableClass(CosineDecayRestartsSchedule);
export type CosineDecayRestarts = CosineDecayRestartsSchedule;
