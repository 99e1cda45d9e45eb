/** Fully connected layer. */
import type { Constraint } from "../constraints/index.ts";
import type { Shape, Tensor, Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import type { AdaptedWeight } from "./adaptable-layer.ts";
import type { CallOptions } from "./layer.ts";
import { knownExtent } from "./known-extent.ts";
import {
  activated,
  type ActivationFunction,
  type ActivationIdentifier,
  type ConstraintIdentifier,
  type InitializerIdentifier,
  positiveInteger,
  type RegularizerIdentifier,
  required,
} from "./layer-options.ts";
import { ProductLayer } from "./product-layer.ts";
import type { QuantizableOptions } from "./quantizable-layer.ts";
import type { ProductForm } from "./quantized/forms.ts";
import { quantizationParts } from "./quantized/parts.ts";

/** Options of Dense. */
export interface DenseOptions extends QuantizableOptions {
  /** Width of the output. */
  readonly units: number;
  /** Default: none (linear). */
  readonly activation?: ActivationIdentifier | null;
  readonly useBias?: boolean;
  readonly kernelInitializer?: InitializerIdentifier;
  readonly biasInitializer?: InitializerIdentifier;
  readonly kernelRegularizer?: RegularizerIdentifier | null;
  readonly biasRegularizer?: RegularizerIdentifier | null;
  readonly kernelConstraint?: ConstraintIdentifier | null;
  readonly biasConstraint?: ConstraintIdentifier | null;
}

/**
 * `y = activation(x kernel + bias)`, over the last axis of x.
 *
 * Shapes: x `[..., in]` -> `[..., units]`. Weights: kernel `[in, units]`, bias `[units]`.
 *
 * @example
 * const y = layers.Dense({ units: 10, activation: "softmax" })(x);
 */
export class DenseLayer extends ProductLayer<DenseOptions> {
  static override readonly className: string = "Dense";
  declare units: number;
  declare activation: ActivationFunction | null;
  declare useBias: boolean;
  declare kernelInitializer: Initializer;
  declare biasInitializer: Initializer;
  declare kernelRegularizer: Regularizer | null;
  declare biasRegularizer: Regularizer | null;
  declare kernelConstraint: Constraint | null;
  declare biasConstraint: Constraint | null;
  #width = 0;

  constructor(options: DenseOptions) {
    super(options, {
      units: required,
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
    this.supportsMasking = true;
    this.inputSpec = { minRank: 2 };
  }

  override build(inputShape: Shape): void {
    const width = knownExtent(this.label, inputShape, -1);
    this.#width = width;
    const quantized = this.buildQuantized();
    if (!quantized || this.keepsFloatKernel) {
      this.kernel = this.addWeight({
        name: "kernel",
        shape: [width, this.units],
        initializer: this.kernelInitializer,
        regularizer: this.kernelRegularizer,
        constraint: this.kernelConstraint,
      });
    }
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
    this.adaptWhereAsked();
  }

  protected override adapted(): AdaptedWeight {
    const shape = [this.#width, this.units];
    return { weight: this.kernel, shape, regularizer: this.kernelRegularizer, constraint: this.kernelConstraint };
  }

  protected override productForm(): ProductForm {
    return quantizationParts(this.label).matrixForm(this.#width, this.units);
  }

  protected override multiplied(x: Tensor, kernel: Tensor | Variable): Tensor {
    return ops.matmul(x, kernel);
  }

  protected override get isPlain(): boolean {
    return this.className === DenseLayer.className;
  }

  override call(x: Tensor, { training = false }: CallOptions = {}): Tensor {
    const y = this.product(x, training === true);
    return activated(this.activation, this.bias === null ? y : ops.add(y, this.bias));
  }
}

/** Fully connected layer; see {@link DenseLayer}. */
export const Dense: CallableClass<typeof DenseLayer> = /* @__PURE__ */ callableClass(DenseLayer);
export type Dense = DenseLayer;
