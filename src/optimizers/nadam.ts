/** Nadam. */
import type { Shape, Tensor, Variable } from "../graph/index.ts";
import { add, divide, multiply, power, subtract } from "../ops/numpy/arithmetic.ts";
import { cast, sqrt, square } from "../ops/numpy/elementwise.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { flushed, Optimizer, type OptimizerOptions } from "./optimizer.ts";

/** Options of Nadam. */
export interface NadamOptions extends OptimizerOptions {
  /** How slowly the mean gradient forgets. Default 0.9. */
  beta1?: number;
  /** How slowly the mean square forgets. Default 0.999. */
  beta2?: number;
  /** Default 1e-7. */
  epsilon?: number;
}

/** Scalars of one step: what every variable's update shares. */
interface NadamScalars {
  readonly momentumFactor: Tensor;
  readonly gradientFactor: Tensor;
  readonly velocityCorrection: Tensor;
}

/**
 * Adam with Nesterov's momentum. With `u_t = beta1 (1 - 0.96^t / 2)` and `U_t = u_1 ... u_t`:
 * `w -= rate (u_{t+1} m / (1 - U_t u_{t+1}) + (1 - u_t) g / (1 - U_t)) / (sqrt(v / (1 - beta2^t)) + epsilon)`,
 * m and v as in Adam. Dozat 2016, ICLR workshop. Default rate 0.001.
 */
export class NadamOptimizer extends Optimizer {
  static override readonly className: string = "Nadam";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  #product: Variable | null = null;
  #momentums: readonly Variable[] = [];
  #velocities: readonly Variable[] = [];
  #scalars: NadamScalars | null = null;
  /** Where the product of momentums stands among the variables: before the slots, in files of later versions of Keras after them. */
  #productIsLast = false;

  constructor(options: NadamOptions = {}) {
    super("nadam", 0.001, options, ["beta1", "beta2", "epsilon"]);
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.999;
    this.epsilon = options.epsilon ?? 1e-7;
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    // Keras gives this variable no name of its own: it is called by where it is made, for weights of layers within a step.
    const within = variables.some(({ path }) => path.includes("/"));
    this.#product = this.addState("variable", [], "float32", 1, within ? `${this.name}/variable` : "variable");
    const [momentums, velocities]: [Variable[], Variable[]] = [[], []];
    for (const variable of variables) {
      momentums.push(this.addSlot(variable, "momentum"));
      velocities.push(this.addSlot(variable, "velocity"));
    }
    this.#momentums = momentums;
    this.#velocities = velocities;
  }

  override get variables(): readonly Variable[] {
    const all = super.variables;
    if (!this.#productIsLast || this.#product === null) return all;
    return [...all.filter((variable) => variable !== this.#product), this.#product];
  }

  override orderAs(shapes: readonly Shape[]): void {
    const first = super.variables.indexOf(this.#product!);
    if (first < 0 || shapes.length !== super.variables.length) return;
    if ((shapes[first]!.length === 0) !== (shapes.at(-1)!.length === 0)) this.#productIsLast = shapes[first]!.length > 0;
  }

  protected override beginStep(learningRate: Tensor): void {
    const t = cast(add(this.iterations, 1), "float32");
    const factor = (step: Tensor): Tensor => multiply(this.beta1, subtract(1, multiply(0.5, power(0.96, step))));
    const [now, next] = [factor(t), factor(add(t, 1))];
    const product = multiply(this.#product!.read(), now);
    this.assign(this.#product!, product);
    this.#scalars = {
      momentumFactor: multiply(learningRate, divide(next, subtract(1, multiply(product, next)))),
      gradientFactor: multiply(learningRate, divide(subtract(1, now), subtract(1, product))),
      velocityCorrection: subtract(1, power(this.beta2, t)),
    };
  }

  protected override updateStep(gradient: Tensor, variable: Variable, _learningRate: Tensor): void {
    const position = this.positionOf(variable);
    const { momentumFactor, gradientFactor, velocityCorrection } = this.#scalars!;
    const towards = (slot: Variable, value: Tensor, by: number): Tensor => {
      const next = flushed(add(slot.read(), multiply(subtract(value, slot.read()), by)));
      this.assign(slot, next);
      return next;
    };
    const m = towards(this.#momentums[position]!, gradient, 1 - this.beta1);
    const v = towards(this.#velocities[position]!, square(gradient), 1 - this.beta2);
    const step = add(multiply(momentumFactor, m), multiply(gradientFactor, gradient));
    this.assign(variable, subtract(variable.read(), divide(step, add(sqrt(divide(v, velocityCorrection)), this.epsilon))));
  }

  protected override options(): Record<string, unknown> {
    return { beta1: this.beta1, beta2: this.beta2, epsilon: this.epsilon };
  }
}
/** Adam with Nesterov's momentum. */
export const Nadam: CallableClass<typeof NadamOptimizer> = /* @__PURE__ */ callableClass(NadamOptimizer);
export type Nadam = NadamOptimizer;
