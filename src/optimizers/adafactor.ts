/** Adafactor. */
import type { Tensor, Variable } from "../graph/index.ts";
import { add, divide, maximum, minimum, multiply, power, subtract } from "../ops/numpy/arithmetic.ts";
import { cast, sqrt, square } from "../ops/numpy/elementwise.ts";
import { mean } from "../ops/numpy/reduce.ts";
import { expandDims } from "../ops/numpy/shaping.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Optimizer, type OptimizerOptions } from "./optimizer.ts";

/** Options of Adafactor. */
export interface AdafactorOptions extends OptimizerOptions {
  /** How fast the mean squares learn to forget: they keep `1 - t^beta2Decay`. Default -0.8. */
  beta2Decay?: number;
  /** Added to squares. Default 1e-30. */
  epsilon1?: number;
  /** Least size of a variable that steps are measured by. Default 0.001. */
  epsilon2?: number;
  /** Root mean square to which a step is cut. Default 1. */
  clipThreshold?: number;
  /** Whether the rate is at most `1 / sqrt(t)`. Default true. */
  relativeStep?: boolean;
}

/** Root mean square. */
function rms(x: Tensor): Tensor {
  return sqrt(mean(square(x)));
}

/**
 * Adaptive steps with the mean squares of a matrix kept as those of its rows and columns: `v = r c / mean(r)`,
 * `u = g / sqrt(v)`, `w -= max(epsilon2, rms(w)) min(rate, 1 / sqrt(t)) u / max(1, rms(u) / clipThreshold)`.
 * Shazeer and Stern 2018, arXiv:1804.04235, algorithm 4. Default rate 0.001.
 */
export class AdafactorOptimizer extends Optimizer {
  static override readonly className: string = "Adafactor";
  readonly beta2Decay: number;
  readonly epsilon1: number;
  readonly epsilon2: number;
  readonly clipThreshold: number;
  readonly relativeStep: boolean;
  #rows: readonly Variable[] = [];
  #columns: readonly Variable[] = [];
  #velocities: readonly Variable[] = [];
  #kept: Tensor | null = null;
  #rate: Tensor | null = null;

  constructor(options: AdafactorOptions = {}) {
    super("adafactor", 0.001, options, ["beta2Decay", "epsilon1", "epsilon2", "clipThreshold", "relativeStep"]);
    this.beta2Decay = options.beta2Decay ?? -0.8;
    this.epsilon1 = options.epsilon1 ?? 1e-30;
    this.epsilon2 = options.epsilon2 ?? 1e-3;
    this.clipThreshold = options.clipThreshold ?? 1;
    this.relativeStep = options.relativeStep ?? true;
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    const [rows, columns, velocities]: [Variable[], Variable[], Variable[]] = [[], [], []];
    for (const variable of variables) {
      const { shape, dtype, name } = variable;
      // Vectors have no rows: Keras keeps a scalar in the place of each.
      const [rowShape, columnShape] = shape.length < 2 ? [[], []] : [shape.slice(0, -1), [...shape.slice(0, -2), shape.at(-1)!]];
      rows.push(this.addState(name, rowShape, dtype));
      columns.push(this.addState(name, columnShape, dtype));
      velocities.push(this.addSlot(variable, "velocity"));
    }
    this.#rows = rows;
    this.#columns = columns;
    this.#velocities = velocities;
  }

  protected override beginStep(learningRate: Tensor): void {
    const t = cast(add(this.iterations, 1), "float32");
    const most = divide(1, sqrt(t));
    const relative = this.relativeStep && this.learningRateSchedule === null;
    this.#rate = minimum(relative ? minimum(learningRate, most) : learningRate, most);
    this.#kept = subtract(1, power(t, this.beta2Decay));
  }

  protected override updateStep(gradient: Tensor, variable: Variable, _learningRate: Tensor): void {
    const position = this.positionOf(variable);
    const kept = this.#kept!;
    const squares = add(square(gradient), this.epsilon1);
    const average = (slot: Variable, value: Tensor): Tensor => {
      const next = add(multiply(kept, slot.read()), multiply(subtract(1, kept), value));
      this.assign(slot, next);
      return next;
    };
    const velocity = this.#velocities[position]!;
    let v: Tensor;
    if (variable.rank < 2) v = average(velocity, squares);
    else {
      const r = average(this.#rows[position]!, mean(squares, -1));
      const c = average(this.#columns[position]!, mean(squares, -2));
      v = multiply(expandDims(divide(r, mean(r, -1, true)), -1), expandDims(c, -2));
      this.assign(velocity, v);
    }
    const value = variable.read();
    const step = divide(gradient, sqrt(v));
    const cut = divide(step, maximum(1, divide(rms(step), this.clipThreshold)));
    this.assign(variable, subtract(value, multiply(multiply(maximum(this.epsilon2, rms(value)), this.#rate!), cut)));
  }

  protected override options(): Record<string, unknown> {
    const { beta2Decay, epsilon1, epsilon2, clipThreshold, relativeStep } = this;
    return { beta2Decay, epsilon1, epsilon2, clipThreshold, relativeStep };
  }
}
/** Adaptive steps with factored mean squares. */
export const Adafactor: CallableClass<typeof AdafactorOptimizer> = /* @__PURE__ */ callableClass(AdafactorOptimizer);
export type Adafactor = AdafactorOptimizer;
