/** Adamax. */
import type { Tensor, Variable } from "../graph/index.ts";
import { add, divide, maximum, multiply, power, subtract } from "../ops/numpy/arithmetic.ts";
import { abs, cast } from "../ops/numpy/elementwise.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { flushed, Optimizer, type OptimizerOptions } from "./optimizer.ts";

/** Options of Adamax. */
export interface AdamaxOptions extends OptimizerOptions {
  /** How slowly the mean gradient forgets. Default 0.9. */
  beta1?: number;
  /** How slowly the largest gradient forgets. Default 0.999. */
  beta2?: number;
  /** Default 1e-7. */
  epsilon?: number;
}

/**
 * Adam with the infinity norm: `m += (g - m)(1 - beta1)`, `u = max(beta2 u, |g|)`,
 * `w -= rate / (1 - beta1^t) * m / (u + epsilon)`. Kingma and Ba 2015, arXiv:1412.6980, section 7.1. Default rate 0.001.
 */
export class AdamaxOptimizer extends Optimizer {
  static override readonly className: string = "Adamax";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  #momentums: readonly Variable[] = [];
  #norms: readonly Variable[] = [];
  /** Of the present step: the rate with the correction of bias, a scalar. */
  #alpha: Tensor | null = null;

  constructor(options: AdamaxOptions = {}) {
    super("adamax", 0.001, options, ["beta1", "beta2", "epsilon"]);
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.999;
    this.epsilon = options.epsilon ?? 1e-7;
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    const [momentums, norms]: [Variable[], Variable[]] = [[], []];
    for (const variable of variables) {
      momentums.push(this.addSlot(variable, "momentum"));
      norms.push(this.addSlot(variable, "norm"));
    }
    this.#momentums = momentums;
    this.#norms = norms;
  }

  protected override beginStep(learningRate: Tensor): void {
    const t = cast(add(this.iterations, 1), "float32");
    this.#alpha = divide(learningRate, subtract(1, power(this.beta1, t)));
  }

  protected override updateStep(gradient: Tensor, variable: Variable, _learningRate: Tensor): void {
    const position = this.positionOf(variable);
    const [momentum, norm] = [this.#momentums[position]!, this.#norms[position]!];
    const m = flushed(add(momentum.read(), multiply(subtract(gradient, momentum.read()), 1 - this.beta1)));
    const u = flushed(maximum(multiply(this.beta2, norm.read()), abs(gradient)));
    this.assign(momentum, m);
    this.assign(norm, u);
    this.assign(variable, subtract(variable.read(), divide(multiply(m, this.#alpha!), add(u, this.epsilon))));
  }

  protected override options(): Record<string, unknown> {
    return { beta1: this.beta1, beta2: this.beta2, epsilon: this.epsilon };
  }
}
/** Adam with the infinity norm. */
export const Adamax: CallableClass<typeof AdamaxOptimizer> = /* @__PURE__ */ callableClass(AdamaxOptimizer);
export type Adamax = AdamaxOptimizer;
