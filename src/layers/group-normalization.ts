/** Group normalisation. */
import type { Constraint } from "../constraints/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, normalizeAxis, type Shape, type Tensor, type Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { knownExtent } from "./known-extent.ts";
import { Layer } from "./layer.ts";
import {
  type ConstraintIdentifier,
  describe,
  type InitializerIdentifier,
  type LayerOptions,
  type RegularizerIdentifier,
} from "./layer-options.ts";
import { integer, nonNegative } from "./option-checks.ts";

/** Options of GroupNormalization. */
export interface GroupNormalizationOptions extends LayerOptions {
  /** Into how many groups the channels are split; -1: each channel is one (instance normalisation). Default 32. */
  readonly groups?: number;
  /** Axis of the channels. Default -1. */
  readonly axis?: number;
  /** Added to the variance. Default 0.001. */
  readonly epsilon?: number;
  /** Whether to add beta. Default true. */
  readonly center?: boolean;
  /** Whether to multiply by gamma. Default true. */
  readonly scale?: boolean;
  readonly betaInitializer?: InitializerIdentifier;
  readonly gammaInitializer?: InitializerIdentifier;
  readonly betaRegularizer?: RegularizerIdentifier | null;
  readonly gammaRegularizer?: RegularizerIdentifier | null;
  readonly betaConstraint?: ConstraintIdentifier | null;
  readonly gammaConstraint?: ConstraintIdentifier | null;
}

/**
 * `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`, mean and variance of each sample over all positions and the
 * channels of a group. Wu, He, "Group Normalization", 2018.
 *
 * Shapes: x `[batch, ..., channels]` -> the same. Weights: gamma, beta `[channels]`.
 *
 * @example
 * const y = layers.GroupNormalization({ groups: 8 })(x);
 */
export class GroupNormalizationLayer extends Layer<GroupNormalizationOptions> {
  static override readonly className: string = "GroupNormalization";
  declare groups: number;
  declare axis: number;
  declare epsilon: number;
  declare center: boolean;
  declare scale: boolean;
  declare betaInitializer: Initializer;
  declare gammaInitializer: Initializer;
  declare betaRegularizer: Regularizer | null;
  declare gammaRegularizer: Regularizer | null;
  declare betaConstraint: Constraint | null;
  declare gammaConstraint: Constraint | null;
  gamma: Variable | null = null;
  beta: Variable | null = null;

  constructor(options: GroupNormalizationOptions = {}) {
    super(options, {
      groups: 32,
      axis: -1,
      epsilon: 0.001,
      center: true,
      scale: true,
      betaInitializer: "zeros",
      gammaInitializer: "ones",
      betaRegularizer: null,
      gammaRegularizer: null,
      betaConstraint: null,
      gammaConstraint: null,
    });
    if (!Number.isInteger(this.groups) || (this.groups < 1 && this.groups !== -1)) {
      throw new ValueError({
        where: this.label,
        problem: "groups is a number of groups, or -1 for one group per channel",
        expected: "1, 2, 3, ... or -1",
        received: describe(this.groups),
      });
    }
    integer(this.label, "axis", this.axis);
    nonNegative(this.label, "epsilon", this.epsilon);
    this.supportsMasking = true;
    this.inputSpec = { minRank: 2 };
  }

  override build(inputShape: Shape): void {
    const axis = normalizeAxis(this.label, this.axis, inputShape.length);
    const channels = knownExtent(this.label, inputShape, axis);
    // As Keras, which writes the number of groups once it is known.
    if (this.groups === -1) this.groups = channels;
    if (axis === 0 || channels % this.groups !== 0) {
      throw new ShapeError({
        where: this.label,
        problem: axis === 0 ? "the batch axis holds no channels" : "the channels of the input do not divide into the groups",
        expected: axis === 0 ? "an axis other than the batch" : `a multiple of ${this.groups} at axis ${axis}`,
        received: axis === 0 ? `axis ${this.axis}` : formatShape(inputShape),
      });
    }
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
    this.inputSpec = { rank: inputShape.length, axes: { [this.axis]: channels } };
  }

  override call(x: Tensor): Tensor {
    const axis = normalizeAxis(this.label, this.axis, x.rank);
    const shape = x.shape as number[];
    // [.., groups, channels / groups, ..]: the groups take the place of the channels, their members stand behind them.
    const split = [...shape.slice(0, axis), this.groups, shape[axis]! / this.groups, ...shape.slice(axis + 1)];
    const members = split.map((_, position) => position).filter((position) => position !== 0 && position !== axis);
    const grouped = ops.reshape(x, split);
    const [mean, variance] = ops.moments(grouped, members, { keepdims: true });
    const centred = ops.multiply(ops.subtract(grouped, mean), ops.rsqrt(ops.add(variance, this.epsilon)));
    let y = ops.reshape(centred, shape);
    const alongChannels = shape.map((extent, position) => (position === axis ? extent : 1));
    if (this.gamma !== null) y = ops.multiply(y, ops.reshape(this.gamma, alongChannels));
    if (this.beta !== null) y = ops.add(y, ops.reshape(this.beta, alongChannels));
    return y;
  }
}

/** Group normalisation; see {@link GroupNormalizationLayer}. */
export const GroupNormalization: CallableClass<typeof GroupNormalizationLayer> = /* @__PURE__ */ callableClass(GroupNormalizationLayer);
export type GroupNormalization = GroupNormalizationLayer;
