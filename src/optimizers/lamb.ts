/** Lamb. */
import type { Tensor, Variable } from "../graph/index.ts";
import { add, divide, greater, logicalAnd, multiply, power, subtract, where } from "../ops/numpy/arithmetic.ts";
import { cast, sqrt, square } from "../ops/numpy/elementwise.ts";
import { sum } from "../ops/numpy/reduce.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { flushed, Optimizer, type OptimizerOptions } from "./optimizer.ts";

/** Options of Lamb. */
export interface LambOptions extends OptimizerOptions {
  /** How slowly the mean gradient forgets. Default 0.9. */
  beta1?: number;
  /** How slowly the mean square forgets. Default 0.999. */
  beta2?: number;
  /** Default 1e-7. */
  epsilon?: number;
}

/**
 * Adam whose step has, for each variable, the length of the variable: with
 * `d = (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)`, `w -= rate d |w| / |d|` (`rate d` where either norm is 0).
 * You et al. 2020, arXiv:1904.00962, algorithm 2. Default rate 0.001.
 */
export class LambOptimizer extends Optimizer {
  static override readonly className: string = "Lamb";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  #momentums: readonly Variable[] = [];
  #velocities: readonly Variable[] = [];
  #corrections: readonly [Tensor, Tensor] | null = null;

  constructor(options: LambOptions = {}) {
    super("lamb", 0.001, options, ["beta1", "beta2", "epsilon"]);
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.999;
    this.epsilon = options.epsilon ?? 1e-7;
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    const [momentums, velocities]: [Variable[], Variable[]] = [[], []];
    for (const variable of variables) {
      momentums.push(this.addSlot(variable, "momentum"));
      velocities.push(this.addSlot(variable, "velocity"));
    }
    this.#momentums = momentums;
    this.#velocities = velocities;
  }

  protected override beginStep(_learningRate: Tensor): void {
    const t = cast(add(this.iterations, 1), "float32");
    this.#corrections = [subtract(1, power(this.beta1, t)), subtract(1, power(this.beta2, t))];
  }

  protected override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const position = this.positionOf(variable);
    const [first, second] = this.#corrections!;
    const towards = (slot: Variable, value: Tensor, by: number): Tensor => {
      const next = flushed(add(slot.read(), multiply(subtract(value, slot.read()), by)));
      this.assign(slot, next);
      return next;
    };
    const m = towards(this.#momentums[position]!, gradient, 1 - this.beta1);
    const v = towards(this.#velocities[position]!, square(gradient), 1 - this.beta2);
    const value = variable.read();
    const step = divide(divide(m, first), add(sqrt(divide(v, second)), this.epsilon));
    const [length, stepLength] = [sqrt(sum(square(value))), sqrt(sum(square(step)))];
    const known = logicalAnd(greater(length, 0), greater(stepLength, 0));
    const ratio = where(known, divide(length, where(known, stepLength, 1)), 1);
    this.assign(variable, subtract(value, multiply(multiply(ratio, learningRate), step)));
  }

  protected override options(): Record<string, unknown> {
    return { beta1: this.beta1, beta2: this.beta2, epsilon: this.epsilon };
  }
}
/** Adam with steps as long as the weights. */
export const Lamb: CallableClass<typeof LambOptimizer> = /* @__PURE__ */ callableClass(LambOptimizer);
export type Lamb = LambOptimizer;
