/** Layers that multiply what they are given with a kernel, which can be quantized and have adapters. */
import type { Tensor, Variable } from "../graph/index.ts";
import type { CalibratedQuantizationConfig, InputStatistics, QuantizationMode } from "../quantizers/index.ts";
import * as ops from "../ops/index.ts";
import { QuantizableLayer, type QuantizableOptions } from "./quantizable-layer.ts";
import type { ProductForm, QuantizedProduct } from "./quantized/forms.ts";
import { quantizationParts } from "./quantized/parts.ts";
import { inputWatched } from "./quantized/watched-inputs.ts";

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
    return ["int8", "int4", "float8", "gptq", "awq"];
  }

  protected override makeQuantized(): QuantizedProduct {
    return quantizationParts(this.label).product(this, this.productForm(), this.policy, this.quantizationConfig);
  }

  protected override store(quantized: QuantizedProduct, fill: boolean): void {
    if (quantized.keepsWeight) return;
    const [stored] = quantized.variables;
    if (fill) {
      this.#take(quantized, quantized.encode(this.kernel.read()));
    }
    this.kernel = stored!;
  }

  #take(quantized: QuantizedProduct, values: readonly Tensor[]): void {
    quantized.variables.forEach((variable, i) => variable.assign(values[i]!));
    this.removeWeight(this.kernel);
    this.kernel = quantized.variables[0]!;
  }

  /** What a calibration gathers of the kernel's inputs. */
  inputStatistics(config: CalibratedQuantizationConfig): InputStatistics {
    return quantizationParts(this.label).statistics(this.label, this.productForm(), config);
  }

  /** What the kernel is multiplied with, as a matrix `[samples, inputs]`. */
  inputRows(x: Tensor): Tensor {
    return quantizationParts(this.label).inputMatrix(this.label, this.productForm(), x);
  }

  /** Stores the kernel as whole numbers that are chosen by the statistics of its inputs. Throws StateError where it is quantized. */
  async quantizeOn(statistics: Tensor, config: CalibratedQuantizationConfig): Promise<void> {
    this.checkQuantizable(`${this.label}.quantize`);
    const parts = quantizationParts(this.label);
    const kernel = this.mergedWeight();
    const weights = await parts.calibrated(this.label, this.productForm(), kernel, statistics, config);
    this.become(config, (quantized) => this.#take(quantized, parts.calibratedValues(quantized, weights)));
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
    inputWatched(this, x);
    const { quantized } = this;
    if (quantized === null) return this.multiplied(x, this.adaptedKernel());
    const y = quantized.product(x, quantized.keepsWeight ? this.kernel.read() : null, training);
    const adapters = this.adapters();
    if (adapters === null) return y;
    return ops.add(y, ops.multiply(ops.matmul(this.multiplied(x, adapters.a), adapters.b), adapters.scale));
  }
}
