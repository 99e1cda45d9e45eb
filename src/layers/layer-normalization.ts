/** Layer normalisation. */
import type { Constraint } from "../constraints/index.ts";
import { normalizeAxis, type Shape, type Tensor, type Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { knownExtent } from "./known-extent.ts";
import { Layer } from "./layer.ts";
import { type ConstraintIdentifier, type InitializerIdentifier, type LayerOptions, type RegularizerIdentifier } from "./layer-options.ts";
import { axisOrAxes, nonNegative } from "./option-checks.ts";

/** Options of LayerNormalization. */
export interface LayerNormalizationOptions extends LayerOptions {
  /** Axis or axes whose elements are normalised together. Default -1. */
  readonly axis?: number | readonly number[];
  /** Added to the variance. Default 0.001. */
  readonly epsilon?: number;
  /** Whether to add beta. Default true. */
  readonly center?: boolean;
  /** Whether to multiply by gamma. Default true. */
  readonly scale?: boolean;
  /** Divide by the deviation without subtracting the mean, multiply by gamma, add nothing. Default false; see RMSNormalization. */
  readonly rmsScaling?: boolean;
  readonly betaInitializer?: InitializerIdentifier;
  readonly gammaInitializer?: InitializerIdentifier;
  readonly betaRegularizer?: RegularizerIdentifier | null;
  readonly gammaRegularizer?: RegularizerIdentifier | null;
  readonly betaConstraint?: ConstraintIdentifier | null;
  readonly gammaConstraint?: ConstraintIdentifier | null;
}

/**
 * `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`, mean and variance of each sample over `axis`.
 * Ba, Kiros, Hinton, "Layer Normalization", 2016.
 *
 * Shapes: x `[batch, ...]` -> the same. Weights: gamma, beta with the extents of `axis`.
 *
 * @example
 * const y = layers.LayerNormalization({ epsilon: 1e-6 })(x);
 */
export class LayerNormalizationLayer extends Layer<LayerNormalizationOptions> {
  static override readonly className: string = "LayerNormalization";
  static override readonly computesInFormat: boolean = false;
  declare axis: number | readonly number[];
  declare epsilon: number;
  declare center: boolean;
  declare scale: boolean;
  declare rmsScaling: boolean;
  declare betaInitializer: Initializer;
  declare gammaInitializer: Initializer;
  declare betaRegularizer: Regularizer | null;
  declare gammaRegularizer: Regularizer | null;
  declare betaConstraint: Constraint | null;
  declare gammaConstraint: Constraint | null;
  gamma: Variable | null = null;
  beta: Variable | null = null;

  constructor(options: LayerNormalizationOptions = {}) {
    super(options, {
      axis: -1,
      epsilon: 0.001,
      center: true,
      scale: true,
      rmsScaling: false,
      betaInitializer: "zeros",
      gammaInitializer: "ones",
      betaRegularizer: null,
      gammaRegularizer: null,
      betaConstraint: null,
      gammaConstraint: null,
    });
    axisOrAxes(this.label, "axis", this.axis);
    nonNegative(this.label, "epsilon", this.epsilon);
    this.supportsMasking = true;
    this.inputSpec = { minRank: 1 };
  }

  override build(inputShape: Shape): void {
    // Keras writes a list once the layer is built.
    const axes = typeof this.axis === "number" ? [this.axis] : this.axis;
    this.axis = axes;
    const shape = axes.map((axis) => knownExtent(this.label, inputShape, normalizeAxis(this.label, axis, inputShape.length)));
    if (this.scale || this.rmsScaling) {
      this.gamma = this.addWeight({
        name: "gamma",
        shape,
        initializer: this.gammaInitializer,
        regularizer: this.gammaRegularizer,
        constraint: this.gammaConstraint,
      });
    }
    if (this.center && !this.rmsScaling) {
      this.beta = this.addWeight({
        name: "beta",
        shape,
        initializer: this.betaInitializer,
        regularizer: this.betaRegularizer,
        constraint: this.betaConstraint,
      });
    }
    this.inputSpec = { rank: inputShape.length, axes: Object.fromEntries(axes.map((axis, i) => [axis, shape[i]!])) };
  }

  override call(x: Tensor): Tensor {
    return ops.layerNormalization(x, {
      gamma: this.gamma,
      beta: this.beta,
      axis: this.axis,
      epsilon: this.epsilon,
      rmsScaling: this.rmsScaling,
    });
  }
}

/** Layer normalisation; see {@link LayerNormalizationLayer}. */
export const LayerNormalization: CallableClass<typeof LayerNormalizationLayer> = /* @__PURE__ */ callableClass(LayerNormalizationLayer);
export type LayerNormalization = LayerNormalizationLayer;
