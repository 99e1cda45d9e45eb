/** Layers that multiply what they are given with a kernel, which can be quantized and have adapters. */
import type { Tensor, Variable } from "../graph/index.ts";
import type { QuantizationMode } from "../quantizers/index.ts";
import * as ops from "../ops/index.ts";
import { QuantizableLayer, type QuantizableOptions } from "./quantizable-layer.ts";
import type { ProductForm, QuantizedProduct } from "./quantized/forms.ts";
import { quantizationParts } from "./quantized/parts.ts";

/** `x K`, with K as floats or as stored whole numbers. */
export abstract class ProductLayer<Options extends QuantizableOptions> extends QuantizableLayer<Options, QuantizedProduct> {
  /** The kernel; where it is quantized, its stored whole numbers. */
  kernel!: Variable;
  bias: Variable | null = null;

  /** The product as quantized kernels see it. Asked for once the layer knows its input. */
  protected abstract productForm(): ProductForm;

  /** The product with a kernel or an adapter's first factor. */
  protected abstract multiplied(x: Tensor, kernel: Tensor | Variable): Tensor;

  protected override get modes(): readonly QuantizationMode[] {
    return ["int8", "int4", "float8"];
  }

  protected override makeQuantized(): QuantizedProduct {
    return quantizationParts(this.label).product(this, this.productForm(), this.policy, this.quantizationConfig);
  }

  protected override store(quantized: QuantizedProduct, fill: boolean): void {
    if (quantized.keepsWeight) return;
    const [stored] = quantized.variables;
    if (fill) {
      const values = quantized.encode(this.kernel.read());
      quantized.variables.forEach((variable, i) => variable.assign(values[i]!));
      this.removeWeight(this.kernel);
    }
    this.kernel = stored!;
  }

  protected override get beside(): readonly Variable[] {
    return this.bias === null ? [] : [this.bias];
  }

  protected override get computesInFormat(): boolean {
    return this.quantized === null;
  }

  /** Whether the policy keeps the kernel as floats. */
  protected get keepsFloatKernel(): boolean {
    return this.quantized?.keepsWeight ?? true;
  }

  /** The product with the layer's kernel and its adapters. */
  protected product(x: Tensor, training: boolean): Tensor {
    const { quantized } = this;
    if (quantized === null) return this.multiplied(x, this.adaptedKernel());
    const y = quantized.product(x, quantized.keepsWeight ? this.kernel.read() : null, training);
    const adapters = this.adapters();
    if (adapters === null) return y;
    return ops.add(y, ops.multiply(ops.matmul(this.multiplied(x, adapters.a), adapters.b), adapters.scale));
  }
}
