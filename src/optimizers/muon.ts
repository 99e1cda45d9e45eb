/** Muon. */
import { ValueError } from "../errors.ts";
import type { Tensor, Variable } from "../graph/index.ts";
import { add, divide, multiply, power, subtract } from "../ops/numpy/arithmetic.ts";
import { cast, sqrt, square } from "../ops/numpy/elementwise.ts";
import { matmul } from "../ops/numpy/matmul.ts";
import { sum } from "../ops/numpy/reduce.ts";
import { transpose } from "../ops/numpy/shaping.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { flushed, Optimizer, type OptimizerOptions } from "./optimizer.ts";

/** Options of Muon. */
export interface MuonOptions extends OptimizerOptions {
  /** Of the variables that Adam serves. Default 0.9. */
  adamBeta1?: number;
  /** Default 0.999. */
  adamBeta2?: number;
  /** Weight decay of the variables that Adam serves. Default 0.004. */
  adamWeightDecay?: number | null;
  /** Default 1e-7. */
  epsilon?: number;
  /** Regular expressions: variables whose path matches one are served by Adam. The output layer belongs here. */
  excludeLayers?: readonly string[] | null;
  /** Whether variables with "embedding" in their path are served by Adam. Default true. */
  excludeEmbeddings?: boolean;
  /** Coefficients of the Newton-Schulz iteration: `x = a x + (b A + c A^2) x`, A = x x^T. */
  muonA?: number;
  muonB?: number;
  muonC?: number;
  /** Adam's learning rate as a multiple of Muon's. Default 1. */
  adamLrRatio?: number;
  /** Default 0.95. */
  momentum?: number;
  /** Iterations. Default 5. */
  nsSteps?: number;
  /** Nesterov's momentum. Default true. */
  nesterov?: boolean;
  /** Root mean square of a step per unit of rate; null: steps are orthogonal matrices. Default 0.2. */
  rmsRate?: number | null;
}

/**
 * Momentum made orthogonal: for matrices, `m = momentum m + g`, `w -= rate rmsRate sqrt(max(rows, columns)) O(g + momentum m)`
 * with O the nearest orthogonal matrix by Newton and Schulz's iteration; everything else is served by AdamW.
 * Jordan et al. 2024 (github.com/KellerJordan/Muon); Liu et al. 2025, arXiv:2502.16982. Default rate 0.001.
 */
export class MuonOptimizer extends Optimizer {
  static override readonly className: string = "Muon";
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly adamWeightDecay: number | null;
  readonly epsilon: number;
  readonly excludeLayers: readonly string[];
  readonly excludeEmbeddings: boolean;
  readonly muonA: number;
  readonly muonB: number;
  readonly muonC: number;
  readonly adamLrRatio: number;
  readonly momentum: number;
  readonly nsSteps: number;
  readonly nesterov: boolean;
  readonly rmsRate: number | null;
  readonly #excluded: readonly RegExp[];
  #momentums: readonly Variable[] = [];
  #velocities: readonly (Variable | null)[] = [];
  #alpha: Tensor | null = null;

  constructor(options: MuonOptions = {}) {
    super("muon", 0.001, { ...options, weightDecay: options.weightDecay === undefined ? 0.004 : options.weightDecay }, [
      "adamBeta1",
      "adamBeta2",
      "adamWeightDecay",
      "epsilon",
      "excludeLayers",
      "excludeEmbeddings",
      "muonA",
      "muonB",
      "muonC",
      "adamLrRatio",
      "momentum",
      "nsSteps",
      "nesterov",
      "rmsRate",
    ]);
    this.adamBeta1 = options.adamBeta1 ?? 0.9;
    this.adamBeta2 = options.adamBeta2 ?? 0.999;
    this.adamWeightDecay = options.adamWeightDecay === undefined ? 0.004 : options.adamWeightDecay;
    this.epsilon = options.epsilon ?? 1e-7;
    this.excludeLayers = options.excludeLayers ?? [];
    this.excludeEmbeddings = options.excludeEmbeddings ?? true;
    this.muonA = options.muonA ?? 3.4445;
    this.muonB = options.muonB ?? -4.775;
    this.muonC = options.muonC ?? 2.0315;
    this.adamLrRatio = options.adamLrRatio ?? 1;
    this.momentum = options.momentum ?? 0.95;
    this.nsSteps = options.nsSteps ?? 5;
    this.nesterov = options.nesterov ?? true;
    this.rmsRate = options.rmsRate === undefined ? 0.2 : options.rmsRate;
    this.#excluded = this.excludeLayers.map((pattern) => new RegExp(pattern));
    if (!(Number.isInteger(this.nsSteps) && this.nsSteps >= 0)) {
      throw new ValueError({
        where: `optimizer "${this.name}"`,
        problem: "nsSteps must be a whole number, 0 or more",
        received: String(this.nsSteps),
      });
    }
  }

