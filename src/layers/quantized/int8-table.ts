/** Rows of int8, each with a scale. */
import type { Tensor, Variable } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { AbsMaxQuantizer, type QuantizationConfig, type Quantizer } from "../../quantizers/index.ts";
import type { QuantizedTable, TableForm, WeightMaker } from "./forms.ts";
import { exactProduct } from "./exact-product.ts";
import { quantized } from "./int8-product.ts";
import { matrixForm } from "./matrix-form.ts";

/**
 * `y = Q[x] / s[x]`. The way back quantizes what it is given: `(q(x) Q^T) / (s t)`. Weights: embeddings int8
 * `[rows, width]`, embeddings_scale `[rows]`; with a way back of its own reverse_embeddings int8 `[width, rows]`,
 * reverse_embeddings_scale `[rows]`.
 */
export class Int8Table implements QuantizedTable {
  readonly keepsWeight = false;
  readonly variables: readonly Variable[];
  readonly #form: TableForm;
  readonly #weights: Quantizer | null;
  readonly #inputs: Quantizer | null;
  readonly #table: Variable;
  readonly #scale: Variable;
  readonly reverseTable: Variable | null = null;
  readonly #reverseScale: Variable | null = null;

  constructor(layer: WeightMaker, form: TableForm, config: QuantizationConfig | null) {
    const { name, rows, width, reverse } = form;
    this.#form = form;
    this.#weights = config?.weightQuantizer ?? null;
    this.#inputs = config === null ? AbsMaxQuantizer({ axis: -1 }) : config.activationQuantizer;
    const bytes = { dtype: "int8", initializer: "zeros", trainable: false } as const;
    const scales = { shape: [rows], initializer: "ones", trainable: false } as const;
    this.#table = layer.addWeight({ ...bytes, name, shape: [rows, width] });
    this.#scale = layer.addWeight({ ...scales, name: `${name}_scale` });
    this.variables = [this.#table, this.#scale];
    if (reverse !== "own") return;
    this.reverseTable = layer.addWeight({ ...bytes, name: `reverse_${name}`, shape: [width, rows] });
    this.#reverseScale = layer.addWeight({ ...scales, name: `reverse_${name}_scale` });
    this.variables = [...this.variables, this.reverseTable, this.#reverseScale];
  }

  encode(table: Tensor): readonly Tensor[] {
    const [numbers, scale] = quantized(this.#weights ?? AbsMaxQuantizer(), table, [-1]);
    return [numbers, ops.squeeze(scale, { axis: -1 })];
  }

  encodeBoth(table: Tensor, reverse: Tensor | null): readonly Tensor[] {
    if (reverse === null) return this.encode(table);
    const [numbers, scale] = quantized(this.#weights ?? AbsMaxQuantizer(), reverse, [0]);
    return [...this.encode(table), numbers, ops.squeeze(scale, { axis: 0 })];
  }

  decode(): Tensor {
    return ops.divide(ops.cast(this.#table, "float32"), ops.expandDims(this.#scale, -1));
  }

  lookup(indices: Tensor): Tensor {
    const rows = ops.cast(ops.take(this.#table, indices, { axis: 0 }), "float32");
    return ops.divide(rows, ops.expandDims(ops.take(this.#scale, indices, { axis: 0 }), -1));
  }

  reverse(x: Tensor): Tensor {
    const { width, rows } = this.#form;
    const kernel = this.reverseTable?.read() ?? ops.transpose(this.#table);
    const scale = this.#reverseScale ?? this.#scale;
    if (this.#inputs === null) return ops.divide(ops.matmul(x, ops.cast(kernel, "float32")), scale);
    const [numbers, inputScale] = quantized(this.#inputs, x, [-1]);
    const product = exactProduct(matrixForm(width, rows), numbers, kernel, 128 * 128);
    return ops.divide(product, ops.multiply(inputScale, scale));
  }
}
