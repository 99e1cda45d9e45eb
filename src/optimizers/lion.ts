/** Lion. */
import { ValueError } from "../errors.ts";
import type { Tensor, Variable } from "../graph/index.ts";
import { add, multiply, subtract } from "../ops/numpy/arithmetic.ts";
import { sign } from "../ops/numpy/elementwise.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { flushed, Optimizer, type OptimizerOptions } from "./optimizer.ts";

/** Options of Lion. */
export interface LionOptions extends OptimizerOptions {
  /** Weight of the mean gradient in a step. In (0, 1], default 0.9. */
  beta1?: number;
  /** How slowly the mean gradient forgets. Default 0.99. */
  beta2?: number;
}

/** `w -= rate sign(beta1 m + (1 - beta1) g)`, `m = beta2 m + (1 - beta2) g`. Chen et al. 2023, arXiv:2302.06675. Default rate 0.001. */
export class LionOptimizer extends Optimizer {
  static override readonly className: string = "Lion";
  readonly beta1: number;
  readonly beta2: number;
  #momentums: readonly Variable[] = [];

  constructor(options: LionOptions = {}) {
    super("lion", 0.001, options, ["beta1", "beta2"]);
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.99;
    if (!(this.beta1 > 0 && this.beta1 <= 1)) {
      throw new ValueError({
        where: `optimizer "${this.name}"`,
        problem: "beta1 must be above 0 and at most 1",
        received: String(this.beta1),
        advice: "use SGD without the mean gradient",
      });
    }
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    this.#momentums = variables.map((variable) => this.addSlot(variable, "momentum"));
  }

  protected override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const slot = this.#momentums[this.positionOf(variable)]!;
    const m = slot.read();
    const direction = sign(add(multiply(m, this.beta1), multiply(gradient, 1 - this.beta1)));
    this.assign(variable, subtract(variable.read(), multiply(learningRate, direction)));
    this.assign(slot, flushed(add(multiply(m, this.beta2), multiply(gradient, 1 - this.beta2))));
  }

  protected override options(): Record<string, unknown> {
    return { beta1: this.beta1, beta2: this.beta2 };
  }
}
/** Steps by the sign of the mean gradient. */
export const Lion: CallableClass<typeof LionOptimizer> = /* @__PURE__ */ callableClass(LionOptimizer);
export type Lion = LionOptimizer;
