/** A kernel of int8 with one scale per output. */
import { ValueError } from "../../errors.ts";
import { Tensor, type Variable } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { withGradient } from "../../primitives/index.ts";
import { AbsMaxQuantizer, Int8QuantizationConfig, type QuantizationConfig, type Quantizer } from "../../quantizers/index.ts";
import { exactProduct } from "./exact-product.ts";
import type { ProductForm, QuantizedProduct, WeightMaker } from "./forms.ts";

/** What a quantizer gives: whole numbers and their scale. Throws ValueError for one that gives no scale. */
export function quantized(quantizer: Quantizer, x: Tensor, axes: readonly number[]): [Tensor, Tensor] {
  const made = quantizer.call(x, { axis: axes });
  const [numbers, scale] = made instanceof Tensor ? [made] : made;
  if (numbers !== undefined && scale !== undefined) return [numbers, scale];
  throw new ValueError({
    where: "quantize",
    problem: "the quantizer gives no scale",
    expected: "whole numbers and their scale, as quantizers.AbsMaxQuantizer gives them",
    received: (quantizer.constructor as typeof Quantizer).className,
  });
}

/**
 * `y = (q(x) Q) / (s t)` with the stored numbers Q, their scales s, and what is given as q(x) with scales t. The gradient
 * of x is that of the float kernel Q / s; Q and s have none. Weights: kernel int8, kernel_scale.
 */
export class Int8Product implements QuantizedProduct {
  readonly keepsWeight = false;
  readonly variables: readonly Variable[];
  readonly #form: ProductForm;
  readonly #kernel: Variable;
  readonly #scale: Variable;
  readonly #weights: Quantizer | null;
  readonly #inputs: Quantizer | null;

  constructor(layer: WeightMaker, form: ProductForm, config: QuantizationConfig | null) {
    this.#form = form;
    const { weightQuantizer, activationQuantizer } = config ?? Int8QuantizationConfig();
    this.#weights = weightQuantizer;
    this.#inputs = activationQuantizer;
    this.#kernel = layer.addWeight({ name: "kernel", shape: form.kernelShape, dtype: "int8", initializer: "zeros", trainable: false });
    this.#scale = layer.addWeight({ name: "kernel_scale", shape: form.scaleShape, initializer: "ones", trainable: false });
    this.variables = [this.#kernel, this.#scale];
  }

  encode(kernel: Tensor): readonly Tensor[] {
    const [numbers, scale] = quantized(this.#weights ?? AbsMaxQuantizer(), kernel, this.#form.kernelAxes);
    return [numbers, this.#form.kernelScale.align(scale)];
  }

  decode(): Tensor {
    return ops.divide(ops.cast(this.#kernel, "float32"), this.#form.kernelScale.spread(this.#scale.read()));
  }

  product(x: Tensor): Tensor {
    const form = this.#form;
    const scale = this.#scale.read();
    let y: Tensor;
    if (this.#inputs === null) y = ops.divide(form.multiply(x, ops.cast(this.#kernel, "float32")), scale);
    else {
      const [numbers, inputScale] = quantized(this.#inputs, x, form.inputAxes);
      const sum = exactProduct(form, numbers, this.#kernel.read(), 128 * 128);
      y = ops.divide(sum, ops.multiply(scale, form.inputScale.align(inputScale)));
    }
    return withGradient(y, [x], (upstream) => [form.inputGradient(upstream, this.decode())]);
  }
}
