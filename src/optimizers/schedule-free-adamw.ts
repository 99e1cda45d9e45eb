/** AdamW without a schedule. */
import type { Tensor, Variable } from "../graph/index.ts";
import { add, divide, equal, minimum, multiply, power, subtract, where } from "../ops/numpy/arithmetic.ts";
import { cast, sqrt, square } from "../ops/numpy/elementwise.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { flushed, Optimizer, type OptimizerOptions } from "./optimizer.ts";

/** Options of ScheduleFreeAdamW. */
export interface ScheduleFreeAdamWOptions extends OptimizerOptions {
  /** How far the variables stand from the steps towards their average. Default 0.9. */
  beta1?: number;
  /** How slowly the mean square forgets. Default 0.999. */
  beta2?: number;
  /** Default 1e-8. */
  epsilon?: number;
  /** Steps over which the rate rises. Default 0. */
  warmupSteps?: number;
}

/**
 * Steps z and their average x: `z -= rate g / (sqrt(v / (1 - beta2^t)) + epsilon)`, `x += (z - x) / t`, and the variable
 * is `(1 - beta1) z + beta1 x`. Defazio et al. 2024, arXiv:2405.15682. Default rate 0.0025.
 */
export class ScheduleFreeAdamWOptimizer extends Optimizer {
  static override readonly className: string = "ScheduleFreeAdamW";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly warmupSteps: number;
  #steps: readonly Variable[] = [];
  #velocities: readonly Variable[] = [];

  constructor(options: ScheduleFreeAdamWOptions = {}) {
    super("schedule_free_adamw", 0.0025, options, ["beta1", "beta2", "epsilon", "warmupSteps"]);
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.999;
    this.epsilon = options.epsilon ?? 1e-8;
    this.warmupSteps = options.warmupSteps ?? 0;
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    const [steps, velocities]: [Variable[], Variable[]] = [[], []];
    for (const variable of variables) {
      steps.push(this.addSlot(variable, "momentum"));
      velocities.push(this.addSlot(variable, "velocity"));
    }
    this.#steps = steps;
    this.#velocities = velocities;
  }

  protected override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const position = this.positionOf(variable);
    const [slot, velocity] = [this.#steps[position]!, this.#velocities[position]!];
    const t = cast(add(this.iterations, 1), "float32");
    const rate = this.warmupSteps > 0 ? multiply(learningRate, minimum(divide(t, this.warmupSteps), 1)) : learningRate;
    const v = flushed(add(velocity.read(), multiply(subtract(square(gradient), velocity.read()), 1 - this.beta2)));
    const y = variable.read();
    // The steps begin at the variable itself.
    const z = where(equal(t, 1), y, slot.read());
    const denominator = add(sqrt(divide(v, subtract(1, power(this.beta2, t)))), this.epsilon);
    const next = subtract(z, divide(multiply(rate, gradient), denominator));
    const average = divide(subtract(y, multiply(1 - this.beta1, z)), this.beta1);
    const weight = divide(1, t);
    const moved = add(multiply(subtract(1, weight), average), multiply(weight, next));
    this.assign(velocity, v);
    this.assign(slot, next);
    this.assign(variable, add(multiply(1 - this.beta1, next), multiply(this.beta1, moved)));
  }

  protected override options(): Record<string, unknown> {
    return { beta1: this.beta1, beta2: this.beta2, epsilon: this.epsilon, warmupSteps: this.warmupSteps };
  }
}
/** AdamW without a schedule. */
export const ScheduleFreeAdamW: CallableClass<typeof ScheduleFreeAdamWOptimizer> =
  /* @__PURE__ */ callableClass(ScheduleFreeAdamWOptimizer);
export type ScheduleFreeAdamW = ScheduleFreeAdamWOptimizer;
