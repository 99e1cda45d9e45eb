/** Fully connected layer that computes with the weights -1, 0 and 1. */
import type { Constraint } from "../constraints/index.ts";
import type { Shape, Tensor, Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import type { DenseOptions } from "./dense.ts";
import { knownExtent } from "./known-extent.ts";
import { Layer } from "./layer.ts";
import { type ActivationFunction, positiveInteger, required } from "./layer-options.ts";
import { nonNegative } from "./option-checks.ts";

/** Options of TernaryDense. */
export interface TernaryDenseOptions extends Omit<DenseOptions, "loraRank" | "loraAlpha"> {
  /** Weights that are not larger count as 0. Default: half of the mean absolute weight. */
  readonly threshold?: number | null;
}

/**
 * `y = activation(s x t + b)`, where t is the sign of the kernel, 0 where its absolute value is at most `threshold`, and s
 * the mean absolute weight (1 with a threshold of one's own). Gradients pass to the kernel as if t were the kernel. Ma et
 * al. 2024, "The Era of 1-bit LLMs", arXiv:2402.17764.
 *
 * Shapes: x `[..., in]` -> `[..., units]`. Weights: kernel `[in, units]`, bias `[units]`.
 *
 * @example
 * const y = layers.TernaryDense({ units: 10 })(x);
 */
export class TernaryDenseLayer extends Layer<TernaryDenseOptions> {
  static override readonly className: string = "TernaryDense";
  declare units: number;
  declare threshold: number | null;
  declare activation: ActivationFunction;
  declare useBias: boolean;
  declare kernelInitializer: Initializer;
  declare biasInitializer: Initializer;
  declare kernelRegularizer: Regularizer | null;
  declare biasRegularizer: Regularizer | null;
  declare kernelConstraint: Constraint | null;
  declare biasConstraint: Constraint | null;
  kernel!: Variable;
  bias: Variable | null = null;

  constructor(options: TernaryDenseOptions) {
    super(options, {
      units: required,
      threshold: null,
      activation: null,
      useBias: true,
      kernelInitializer: "glorot_uniform",
      biasInitializer: "zeros",
      kernelRegularizer: null,
      biasRegularizer: null,
      kernelConstraint: null,
      biasConstraint: null,
    });
    positiveInteger(this.label, "units", this.units);
    if (this.threshold !== null) nonNegative(this.label, "threshold", this.threshold);
    this.supportsMasking = true;
    this.inputSpec = { minRank: 2 };
  }

  override build(inputShape: Shape): void {
    const width = knownExtent(this.label, inputShape, -1);
    this.kernel = this.addWeight({
      name: "kernel",
      shape: [width, this.units],
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    if (this.useBias) {
      this.bias = this.addWeight({
        name: "bias",
        shape: [this.units],
        initializer: this.biasInitializer,
        regularizer: this.biasRegularizer,
        constraint: this.biasConstraint,
      });
    }
    this.inputSpec = { minRank: 2, axes: { [-1]: width } };
  }

  override call(x: Tensor): Tensor {
    const kernel = this.kernel.read();
    const size = ops.abs(kernel);
    const scale = ops.mean(size);
    const counts = ops.greater(size, this.threshold ?? ops.multiply(scale, 0.5));
    const ternary = ops.where(counts, ops.sign(kernel), 0);
    // The value of the ternary kernel with the gradient of the kernel.
    const straight = ops.add(kernel, ops.stopGradient(ops.subtract(ternary, kernel)));
    const product = ops.matmul(x, straight);
    const y = this.threshold === null ? ops.multiply(product, scale) : product;
    return this.activation(this.bias === null ? y : ops.add(y, this.bias));
  }
}

/** Fully connected layer with the weights -1, 0 and 1; see {@link TernaryDenseLayer}. */
export const TernaryDense: CallableClass<typeof TernaryDenseLayer> = /* @__PURE__ */ callableClass(TernaryDenseLayer);
export type TernaryDense = TernaryDenseLayer;
