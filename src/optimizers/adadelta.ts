/** Adadelta. */
import type { Tensor, Variable } from "../graph/index.ts";
import { add, divide, multiply, subtract } from "../ops/numpy/arithmetic.ts";
import { sqrt, square } from "../ops/numpy/elementwise.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { flushed, Optimizer, type OptimizerOptions } from "./optimizer.ts";

/** Options of Adadelta. */
export interface AdadeltaOptions extends OptimizerOptions {
  /** How slowly the mean squares forget. Default 0.95. */
  rho?: number;
  /** Default 1e-7. */
  epsilon?: number;
}

/**
 * `s = rho s + (1 - rho) g^2`, `d = g sqrt(a + epsilon) / sqrt(s + epsilon)`, `a = rho a + (1 - rho) d^2`, `w -= rate d`.
 * Zeiler 2012, arXiv:1212.5701. Default rate 0.001.
 */
export class AdadeltaOptimizer extends Optimizer {
  static override readonly className: string = "Adadelta";
  readonly rho: number;
  readonly epsilon: number;
  #gradients: readonly Variable[] = [];
  #deltas: readonly Variable[] = [];

  constructor(options: AdadeltaOptions = {}) {
    super("adadelta", 0.001, options, ["rho", "epsilon"]);
    this.rho = options.rho ?? 0.95;
    this.epsilon = options.epsilon ?? 1e-7;
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    const [squares, deltas]: [Variable[], Variable[]] = [[], []];
    for (const variable of variables) {
      squares.push(this.addSlot(variable, "accumulated_grad"));
      deltas.push(this.addSlot(variable, "accumulated_delta_var"));
    }
    this.#gradients = squares;
    this.#deltas = deltas;
  }

  #average(slot: Variable, value: Tensor): Tensor {
    const next = flushed(add(multiply(this.rho, slot.read()), multiply(1 - this.rho, square(value))));
    this.assign(slot, next);
    return next;
  }

  protected override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const position = this.positionOf(variable);
    const deltas = this.#deltas[position]!;
    const before = deltas.read();
    const root = (x: Tensor): Tensor => sqrt(add(x, this.epsilon));
    const delta = divide(multiply(root(before), gradient), root(this.#average(this.#gradients[position]!, gradient)));
    this.#average(deltas, delta);
    this.assign(variable, subtract(variable.read(), multiply(learningRate, delta)));
  }

  protected override options(): Record<string, unknown> {
    return { rho: this.rho, epsilon: this.epsilon };
  }
}
/** Steps in the units of the weights. */
export const Adadelta: CallableClass<typeof AdadeltaOptimizer> = /* @__PURE__ */ callableClass(AdadeltaOptimizer);
export type Adadelta = AdadeltaOptimizer;
