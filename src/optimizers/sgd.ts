/** Stochastic gradient descent. */
import { ValueError } from "../errors.ts";
import type { Tensor, Variable } from "../graph/index.ts";
import { add, multiply, subtract } from "../ops/numpy/arithmetic.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { flushed, Optimizer, type OptimizerOptions } from "./optimizer.ts";

/** Options of SGD. */
export interface SGDOptions extends OptimizerOptions {
  /** From 0 (default) to 1. */
  momentum?: number;
  /** Nesterov's momentum. Default false. */
  nesterov?: boolean;
}

/**
 * `w -= rate * g`; with momentum `m = momentum * m - rate * g`, `w += m` (Nesterov: `w += momentum * m - rate * g`).
 * Sutskever et al. 2013, ICML. Default rate 0.01.
 */
export class SGDOptimizer extends Optimizer {
  static override readonly className: string = "SGD";
  readonly momentum: number;
  readonly nesterov: boolean;
  #momentums: readonly Variable[] = [];

  constructor(options: SGDOptions = {}) {
    super("SGD", 0.01, options, ["momentum", "nesterov"]);
    this.momentum = options.momentum ?? 0;
    this.nesterov = options.nesterov ?? false;
    if (!(this.momentum >= 0 && this.momentum <= 1)) {
      throw new ValueError({
        where: `optimizer "${this.name}"`,
        problem: "the momentum must be from 0 to 1",
        received: String(this.momentum),
      });
    }
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    if (this.momentum !== 0) this.#momentums = variables.map((variable) => this.addSlot(variable, "momentum"));
  }

  protected override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const step = multiply(gradient, learningRate);
    if (this.momentum === 0) {
      this.assign(variable, subtract(variable.read(), step));
      return;
    }
    const slot = this.#momentums[this.positionOf(variable)]!;
    const m = flushed(subtract(multiply(slot.read(), this.momentum), step));
    this.assign(slot, m);
    this.assign(variable, add(variable.read(), this.nesterov ? subtract(multiply(m, this.momentum), step) : m));
  }

  protected override options(): Record<string, unknown> {
    return { momentum: this.momentum, nesterov: this.nesterov };
  }
}
/** Stochastic gradient descent. */
export const SGD: CallableClass<typeof SGDOptimizer> = /* @__PURE__ */ callableClass(SGDOptimizer);
export type SGD = SGDOptimizer;
