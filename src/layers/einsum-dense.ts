/** A dense layer whose product is written as an einsum. */
import type { Constraint } from "../constraints/index.ts";
import { ValueError } from "../errors.ts";
import type { Shape, Tensor, Variable } from "../graph/index.ts";
import { type Initializer, ScalingInitializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import { callableClass, type CallableClass, type Config, optionsOfConfig } from "../serialization/index.ts";
import type { AdaptedWeight } from "./adaptable-layer.ts";
import { einsumShapes, parseEquation } from "./einsum-equation.ts";
import {
  activated,
  type ActivationFunction,
  type ActivationIdentifier,
  type ConstraintIdentifier,
  describe,
  type InitializerIdentifier,
  type RegularizerIdentifier,
  required,
} from "./layer-options.ts";
import type { CallOptions } from "./layer.ts";
import { ProductLayer } from "./product-layer.ts";
import type { QuantizableOptions } from "./quantizable-layer.ts";
import { einsumForm } from "./quantized/einsum-form.ts";
import type { ProductForm } from "./quantized/forms.ts";

/** Options of EinsumDense. */
export interface EinsumDenseOptions extends QuantizableOptions {
  /** Product of input and kernel, such as "abc,cd->abd" or "...b,bc->...c". */
  readonly equation: string;
  /** Shape of the output without the batch (and without the axes of "..."); null for extents that are the input's. */
  readonly outputShape: number | readonly (number | null)[];
  readonly activation?: ActivationIdentifier | null;
  /** Labels of the output's axes that the bias has. Default: no bias. */
  readonly biasAxes?: string | null;
  readonly kernelInitializer?: InitializerIdentifier;
  readonly biasInitializer?: InitializerIdentifier;
  readonly kernelRegularizer?: RegularizerIdentifier | null;
  readonly biasRegularizer?: RegularizerIdentifier | null;
  readonly kernelConstraint?: ConstraintIdentifier | null;
  readonly biasConstraint?: ConstraintIdentifier | null;
}

/**
 * `y = activation(einsum(equation, x, kernel) + bias)`. The extents of the kernel follow from the equation, the input and
 * `outputShape`.
 *
 * Shapes: x as the first term of the equation -> as its output. Weights: kernel as the second term, bias by `biasAxes`.
 *
 * @example
 * const y = layers.EinsumDense({ equation: "abc,cd->abd", outputShape: [null, 64], biasAxes: "d" })(x);
 */
export class EinsumDenseLayer extends ProductLayer<EinsumDenseOptions> {
  static override readonly className: string = "EinsumDense";
  declare outputShape: readonly (number | null)[];
  declare equation: string;
  declare activation: ActivationFunction | null;
  declare biasAxes: string | null;
  declare kernelInitializer: Initializer;
  declare biasInitializer: Initializer;
  declare kernelRegularizer: Regularizer | null;
  declare biasRegularizer: Regularizer | null;
  declare kernelConstraint: Constraint | null;
  declare biasConstraint: Constraint | null;
  #rank = 0;
  #kernelShape: readonly number[] = [];

  constructor(options: EinsumDenseOptions) {
    super(options, {
      outputShape: required,
      equation: required,
      activation: null,
      biasAxes: null,
      kernelInitializer: "glorot_uniform",
      biasInitializer: "zeros",
      kernelRegularizer: null,
      biasRegularizer: null,
      kernelConstraint: null,
      biasConstraint: null,
    });
    const shape: unknown = typeof this.outputShape === "number" ? [this.outputShape] : this.outputShape;
    if (!Array.isArray(shape) || !shape.every((extent) => extent === null || (Number.isInteger(extent) && extent > 0))) {
      throw new ValueError({
        where: this.label,
        problem: "outputShape is a positive whole number, or a list of them and nulls",
        expected: "for example [null, 64]",
        received: describe(shape),
      });
    }
    this.outputShape = shape as (number | null)[];
    parseEquation(this.label, this.equation, this.biasAxes);
    this.inputSpec = { minRank: 1 };
  }

  protected override get writesActivityRegularizer(): boolean {
    return true;
  }

  override build(inputShape: Shape): void {
    const equation = parseEquation(this.label, this.equation, this.biasAxes);
    const { kernel, bias, inputAxes, outputAxes } = einsumShapes(this.label, equation, inputShape, this.outputShape);
    this.#rank = inputShape.length;
    this.#kernelShape = kernel;
    const quantized = this.buildQuantized();
    if (!quantized || this.keepsFloatKernel) {
      this.kernel = this.addWeight({
        name: "kernel",
        shape: kernel,
        initializer:
          this.kernelInitializer instanceof ScalingInitializer
            ? this.kernelInitializer.along(inputAxes, outputAxes)
            : this.kernelInitializer,
        regularizer: this.kernelRegularizer,
        constraint: this.kernelConstraint,
      });
    }
    if (bias !== null) {
      this.bias = this.addWeight({
        name: "bias",
        shape: bias,
        initializer: this.biasInitializer,
        regularizer: this.biasRegularizer,
        constraint: this.biasConstraint,
      });
    }
    this.inputSpec = { rank: inputShape.length };
    this.adaptWhereAsked();
  }

  /** Keras writes how many outputs a packed kernel has, which follows from the equation too. */
  override getConfig(): Config {
    const config = super.getConfig();
    if (this.quantizationMode !== "gptq" || this.quantized === null) return config;
    return { ...config, gptq_unpacked_column_size: this.quantized.variables[1]!.shape[0] };
  }

  /** A layer made from Keras's configuration. */
  static override fromConfig<L>(this: new (options: never) => L, config: Config): L {
    const { gptq_unpacked_column_size: _, ...options } = config;
    return new this(optionsOfConfig(options) as never);
  }

  protected override adapted(): AdaptedWeight {
    const shape = this.#kernelShape;
    return { weight: this.kernel, shape, regularizer: this.kernelRegularizer, constraint: this.kernelConstraint };
  }

  protected override productForm(): ProductForm {
    return einsumForm(parseEquation(this.label, this.equation, this.biasAxes), this.#rank, this.#kernelShape);
  }

  protected override multiplied(x: Tensor, kernel: Tensor | Variable): Tensor {
    return ops.einsum(this.equation, x, kernel);
  }

  protected override get isPlain(): boolean {
    return this.className === EinsumDenseLayer.className;
  }

  override call(x: Tensor, { training = false }: CallOptions = {}): Tensor {
    const y = this.product(x, training === true);
    return activated(this.activation, this.bias === null ? y : ops.add(y, this.bias));
  }
}

/** A dense layer whose product is written as an einsum; see {@link EinsumDenseLayer}. */
export const EinsumDense: CallableClass<typeof EinsumDenseLayer> = /* @__PURE__ */ callableClass(EinsumDenseLayer);
export type EinsumDense = EinsumDenseLayer;
