/** A kernel of two numbers of 4 bits a byte. */
import type { Tensor, Variable } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { withGradient } from "../../primitives/index.ts";
import {
  AbsMaxQuantizer,
  absMaxQuantizeGroupedWithZeroPoint,
  packInt4,
  type QuantizationConfig,
  type Quantizer,
  unpackInt4,
} from "../../quantizers/index.ts";
import { exactProduct } from "./exact-product.ts";
import type { ProductForm, QuantizedProduct, WeightMaker } from "./forms.ts";
import { dequantizedInGroups, groupsOf } from "./grouped-scales.ts";
import { quantized } from "./int8-product.ts";

/**
 * The product with a kernel of numbers from -8 to 7, stored as a matrix of summed axes by the others, two columns a byte:
 * with one scale per column, or with a scale and a zero point per column and block of rows. Weights: kernel int8
 * `[rows, ceil(columns / 2)]`, kernel_scale `[columns]` or `[blocks, columns]`, and for blocks kernel_zero int8 and g_idx
 * `[rows]`, the block of each row.
 */
export class Int4Product implements QuantizedProduct {
  readonly keepsWeight = false;
  readonly variables: readonly Variable[];
  readonly #form: ProductForm;
  readonly #kernel: Variable;
  readonly #scale: Variable;
  readonly #zero: Variable | null = null;
  readonly #groups: Variable | null = null;
  readonly #rows: number;
  readonly #columns: number;
  readonly #blockSize: number | null;
  readonly #weights: Quantizer | null;
  readonly #inputs: Quantizer | null;

  constructor(layer: WeightMaker, form: ProductForm, blockSize: number | null, config: QuantizationConfig | null) {
    this.#form = form;
    this.#weights = config?.weightQuantizer ?? null;
    this.#inputs = config?.activationQuantizer ?? null;
    this.#blockSize = blockSize;
    const rows = form.kernelAxes.reduce((product, axis) => product * form.kernelShape[axis]!, 1);
    const columns = form.kernelShape.reduce((product, extent) => product * extent, 1) / rows;
    [this.#rows, this.#columns] = [rows, columns];
    const fixed = { trainable: false } as const;
    const bytes = { ...fixed, dtype: "int8", initializer: "zeros" } as const;
    this.#kernel = layer.addWeight({ ...bytes, name: "kernel", shape: [rows, Math.ceil(columns / 2)] });
    const shape = blockSize === null ? [columns] : [Math.ceil(rows / blockSize), columns];
    this.#scale = layer.addWeight({ ...fixed, name: "kernel_scale", shape, initializer: "ones" });
    this.variables = [this.#kernel, this.#scale];
    if (blockSize === null) return;
    this.#zero = layer.addWeight({ ...bytes, name: "kernel_zero", shape });
    this.#groups = layer.addWeight({ ...fixed, name: "g_idx", shape: [rows], initializer: "zeros" });
    this.#groups.assign(groupsOf(rows, blockSize));
    this.variables = [...this.variables, this.#zero, this.#groups];
  }

  encode(kernel: Tensor): readonly Tensor[] {
    const matrix = ops.reshape(kernel, [this.#rows, this.#columns]);
    if (this.#blockSize === null) {
      const quantizer = (this.#form.isMatrix ? this.#weights : null) ?? AbsMaxQuantizer({ valueRange: [-8, 7] });
      const [numbers, scale] = quantized(quantizer, matrix, [0]);
      return [packInt4(numbers, { axis: -1 })[0], ops.squeeze(scale, { axis: 0 })];
    }
    const [numbers, scale, zero] = absMaxQuantizeGroupedWithZeroPoint(matrix, this.#blockSize);
    return [packInt4(numbers, { axis: -1 })[0], scale, zero, groupsOf(this.#rows, this.#blockSize)];
  }

  #numbers(): Tensor {
    return unpackInt4(this.#kernel.read(), this.#columns, { axis: -1 });
  }

  decode(): Tensor {
    const numbers = this.#numbers();
    const matrix =
      this.#zero === null || this.#groups === null
        ? ops.divide(ops.cast(numbers, "float32"), this.#scale)
        : dequantizedInGroups(numbers, this.#scale.read(), this.#zero.read(), this.#groups.read(), 0);
    return ops.reshape(matrix, [...this.#form.kernelShape]);
  }

  product(x: Tensor): Tensor {
    return withGradient(this.#product(x), [x], (upstream) => [this.#form.inputGradient(upstream, this.decode())]);
  }

  #product(x: Tensor): Tensor {
    const form = this.#form;
    if (this.#zero !== null) return form.multiply(x, this.decode());
    const [given, inputScale] = this.#inputs === null ? [x, null] : quantized(this.#inputs, x, form.inputAxes);
    if (!form.isMatrix) {
      const y = form.multiply(ops.cast(given, "float32"), this.decode());
      return inputScale === null ? y : ops.divide(y, form.inputScale.align(inputScale));
    }
    if (inputScale === null) return ops.divide(form.multiply(given, ops.cast(this.#numbers(), "float32")), this.#scale);
    return ops.divide(exactProduct(form, given, this.#numbers(), 128 * 8), ops.multiply(this.#scale, inputScale));
  }
}
