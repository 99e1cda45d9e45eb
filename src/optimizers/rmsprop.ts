/** RMSprop. */
import type { Tensor, Variable } from "../graph/index.ts";
import { add, divide, multiply, subtract } from "../ops/numpy/arithmetic.ts";
import { sqrt, square } from "../ops/numpy/elementwise.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { flushed, Optimizer, type OptimizerOptions } from "./optimizer.ts";

/** Options of RMSprop. */
export interface RMSpropOptions extends OptimizerOptions {
  /** How slowly the mean square forgets. Default 0.9. */
  rho?: number;
  /** Default 0. */
  momentum?: number;
  /** Default 1e-7. */
  epsilon?: number;
  /** Whether to divide by an estimate of the variance instead of the mean square. Default false. */
  centered?: boolean;
}

/** `v = rho * v + (1 - rho) * g^2`, `w -= rate * g / sqrt(v + epsilon)`. Hinton, Coursera lecture 6e, 2012. Default rate 0.001. */
export class RMSpropOptimizer extends Optimizer {
  static override readonly className: string = "RMSprop";
  readonly rho: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly centered: boolean;
  #velocities: readonly Variable[] = [];
  #momentums: readonly Variable[] = [];
  #means: readonly Variable[] = [];

  constructor(options: RMSpropOptions = {}) {
    super("rmsprop", 0.001, options, ["rho", "momentum", "epsilon", "centered"]);
    this.rho = options.rho ?? 0.9;
    this.momentum = options.momentum ?? 0;
    this.epsilon = options.epsilon ?? 1e-7;
    this.centered = options.centered ?? false;
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    this.#velocities = variables.map((variable) => this.addSlot(variable, "velocity"));
    if (this.momentum > 0) this.#momentums = variables.map((variable) => this.addSlot(variable, "momentum"));
    if (this.centered) this.#means = variables.map((variable) => this.addSlot(variable, "average_gradient"));
  }

  #average(slot: Variable, value: Tensor): Tensor {
    const next = flushed(add(multiply(this.rho, slot.read()), multiply(1 - this.rho, value)));
    this.assign(slot, next);
    return next;
  }

  protected override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const position = this.positionOf(variable);
    let spread = this.#average(this.#velocities[position]!, square(gradient));
    if (this.centered) spread = subtract(spread, square(this.#average(this.#means[position]!, gradient)));
    let step = divide(multiply(learningRate, gradient), sqrt(add(spread, this.epsilon)));
    if (this.momentum > 0) {
      const slot = this.#momentums[position]!;
      step = flushed(add(multiply(this.momentum, slot.read()), step));
      this.assign(slot, step);
    }
    this.assign(variable, subtract(variable.read(), step));
  }

  protected override options(): Record<string, unknown> {
    return { rho: this.rho, momentum: this.momentum, epsilon: this.epsilon, centered: this.centered };
  }
}
/** RMSprop. */
export const RMSprop: CallableClass<typeof RMSpropOptimizer> = /* @__PURE__ */ callableClass(RMSpropOptimizer);
export type RMSprop = RMSpropOptimizer;
