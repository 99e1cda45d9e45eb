/** Batch normalisation. */
import { assignRounded } from "./assign-rounded.ts";
import type { Constraint } from "../constraints/index.ts";
import { ShapeError } from "../errors.ts";
import { formatShape, normalizeAxis, type Shape, type Tensor, type Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { BatchRenormalization, checkRenormClipping, type RenormClipping } from "./batch-renormalization.ts";
import { knownExtent } from "./known-extent.ts";
import { type CallOptions, Layer } from "./layer.ts";
import { type ConstraintIdentifier, type InitializerIdentifier, type LayerOptions, type RegularizerIdentifier } from "./layer-options.ts";
import { integer, nonNegative, probability } from "./option-checks.ts";

/** Options of BatchNormalization. */
export interface BatchNormalizationOptions extends LayerOptions {
  /** Axis of the channels, which keep statistics of their own. Default -1. */
  readonly axis?: number;
  /** Share of the old moving statistics that a step keeps. Default 0.99. */
  readonly momentum?: number;
  /** Added to the variance. Default 0.001. */
  readonly epsilon?: number;
  /** Whether to add beta. Default true. */
  readonly center?: boolean;
  /** Whether to multiply by gamma. Default true. */
  readonly scale?: boolean;
  readonly betaInitializer?: InitializerIdentifier;
  readonly gammaInitializer?: InitializerIdentifier;
  readonly movingMeanInitializer?: InitializerIdentifier;
  readonly movingVarianceInitializer?: InitializerIdentifier;
  readonly betaRegularizer?: RegularizerIdentifier | null;
  readonly gammaRegularizer?: RegularizerIdentifier | null;
  readonly betaConstraint?: ConstraintIdentifier | null;
  readonly gammaConstraint?: ConstraintIdentifier | null;
  /** Statistics over all devices; there is one here. */
  readonly synchronized?: boolean;
  /** Whether training corrects the batch's statistics towards the moving ones. Default false. */
  readonly renorm?: boolean;
  /** Bounds of that correction. */
  readonly renormClipping?: RenormClipping | null;
  /** Share of the old statistics of the correction that a step keeps. Default 0.99. */
  readonly renormMomentum?: number;
}

/**
 * `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`, per channel. In training mean and variance are the batch's,
 * and the moving ones follow: `moving = momentum moving + (1 - momentum) batch`. Otherwise, and where the layer is not
 * trainable, they are the moving ones. Ioffe, Szegedy, "Batch Normalization", 2015, algorithms 1 and 2. With `renorm` the batch's statistics
 * are corrected towards moving ones in training: {@link BatchRenormalization}.
 *
 * Shapes: x `[batch, ..., channels]` -> the same. Weights: gamma, beta, moving_mean, moving_variance `[channels]`.
 *
 * @example
 * const y = layers.BatchNormalization({ momentum: 0.9 })(x, { training: true });
 */
export class BatchNormalizationLayer extends Layer<BatchNormalizationOptions> {
  static override readonly className: string = "BatchNormalization";
  static override readonly computesInFormat: boolean = false;
  declare axis: number;
  declare momentum: number;
  declare epsilon: number;
  declare center: boolean;
  declare scale: boolean;
  declare betaInitializer: Initializer;
  declare gammaInitializer: Initializer;
  declare movingMeanInitializer: Initializer;
  declare movingVarianceInitializer: Initializer;
  declare betaRegularizer: Regularizer | null;
  declare gammaRegularizer: Regularizer | null;
  declare betaConstraint: Constraint | null;
  declare gammaConstraint: Constraint | null;
  declare synchronized: boolean;
  declare renorm: boolean;
  declare renormClipping: RenormClipping | null;
  declare renormMomentum: number;
  gamma: Variable | null = null;
  beta: Variable | null = null;
  movingMean!: Variable;
  movingVariance!: Variable;
  #renormalization: BatchRenormalization | null = null;

  constructor(options: BatchNormalizationOptions = {}) {
    super(options, {
      axis: -1,
      momentum: 0.99,
      epsilon: 0.001,
      center: true,
      scale: true,
      betaInitializer: "zeros",
      gammaInitializer: "ones",
      movingMeanInitializer: "zeros",
      movingVarianceInitializer: "ones",
      betaRegularizer: null,
      gammaRegularizer: null,
      betaConstraint: null,
      gammaConstraint: null,
      synchronized: false,
      renorm: false,
      renormClipping: null,
      renormMomentum: 0.99,
    });
    integer(this.label, "axis", this.axis);
    probability(this.label, "momentum", this.momentum);
    nonNegative(this.label, "epsilon", this.epsilon);
    checkRenormClipping(this.label, this.renormClipping);
    probability(this.label, "renormMomentum", this.renormMomentum);
    this.supportsMasking = true;
    this.inputSpec = { minRank: 2 };
  }

  /** Keras 3.4 knows of no batch renormalisation: it is written only where it is on. */
  override getConfig(): Config {
    const { renorm, renorm_clipping: clipping, renorm_momentum: momentum, ...config } = super.getConfig();
    return renorm === true ? { ...config, renorm, renorm_clipping: clipping, renorm_momentum: momentum } : config;
  }

  override build(inputShape: Shape): void {
    normalizeAxis(this.label, this.axis, inputShape.length);
    const channels = knownExtent(this.label, inputShape, this.axis);
    const shape = [channels];
    if (this.scale) {
      this.gamma = this.addWeight({
        name: "gamma",
        shape,
        initializer: this.gammaInitializer,
        regularizer: this.gammaRegularizer,
        constraint: this.gammaConstraint,
      });
    }
    if (this.center) {
      this.beta = this.addWeight({
        name: "beta",
        shape,
        initializer: this.betaInitializer,
        regularizer: this.betaRegularizer,
        constraint: this.betaConstraint,
      });
    }
    this.movingMean = this.addWeight({ name: "moving_mean", shape, initializer: this.movingMeanInitializer, trainable: false });
    this.movingVariance = this.addWeight({ name: "moving_variance", shape, initializer: this.movingVarianceInitializer, trainable: false });
    if (this.renorm) {
      const add = this.addWeight.bind(this);
      this.#renormalization = new BatchRenormalization(add, shape, this.movingMeanInitializer, this.movingVarianceInitializer);
    }
    this.inputSpec = { minRank: 2, axes: { [this.axis]: channels } };
  }

  override call(x: Tensor, { training = false, mask = null }: CallOptions = {}): Tensor {
    const channel = normalizeAxis(this.label, this.axis, x.rank);
    let mean = this.movingMean.read();
    let variance = this.movingVariance.read();
    if (training === true && this.trainable) {
      const batch = this.#moments(x, channel, mask === null || Array.isArray(mask) ? null : (mask as Tensor));
      if (this.#renormalization !== null) return this.#renormalized(x, channel, batch, this.#renormalization);
      assignRounded(this.movingMean, ops.add(ops.multiply(mean, this.momentum), ops.multiply(batch.mean, 1 - this.momentum)));
      assignRounded(this.movingVariance, ops.add(ops.multiply(variance, this.momentum), ops.multiply(batch.variance, 1 - this.momentum)));
      ({ mean, variance } = batch);
    }
    return ops.batchNormalization(x, mean, variance, channel, { offset: this.beta, scale: this.gamma, epsilon: this.epsilon });
  }

  #renormalized(
    x: Tensor,
    channel: number,
    batch: { readonly mean: Tensor; readonly variance: Tensor },
    renormalization: BatchRenormalization,
  ): Tensor {
    const { epsilon, momentum, renormMomentum, renormClipping: clipping } = this;
    const options = { epsilon, momentum, renormMomentum, clipping };
    const { scale, offset } = renormalization.correct(batch, this.gamma, this.beta, options);
    renormalization.update(batch, this.movingMean, this.movingVariance, options);
    return ops.batchNormalization(x, batch.mean, batch.variance, channel, { offset, scale, epsilon });
  }

  #moments(x: Tensor, channel: number, mask: Tensor | null): { mean: Tensor; variance: Tensor } {
    const axes = Array.from({ length: x.rank }, (_, axis) => axis).filter((axis) => axis !== channel);
    if (mask === null) {
      const [mean, variance] = ops.moments(x, axes);
      return { mean, variance };
    }
    if (mask.rank >= x.rank || mask.shape.some((extent, axis) => extent !== x.shape[axis])) {
      throw new ShapeError({
        where: this.label,
        problem: "the mask does not fit the input",
        expected: `the leading axes of ${formatShape(x.shape)}, all but the last`,
        received: formatShape(mask.shape),
      });
    }
    let counts = ops.cast(mask, "bool");
    while (counts.rank < x.rank) counts = ops.expandDims(counts, -1);
    const counted = (y: Tensor): Tensor => ops.where(counts, y, ops.zerosLike(y));
    const total = ops.add(ops.sum(counted(ops.onesLike(x)), { axis: axes, keepdims: true }), 1e-7);
    const mean = ops.divide(ops.sum(counted(x), { axis: axes, keepdims: true }), total);
    const difference = counted(ops.subtract(x, mean));
    const variance = ops.divide(ops.sum(ops.square(difference), { axis: axes, keepdims: true }), total);
    return { mean: ops.squeeze(mean, axes), variance: ops.squeeze(variance, axes) };
  }
}

/** Batch normalisation; see {@link BatchNormalizationLayer}. */
export const BatchNormalization: CallableClass<typeof BatchNormalizationLayer> = /* @__PURE__ */ callableClass(BatchNormalizationLayer);
export type BatchNormalization = BatchNormalizationLayer;
