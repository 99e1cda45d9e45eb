/** Adagrad. */
import type { Tensor, Variable } from "../graph/index.ts";
import { add, divide, multiply, subtract } from "../ops/numpy/arithmetic.ts";
import { sqrt, square } from "../ops/numpy/elementwise.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Optimizer, type OptimizerOptions } from "./optimizer.ts";

/** Options of Adagrad. */
export interface AdagradOptions extends OptimizerOptions {
  /** What the sums of squares begin with. Default 0.1. */
  initialAccumulatorValue?: number;
  /** Default 1e-7. */
  epsilon?: number;
}

/** `s += g^2`, `w -= rate g / sqrt(s + epsilon)`. Duchi et al. 2011, JMLR 12. Default rate 0.001. */
export class AdagradOptimizer extends Optimizer {
  static override readonly className: string = "Adagrad";
  readonly initialAccumulatorValue: number;
  readonly epsilon: number;
  #accumulators: readonly Variable[] = [];

  constructor(options: AdagradOptions = {}) {
    super("adagrad", 0.001, options, ["initialAccumulatorValue", "epsilon"]);
    this.initialAccumulatorValue = options.initialAccumulatorValue ?? 0.1;
    this.epsilon = options.epsilon ?? 1e-7;
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    this.#accumulators = variables.map(({ shape, dtype }) => this.addState("accumulator", shape, dtype, this.initialAccumulatorValue));
  }

  protected override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const accumulator = this.#accumulators[this.positionOf(variable)]!;
    const total = add(accumulator.read(), square(gradient));
    this.assign(accumulator, total);
    this.assign(variable, subtract(variable.read(), divide(multiply(learningRate, gradient), sqrt(add(total, this.epsilon)))));
  }

  protected override options(): Record<string, unknown> {
    return { initialAccumulatorValue: this.initialAccumulatorValue, epsilon: this.epsilon };
  }
}
/** Gradients divided by the root of the sum of their squares. */
export const Adagrad: CallableClass<typeof AdagradOptimizer> = /* @__PURE__ */ callableClass(AdagradOptimizer);
export type Adagrad = AdagradOptimizer;
