/** The learning rate of the transformer: it grows, then falls as one over the square root of the steps. */
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { positiveSteps } from "../optimizers/schedules/decays.ts";
import { LearningRateSchedule, stepOf } from "../optimizers/schedules/schedule.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";

/** Options of InverseSquareRootDecay. */
export interface InverseSquareRootDecayOptions {
  /** The rate after the warm-up; Vaswani's is `1 / sqrt(width * warmupSteps)`. */
  readonly peakLearningRate: number;
  readonly warmupSteps: number;
  readonly name?: string;
}

/**
 * `peak min((step + 1) / warmupSteps, sqrt(warmupSteps / (step + 1)))`. A. Vaswani and others, "Attention is all you need",
 * 2017, equation 3, where the peak is `1 / sqrt(width warmupSteps)`.
 *
 * @example
 * const learningRate = text.InverseSquareRootDecay({ peakLearningRate: 1e-3, warmupSteps: 400 });
 */
export class InverseSquareRootDecaySchedule extends LearningRateSchedule {
  static override readonly className: string = "InverseSquareRootDecay";
  readonly peakLearningRate: number;
  readonly warmupSteps: number;
  override readonly name: string;

  constructor(options: InverseSquareRootDecayOptions) {
    super();
    checkOptions("InverseSquareRootDecay", options, ["peakLearningRate", "warmupSteps", "name"]);
    this.peakLearningRate = options.peakLearningRate;
    this.warmupSteps = positiveSteps("InverseSquareRootDecay", options.warmupSteps);
    this.name = options.name ?? "InverseSquareRootDecay";
  }

  override call(step: TensorLike): Tensor {
    const next = ops.divide(ops.add(stepOf(step), 1), this.warmupSteps);
    return ops.multiply(this.peakLearningRate, ops.minimum(next, ops.rsqrt(next)));
  }

  protected override options(): Record<string, unknown> {
    const { peakLearningRate, warmupSteps, name } = this;
    return { peakLearningRate, warmupSteps, name };
  }
}

/** The learning rate of the transformer; see {@link InverseSquareRootDecaySchedule}. */
export const InverseSquareRootDecay: CallableClass<typeof InverseSquareRootDecaySchedule> =
  /* @__PURE__ */ callableClass(InverseSquareRootDecaySchedule);
export type InverseSquareRootDecay = InverseSquareRootDecaySchedule;
