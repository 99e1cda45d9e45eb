/** Ftrl. */
import { ValueError } from "../errors.ts";
import type { Tensor, Variable } from "../graph/index.ts";
import { add, clip, divide, multiply, power, subtract } from "../ops/numpy/arithmetic.ts";
import { sqrt, square } from "../ops/numpy/elementwise.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Optimizer, type OptimizerOptions } from "./optimizer.ts";

/** Options of Ftrl. */
export interface FtrlOptions extends OptimizerOptions {
  /** How fast the rate falls: 0 not at all. At most 0, default -0.5. */
  learningRatePower?: number;
  /** What the sums of squares begin with. Default 0.1. */
  initialAccumulatorValue?: number;
  /** Default 0. */
  l1RegularizationStrength?: number;
  /** Default 0. */
  l2RegularizationStrength?: number;
  /** Weight decay that only the gradient sees. Default 0. */
  l2ShrinkageRegularizationStrength?: number;
  /** Default 0. */
  beta?: number;
}

/**
 * Follow the regularized leader: with `s' = s + g^2`, `g' = g + 2 shrinkage w`, p = -learningRatePower,
 * `z += g' - (s'^p - s^p) w / rate`, `w = (clip(z, -l1, l1) - z) / (s'^p / rate + 2 l2 + beta / rate)`.
 * McMahan et al. 2013, KDD, algorithm 1. Default rate 0.001.
 */
export class FtrlOptimizer extends Optimizer {
  static override readonly className: string = "Ftrl";
  readonly learningRatePower: number;
  readonly initialAccumulatorValue: number;
  readonly l1RegularizationStrength: number;
  readonly l2RegularizationStrength: number;
  readonly l2ShrinkageRegularizationStrength: number;
  readonly beta: number;
  #accumulators: readonly Variable[] = [];
  #linears: readonly Variable[] = [];

  constructor(options: FtrlOptions = {}) {
    super("ftrl", 0.001, options, [
      "learningRatePower",
      "initialAccumulatorValue",
      "l1RegularizationStrength",
      "l2RegularizationStrength",
      "l2ShrinkageRegularizationStrength",
      "beta",
    ]);
    this.learningRatePower = options.learningRatePower ?? -0.5;
    this.initialAccumulatorValue = options.initialAccumulatorValue ?? 0.1;
    this.l1RegularizationStrength = options.l1RegularizationStrength ?? 0;
    this.l2RegularizationStrength = options.l2RegularizationStrength ?? 0;
    this.l2ShrinkageRegularizationStrength = options.l2ShrinkageRegularizationStrength ?? 0;
    this.beta = options.beta ?? 0;
    const { initialAccumulatorValue, l1RegularizationStrength, l2RegularizationStrength, l2ShrinkageRegularizationStrength } = this;
    const notNegative = {
      initialAccumulatorValue,
      l1RegularizationStrength,
      l2RegularizationStrength,
      l2ShrinkageRegularizationStrength,
      "-learningRatePower": -this.learningRatePower,
    };
    for (const [name, value] of Object.entries(notNegative)) {
      if (!(value >= 0))
        throw new ValueError({ where: `optimizer "${this.name}"`, problem: `${name} must be 0 or more`, received: String(value) });
    }
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    const [accumulators, linears]: [Variable[], Variable[]] = [[], []];
    for (const variable of variables) {
      accumulators.push(this.addState("accumulator", variable.shape, variable.dtype, this.initialAccumulatorValue));
      linears.push(this.addSlot(variable, "linear"));
    }
    this.#accumulators = accumulators;
    this.#linears = linears;
  }

  protected override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const position = this.positionOf(variable);
    const [accumulator, linear] = [this.#accumulators[position]!, this.#linears[position]!];
    const value = variable.read();
    const shrunk = add(gradient, multiply(2 * this.l2ShrinkageRegularizationStrength, value));
    const total = add(accumulator.read(), square(gradient));
    const raised = (x: Tensor): Tensor => (this.learningRatePower === -0.5 ? sqrt(x) : power(x, -this.learningRatePower));
    const z = add(
      linear.read(),
      subtract(shrunk, multiply(divide(subtract(raised(total), raised(accumulator.read())), learningRate), value)),
    );
    const l2 = add(this.l2RegularizationStrength, divide(this.beta, multiply(2, learningRate)));
    const quadratic = add(divide(raised(total), learningRate), multiply(2, l2));
    const bounded = clip(z, -this.l1RegularizationStrength, this.l1RegularizationStrength);
    this.assign(variable, divide(subtract(bounded, z), quadratic));
    this.assign(linear, z);
    this.assign(accumulator, total);
  }

  protected override options(): Record<string, unknown> {
    const {
      learningRatePower,
      initialAccumulatorValue,
      l1RegularizationStrength,
      l2RegularizationStrength,
      l2ShrinkageRegularizationStrength,
      beta,
    } = this;
    return {
      learningRatePower,
      initialAccumulatorValue,
      l1RegularizationStrength,
      l2RegularizationStrength,
      l2ShrinkageRegularizationStrength,
      beta,
    };
  }
}
/** Follow the regularized leader. */
export const Ftrl: CallableClass<typeof FtrlOptimizer> = /* @__PURE__ */ callableClass(FtrlOptimizer);
export type Ftrl = FtrlOptimizer;
