/** Batch renormalisation: batch normalisation whose training does not depend on what else is in the batch. */
import { assignRounded } from "./assign-rounded.ts";
import { ValueError } from "../errors.ts";
import { type ConcreteShape, isPlainObject, type Tensor, type Variable } from "../graph/index.ts";
import { Initializer, type InitializerDType } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import { checkOptions } from "../serialization/index.ts";
import type { WeightOptions } from "./weight-options.ts";
import { describe } from "./layer-options.ts";

/** Bounds of the correction: the ratio of deviations stays in [rmin, rmax], the shift in [-dmax, dmax]. Default: none. */
export interface RenormClipping {
  readonly rmax?: number | null;
  readonly rmin?: number | null;
  readonly dmax?: number | null;
}

/** Throws ValueError or UnknownNameError for clipping that makes no sense. */
export function checkRenormClipping(where: string, clipping: unknown): void {
  if (clipping === null) return;
  const fail = (problem: string): ValueError =>
    new ValueError({ where, problem, expected: "for example { rmin: 1 / 3, rmax: 3, dmax: 5 }", received: describe(clipping) });
  if (!isPlainObject(clipping)) throw fail("renormClipping is an object of numbers");
  checkOptions(where, clipping, ["rmax", "rmin", "dmax"]);
  const { rmax, rmin, dmax } = clipping as RenormClipping;
  for (const bound of [rmax, rmin, dmax]) {
    if (bound !== undefined && bound !== null && typeof bound !== "number") throw fail("renormClipping is an object of numbers");
  }
  if (typeof rmax === "number" && typeof rmin === "number" && rmax < rmin) throw fail("rmax is less than rmin");
  if (typeof dmax === "number" && dmax < 0) throw fail("dmax is negative");
}

/** What another initializer makes, under the root: deviations from variances. */
class RootInitializer extends Initializer {
  static override readonly className: string = "Root";
  readonly #inner: Initializer;

  constructor(inner: Initializer) {
    super();
    this.#inner = inner;
  }

  override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    return ops.sqrt(this.#inner(shape, dtype));
  }

  protected override options(): Record<string, unknown> {
    return {};
  }
}

/** What the correction depends on. */
export interface RenormOptions {
  readonly epsilon: number;
  readonly clipping: RenormClipping | null;
  /** Share of the old statistics of training that a step keeps. */
  readonly renormMomentum: number;
  /** Share of the old statistics of inference that a step keeps. */
  readonly momentum: number;
}

/**
 * The statistics of batch renormalisation. In training `y = gamma ((x - mean) / deviation r + d) + beta` with the batch's
 * mean and deviation, `r = deviation / renorm_stddev` and `d = (mean - renorm_mean) / renorm_stddev`, both clipped and
 * without a gradient. Ioffe, "Batch Renormalization", 2017, algorithm 1.
 */
export class BatchRenormalization {
  readonly #movingStddev: Variable;
  readonly #renormMean: Variable;
  readonly #renormStddev: Variable;

  constructor(addWeight: (options: WeightOptions) => Variable, shape: readonly number[], mean: Initializer, variance: Initializer) {
    const root = new RootInitializer(variance);
    this.#movingStddev = addWeight({ name: "moving_stddev", shape, initializer: root, trainable: false });
    this.#renormMean = addWeight({ name: "renorm_mean", shape, initializer: mean, trainable: false });
    this.#renormStddev = addWeight({ name: "renorm_stddev", shape, initializer: root, trainable: false });
  }

  /** Scale and offset of the batch's normalised values: `[r gamma, d gamma + beta]`. */
  correct(
    batch: { readonly mean: Tensor; readonly variance: Tensor },
    gamma: Variable | null,
    beta: Variable | null,
    { epsilon, clipping }: RenormOptions,
  ): { scale: Tensor; offset: Tensor } {
    const deviation = ops.maximum(this.#renormStddev, Math.sqrt(epsilon));
    let r = ops.divide(ops.sqrt(ops.add(batch.variance, epsilon)), deviation);
    let d = ops.divide(ops.subtract(batch.mean, this.#renormMean), deviation);
    const { rmin = null, rmax = null, dmax = null } = clipping ?? {};
    if (rmin !== null) r = ops.maximum(r, rmin);
    if (rmax !== null) r = ops.minimum(r, rmax);
    if (dmax !== null) d = ops.clip(d, -dmax, dmax);
    [r, d] = [ops.stopGradient(r), ops.stopGradient(d)];
    const scale = gamma === null ? r : ops.multiply(r, gamma);
    const shift = gamma === null ? d : ops.multiply(d, gamma);
    return { scale, offset: beta === null ? shift : ops.add(shift, beta) };
  }

  /** Moves all statistics towards the batch's. */
  update(
    batch: { readonly mean: Tensor; readonly variance: Tensor },
    movingMean: Variable,
    movingVariance: Variable,
    { epsilon, momentum, renormMomentum }: RenormOptions,
  ): void {
    const deviation = ops.sqrt(ops.add(batch.variance, epsilon));
    const follow = (variable: Variable, value: Tensor, kept: number): Tensor =>
      ops.add(ops.multiply(variable.read(), kept), ops.multiply(value, 1 - kept));
    assignRounded(this.#renormMean, follow(this.#renormMean, batch.mean, renormMomentum));
    assignRounded(this.#renormStddev, follow(this.#renormStddev, deviation, renormMomentum));
    assignRounded(movingMean, follow(movingMean, batch.mean, momentum));
    const stddev = follow(this.#movingStddev, deviation, momentum);
    assignRounded(this.#movingStddev, stddev);
    assignRounded(movingVariance, ops.relu(ops.subtract(ops.square(stddev), epsilon)));
  }
}
