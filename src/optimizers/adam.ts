/** Adam, and AdamW: the same with weight decay by default. */
import type { Tensor, Variable } from "../graph/index.ts";
import { add, divide, maximum, multiply, power, subtract } from "../ops/numpy/arithmetic.ts";
import { cast, sqrt, square } from "../ops/numpy/elementwise.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { flushed, Optimizer, type OptimizerOptions } from "./optimizer.ts";

/** Options of Adam. */
export interface AdamOptions extends OptimizerOptions {
  /** How slowly the mean gradient forgets. Default 0.9. */
  beta1?: number;
  /** How slowly the mean square forgets. Default 0.999. */
  beta2?: number;
  /** Default 1e-7. */
  epsilon?: number;
  /** Whether the mean square never falls. Reddi et al. 2018, arXiv:1904.09237. Default false. */
  amsgrad?: boolean;
}

/**
 * `m += (g - m)(1 - beta1)`, `v += (g^2 - v)(1 - beta2)`,
 * `w -= rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)`,
 * t the number of calls of `apply`, as Keras 3.4 counts.
 * Kingma and Ba 2015, arXiv:1412.6980, before section 2.1. Default rate 0.001.
 *
 * Values of m and v below 1e-30 become 0: what a unit without gradient leaves would decay into subnormal numbers, on
 * which arithmetic is many times slower. It changes an update by less than 1e-30 * rate / epsilon.
 */
export class AdamOptimizer extends Optimizer {
  static override readonly className: string = "Adam";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly amsgrad: boolean;
  #momentums: readonly Variable[] = [];
  #velocities: readonly Variable[] = [];
  #largest: readonly Variable[] = [];
  /** Of the present step: the rate with both corrections of bias, a scalar. */
  #alpha: Tensor | null = null;

  constructor(options: AdamOptions = {}, defaultName = "adam") {
    super(defaultName, 0.001, options, ["beta1", "beta2", "epsilon", "amsgrad"]);
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.999;
    this.epsilon = options.epsilon ?? 1e-7;
    this.amsgrad = options.amsgrad ?? false;
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
    if (this.amsgrad) this.#largest = variables.map((variable) => this.addSlot(variable, "velocity_hat"));
  }

  protected override beginStep(learningRate: Tensor): void {
    const t = cast(add(this.iterations, 1), "float32");
    const correction = divide(sqrt(subtract(1, power(this.beta2, t))), subtract(1, power(this.beta1, t)));
    this.#alpha = multiply(learningRate, correction);
  }

  protected override updateStep(gradient: Tensor, variable: Variable, _learningRate: Tensor): void {
    const position = this.positionOf(variable);
    const towards = (slot: Variable, value: Tensor, by: number): Tensor => {
      const old = slot.read();
      const next = flushed(add(old, multiply(subtract(value, old), by)));
      this.assign(slot, next);
      return next;
    };
    const m = towards(this.#momentums[position]!, gradient, 1 - this.beta1);
    let v = towards(this.#velocities[position]!, square(gradient), 1 - this.beta2);
    if (this.amsgrad) {
      const slot = this.#largest[position]!;
      v = maximum(slot.read(), v);
      this.assign(slot, v);
    }
    this.assign(variable, subtract(variable.read(), divide(multiply(m, this.#alpha!), add(sqrt(v), this.epsilon))));
  }

  protected override options(): Record<string, unknown> {
    return { beta1: this.beta1, beta2: this.beta2, epsilon: this.epsilon, amsgrad: this.amsgrad };
  }
}
/** Adam. */
export const Adam: CallableClass<typeof AdamOptimizer> = /* @__PURE__ */ callableClass(AdamOptimizer);
export type Adam = AdamOptimizer;

/** Adam with weight decay (default 0.004) that the moments do not see. Loshchilov and Hutter 2019, arXiv:1711.05101. */
export class AdamWOptimizer extends AdamOptimizer {
  static override readonly className: string = "AdamW";
  constructor(options: AdamOptions = {}) {
    super({ ...options, weightDecay: options.weightDecay === undefined ? 0.004 : options.weightDecay }, "adamw");
  }
}
/** Adam with weight decay. */
export const AdamW: CallableClass<typeof AdamWOptimizer> = /* @__PURE__ */ callableClass(AdamWOptimizer);
export type AdamW = AdamWOptimizer;
