/** Root-mean-square normalisation. */
import { normalizeAxis, type Shape, type Tensor, type Variable } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { knownExtent } from "./known-extent.ts";
import { Layer } from "./layer.ts";
import type { LayerOptions } from "./layer-options.ts";
import { axisOrAxes, nonNegative } from "./option-checks.ts";

/** Options of RMSNormalization. */
export interface RMSNormalizationOptions extends LayerOptions {
  /** Axis or axes whose elements are normalised together. Default -1. */
  readonly axis?: number | readonly number[];
  /** Added to the mean of the squares. Default 1e-6. */
  readonly epsilon?: number;
}

/**
 * `y = scale x / sqrt(mean(x^2) + epsilon)`, the mean of each sample over `axis`.
 * Zhang, Sennrich, "Root Mean Square Layer Normalization", 2019.
 *
 * Shapes: x `[batch, ...]` -> the same. Weights: scale with the extents of `axis`.
 *
 * @example
 * const y = layers.RMSNormalization()(x);
 */
export class RMSNormalizationLayer extends Layer<RMSNormalizationOptions> {
  static override readonly className: string = "RMSNormalization";
  declare axis: number | readonly number[];
  declare epsilon: number;
  scale!: Variable;

  constructor(options: RMSNormalizationOptions = {}) {
    super(options, { axis: -1, epsilon: 1e-6 });
    axisOrAxes(this.label, "axis", this.axis);
    nonNegative(this.label, "epsilon", this.epsilon);
    this.inputSpec = { minRank: 1 };
  }

  override build(inputShape: Shape): void {
    const given = typeof this.axis === "number" ? [this.axis] : this.axis;
    const axes = [...given].sort((a, b) => a - b);
    // Keras writes a list once the layer is built.
    this.axis = axes;
    const shape = axes.map((axis) => knownExtent(this.label, inputShape, normalizeAxis(this.label, axis, inputShape.length)));
    this.scale = this.addWeight({ name: "scale", shape, initializer: "ones" });
    this.inputSpec = { rank: inputShape.length, axes: Object.fromEntries(axes.map((axis, i) => [axis, shape[i]!])) };
  }

  override call(x: Tensor): Tensor {
    const axes = this.axis as readonly number[];
    const positions = axes.map((axis) => normalizeAxis(this.label, axis, x.rank));
    const shape = x.shape.map((extent, axis) => (positions.includes(axis) ? extent! : 1));
    return ops.rmsNormalization(x, { scale: ops.reshape(this.scale, shape), axis: axes, epsilon: this.epsilon });
  }
}

/** Root-mean-square normalisation; see {@link RMSNormalizationLayer}. */
export const RMSNormalization: CallableClass<typeof RMSNormalizationLayer> = /* @__PURE__ */ callableClass(RMSNormalizationLayer);
export type RMSNormalization = RMSNormalizationLayer;