  /** Whether a variable is served by AdamW. */
  usesAdam(variable: Variable): boolean {
    if (variable.rank !== 2) return true;
    if (this.excludeEmbeddings && variable.path.toLowerCase().includes("embedding")) return true;
    return this.#excluded.some((pattern) => pattern.test(variable.path));
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    const [momentums, velocities]: [Variable[], (Variable | null)[]] = [[], []];
    for (const variable of variables) {
      momentums.push(this.addSlot(variable, "momentum"));
      velocities.push(this.usesAdam(variable) ? this.addSlot(variable, "velocity") : null);
    }
    this.#momentums = momentums;
    this.#velocities = velocities;
  }

  protected override weightDecayOf(variable: Variable): number | null {
    return this.usesAdam(variable) ? this.adamWeightDecay : this.weightDecay;
  }

  protected override beginStep(learningRate: Tensor): void {
    const t = cast(add(this.iterations, 1), "float32");
    const correction = divide(sqrt(subtract(1, power(this.adamBeta2, t))), subtract(1, power(this.adamBeta1, t)));
    this.#alpha = multiply(multiply(learningRate, this.adamLrRatio), correction);
  }

  protected override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const position = this.positionOf(variable);
    const [momentum, velocity] = [this.#momentums[position]!, this.#velocities[position] ?? null];
    const value = variable.read();
    if (velocity === null) {
      const m = flushed(add(gradient, multiply(momentum.read(), this.momentum)));
      this.assign(momentum, m);
      const step = this.#orthogonal(this.nesterov ? add(gradient, multiply(this.momentum, m)) : m);
      const size = this.rmsRate === null ? 1 : Math.sqrt(Math.max(...variable.shape)) * this.rmsRate;
      this.assign(variable, subtract(value, multiply(multiply(learningRate, size), step)));
      return;
    }
    const towards = (slot: Variable, next: Tensor, by: number): Tensor => {
      const moved = flushed(add(slot.read(), multiply(subtract(next, slot.read()), by)));
      this.assign(slot, moved);
      return moved;
    };
    const m = towards(momentum, gradient, 1 - this.adamBeta1);
    const v = towards(velocity, square(gradient), 1 - this.adamBeta2);
    this.assign(variable, subtract(value, divide(multiply(m, this.#alpha!), add(sqrt(v), this.epsilon))));
  }

  #orthogonal(given: Tensor): Tensor {
    const tall = given.dim(0) > given.dim(1);
    let x = tall ? transpose(given) : given;
    x = divide(x, add(sqrt(sum(square(x))), 1e-7));
    for (let i = 0; i < this.nsSteps; i++) {
      const a = matmul(x, transpose(x));
      const b = add(multiply(this.muonB, a), multiply(this.muonC, matmul(a, a)));
      x = add(multiply(this.muonA, x), matmul(b, x));
    }
    return tall ? transpose(x) : x;
  }

  protected override options(): Record<string, unknown> {
    const { adamBeta1, adamBeta2, epsilon, excludeLayers, muonA, muonB, muonC, adamLrRatio, momentum, nsSteps, nesterov } = this;
    const { excludeEmbeddings, adamWeightDecay, rmsRate } = this;
    return {
      adamBeta1,
      adamBeta2,
      epsilon,
      excludeLayers,
      muonA,
      muonB,
      muonC,
      adamLrRatio,
      momentum,
      nsSteps,
      nesterov,
      excludeEmbeddings,
      adamWeightDecay,
      rmsRate,
    };
  }
}
/** Momentum made orthogonal. */
export const Muon: CallableClass<typeof MuonOptimizer> = /* @__PURE__ */ callableClass(MuonOptimizer);
export type Muon = MuonOptimizer;
