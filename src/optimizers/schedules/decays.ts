/** Learning rates that decay by a power, a fraction or a polynomial of the steps. */
import { ValueError } from "../../errors.ts";
import type { Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { add, divide, equal, lessEqual, minimum, multiply, power, subtract, where } from "../../ops/numpy/arithmetic.ts";
import { ceil, floor } from "../../ops/numpy/elementwise.ts";
import { callableClass, type CallableClass, checkOptions } from "../../serialization/index.ts";
import { LearningRateSchedule, stepOf } from "./schedule.ts";

/** Options of ExponentialDecay and InverseTimeDecay. */
export interface RateDecayOptions {
  initialLearningRate: number;
  decaySteps: number;
  decayRate: number;
  /** Whether the rate falls in steps. Default false. */
  staircase?: boolean;
  name?: string;
}

abstract class RateDecay extends LearningRateSchedule {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  readonly staircase: boolean;
  override readonly name: string;
  constructor(defaultName: string, options: RateDecayOptions) {
    super();
    checkOptions(`schedules.${defaultName}`, options, ["initialLearningRate", "decaySteps", "decayRate", "staircase", "name"]);
    this.initialLearningRate = options.initialLearningRate;
    this.decaySteps = positiveSteps(defaultName, options.decaySteps);
    this.decayRate = options.decayRate;
    this.staircase = options.staircase ?? false;
    this.name = options.name ?? defaultName;
  }
  protected fraction(step: TensorLike): Tensor {
    const p = divide(stepOf(step), this.decaySteps);
    return this.staircase ? floor(p) : p;
  }
  protected override options(): Record<string, unknown> {
    const { initialLearningRate, decaySteps, decayRate, staircase, name } = this;
    return { initialLearningRate, decaySteps, decayRate, staircase, name };
  }
}

/** A number of steps. Throws ValueError unless it is positive. */
export function positiveSteps(where: string, steps: number): number {
  if (steps > 0) return steps;
  throw new ValueError({ where: `schedules.${where}`, problem: "the number of steps must be positive", received: String(steps) });
}

/** `initial * rate^(step / decaySteps)`. */
export class ExponentialDecaySchedule extends RateDecay {
  static override readonly className: string = "ExponentialDecay";
  constructor(options: RateDecayOptions) {
    super("ExponentialDecay", options);
  }
  override call(step: TensorLike): Tensor {
    return multiply(this.initialLearningRate, power(this.decayRate, this.fraction(step)));
  }
}
/** `initial * rate^(step / decaySteps)`. */
export const ExponentialDecay: CallableClass<typeof ExponentialDecaySchedule> = /* @__PURE__ */ callableClass(ExponentialDecaySchedule);
export type ExponentialDecay = ExponentialDecaySchedule;

/** `initial / (1 + rate * step / decaySteps)`. */
export class InverseTimeDecaySchedule extends RateDecay {
  static override readonly className: string = "InverseTimeDecay";
  constructor(options: RateDecayOptions) {
    super("InverseTimeDecay", options);
  }
  override call(step: TensorLike): Tensor {
    return divide(this.initialLearningRate, add(1, multiply(this.decayRate, this.fraction(step))));
  }
}
/** `initial / (1 + rate * step / decaySteps)`. */
export const InverseTimeDecay: CallableClass<typeof InverseTimeDecaySchedule> = /* @__PURE__ */ callableClass(InverseTimeDecaySchedule);
export type InverseTimeDecay = InverseTimeDecaySchedule;

/** Options of PiecewiseConstantDecay. */
export interface PiecewiseConstantOptions {
  /** Increasing numbers of steps. */
  boundaries: readonly number[];
  /** Rates: one more than boundaries. */
  values: readonly number[];
  name?: string;
}
/** `values[i]` up to and including step `boundaries[i]`, then the next. */
export class PiecewiseConstantDecaySchedule extends LearningRateSchedule {
  static override readonly className: string = "PiecewiseConstantDecay";
  readonly boundaries: readonly number[];
  readonly values: readonly number[];
  override readonly name: string;
  constructor(options: PiecewiseConstantOptions) {
    super();
    checkOptions("schedules.PiecewiseConstantDecay", options, ["boundaries", "values", "name"]);
    if (![options.boundaries, options.values].every((list) => Array.isArray(list) && list.every(Number.isFinite))) {
      throw new ValueError({
        where: "schedules.PiecewiseConstantDecay",
        problem: "boundaries and values are lists of numbers",
        expected: "{ boundaries: [1000, 5000], values: [0.1, 0.01, 0.001] }",
        received: JSON.stringify({ boundaries: options.boundaries, values: options.values }),
      });
    }
    if (options.boundaries.length + 1 !== options.values.length) {
      throw new ValueError({
        where: "schedules.PiecewiseConstantDecay",
        problem: "there must be one value more than boundaries",
        received: `${options.boundaries.length} boundaries, ${options.values.length} values`,
      });
    }
    this.boundaries = options.boundaries;
    this.values = options.values;
    this.name = options.name ?? "PiecewiseConstant";
  }
  override call(step: TensorLike): Tensor {
    const at = stepOf(step);
    return this.boundaries.reduceRight<Tensor>(
      (later, boundary, i) => where(lessEqual(at, boundary), this.values[i]!, later),
      add(multiply(at, 0), this.values.at(-1)!),
    );
  }
  protected override options(): Record<string, unknown> {
    return { boundaries: this.boundaries, values: this.values, name: this.name };
  }
}
/** Constant between boundaries. */
export const PiecewiseConstantDecay: CallableClass<typeof PiecewiseConstantDecaySchedule> =
  /* @__PURE__ */ callableClass(PiecewiseConstantDecaySchedule);
export type PiecewiseConstantDecay = PiecewiseConstantDecaySchedule;

/** Options of PolynomialDecay. */
export interface PolynomialDecayOptions {
  initialLearningRate: number;
  decaySteps: number;
  /** Default 0.0001. */
  endLearningRate?: number;
  /** Default 1: a line. */
  power?: number;
  /** Whether to begin again, more slowly, after decaySteps. Default false. */
  cycle?: boolean;
  name?: string;
}
/** `(initial - end) * (1 - step / decaySteps)^power + end`. */
export class PolynomialDecaySchedule extends LearningRateSchedule {
  static override readonly className: string = "PolynomialDecay";
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly endLearningRate: number;
  readonly power: number;
  readonly cycle: boolean;
  override readonly name: string;
  constructor(options: PolynomialDecayOptions) {
    super();
    checkOptions("schedules.PolynomialDecay", options, ["initialLearningRate", "decaySteps", "endLearningRate", "power", "cycle", "name"]);
    this.initialLearningRate = options.initialLearningRate;
    this.decaySteps = positiveSteps("PolynomialDecay", options.decaySteps);
    this.endLearningRate = options.endLearningRate ?? 0.0001;
    this.power = options.power ?? 1;
    this.cycle = options.cycle ?? false;
    this.name = options.name ?? "PolynomialDecay";
  }
  override call(step: TensorLike): Tensor {
    const at = stepOf(step);
    const rounds = where(equal(at, 0), 1, ceil(divide(at, this.decaySteps)));
    const fraction = this.cycle ? divide(at, multiply(this.decaySteps, rounds)) : divide(minimum(at, this.decaySteps), this.decaySteps);
    return add(multiply(this.initialLearningRate - this.endLearningRate, power(subtract(1, fraction), this.power)), this.endLearningRate);
  }
  protected override options(): Record<string, unknown> {
    const { initialLearningRate, decaySteps, endLearningRate, cycle, name } = this;
    return { initialLearningRate, decaySteps, endLearningRate, power: this.power, cycle, name };
  }
}
/** A polynomial from the initial to the end rate. */
export const PolynomialDecay: CallableClass<typeof PolynomialDecaySchedule> = /* @__PURE__ */ callableClass(PolynomialDecaySchedule);
export type PolynomialDecay = PolynomialDecaySchedule;
