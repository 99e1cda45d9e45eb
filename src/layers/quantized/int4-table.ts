/** Rows of numbers of 4 bits, two a byte. */
import type { Tensor, Variable } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import {
  AbsMaxQuantizer,
  absMaxQuantizeGroupedWithZeroPoint,
  packInt4,
  type QuantizationConfig,
  type Quantizer,
  unpackInt4,
} from "../../quantizers/index.ts";
import { exactProduct } from "./exact-product.ts";
import type { QuantizedTable, TableForm, WeightMaker } from "./forms.ts";
import { dequantizedInGroups, groupsOf } from "./grouped-scales.ts";
import { quantized } from "./int8-product.ts";
import { matrixForm } from "./matrix-form.ts";

/**
 * Rows of numbers from -8 to 7 with one scale per row, or a scale and a zero point per row and block of columns. Weights:
 * embeddings int8 `[rows, ceil(width / 2)]`, embeddings_scale `[rows]` or `[rows, blocks]`, and for blocks
 * embeddings_zero int8 and g_idx `[width]`; with a way back of its own the same for reverse_embeddings
 * `[ceil(width / 2), rows]`.
 */
export class Int4Table implements QuantizedTable {
  readonly keepsWeight = false;
  readonly variables: readonly Variable[];
  readonly #form: TableForm;
  readonly #blockSize: number | null;
  readonly #weights: Quantizer | null;
  readonly #inputs: Quantizer | null;
  readonly #table: Variable;
  readonly #scale: Variable;
  readonly #zero: Variable | null = null;
  readonly #groups: Variable | null = null;
  readonly reverseTable: Variable | null = null;
  readonly #reverseScale: Variable | null = null;
  readonly #reverseZero: Variable | null = null;

  constructor(layer: WeightMaker, form: TableForm, blockSize: number | null, config: QuantizationConfig | null) {
    const { name, rows, width, reverse } = form;
    this.#form = form;
    this.#blockSize = blockSize;
    this.#weights = config?.weightQuantizer ?? null;
    this.#inputs = config === null ? AbsMaxQuantizer({ axis: -1 }) : config.activationQuantizer;
    const fixed = { trainable: false } as const;
    const bytes = { ...fixed, dtype: "int8", initializer: "zeros" } as const;
    const half = Math.ceil(width / 2);
    const blocks = blockSize === null ? null : Math.ceil(width / blockSize);
    const shape = blocks === null ? [rows] : [rows, blocks];
    this.#table = layer.addWeight({ ...bytes, name, shape: [rows, half] });
    this.#scale = layer.addWeight({ ...fixed, name: `${name}_scale`, shape, initializer: "ones" });
    const made = [this.#table, this.#scale];
    if (blockSize !== null) {
      this.#zero = layer.addWeight({ ...bytes, name: `${name}_zero`, shape });
      this.#groups = layer.addWeight({ ...fixed, name: "g_idx", shape: [width], initializer: "zeros" });
      this.#groups.assign(groupsOf(width, blockSize));
      made.push(this.#zero, this.#groups);
    }
    if (reverse === "own") {
      const across = blocks === null ? [rows] : [blocks, rows];
      this.reverseTable = layer.addWeight({ ...bytes, name: `reverse_${name}`, shape: [half, rows] });
      this.#reverseScale = layer.addWeight({ ...fixed, name: `reverse_${name}_scale`, shape: across, initializer: "ones" });
      made.push(this.reverseTable, this.#reverseScale);
      // Keras keeps these zero points as floats.
      if (blocks !== null) {
        this.#reverseZero = layer.addWeight({ ...fixed, name: `reverse_${name}_zero`, shape: across, initializer: "zeros" });
        made.push(this.#reverseZero);
      }
    }
    this.variables = made;
  }

  encode(table: Tensor): readonly Tensor[] {
    const size = this.#blockSize;
    if (size === null) {
      const [numbers, scale] = quantized(this.#weights ?? AbsMaxQuantizer({ valueRange: [-8, 7] }), table, [-1]);
      return [packInt4(numbers, { axis: -1 })[0], ops.squeeze(scale, { axis: -1 })];
    }
    const [numbers, scale, zero] = absMaxQuantizeGroupedWithZeroPoint(ops.transpose(table), size);
    const packed = packInt4(ops.transpose(numbers), { axis: -1 })[0];
    return [packed, ops.transpose(scale), ops.transpose(zero), groupsOf(this.#form.width, size)];
  }

  encodeBoth(table: Tensor, reverse: Tensor | null): readonly Tensor[] {
    if (reverse === null) return this.encode(table);
    if (this.#blockSize === null) {
      const [numbers, scale] = quantized(this.#weights ?? AbsMaxQuantizer({ valueRange: [-8, 7] }), reverse, [0]);
      return [...this.encode(table), packInt4(numbers)[0], ops.squeeze(scale, { axis: 0 })];
    }
    const [numbers, scale, zero] = absMaxQuantizeGroupedWithZeroPoint(reverse, this.#blockSize);
    return [...this.encode(table), packInt4(numbers)[0], scale, ops.cast(zero, "float32")];
  }

  decode(): Tensor {
    const numbers = unpackInt4(this.#table.read(), this.#form.width, { axis: -1 });
    return this.#floats(numbers, this.#scale.read(), this.#zero?.read() ?? null);
  }

  lookup(indices: Tensor): Tensor {
    // The bytes of the rows that are asked for, not of the whole table.
    const numbers = unpackInt4(ops.take(this.#table, indices, { axis: 0 }), this.#form.width, { axis: -1 });
    const of = (values: Variable): Tensor => ops.take(values, indices, { axis: 0 });
    return this.#floats(numbers, of(this.#scale), this.#zero === null ? null : of(this.#zero));
  }

  #floats(numbers: Tensor, scale: Tensor, zero: Tensor | null): Tensor {
    if (zero !== null) return dequantizedInGroups(numbers, scale, zero, this.#groups!.read(), -1);
    return ops.divide(ops.cast(numbers, "float32"), ops.expandDims(scale, -1));
  }

  reverse(x: Tensor): Tensor {
    const { width, rows } = this.#form;
    const numbers = unpackInt4(this.reverseTable?.read() ?? ops.transpose(this.#table), width, { axis: 0 });
    const [given, inputScale] = this.#inputs === null ? [x, null] : quantized(this.#inputs, x, [-1]);
    const scale = (this.#reverseScale ?? this.#scale).read();
    const scaled = (y: Tensor): Tensor => (inputScale === null ? y : ops.divide(y, inputScale));
    if (this.#blockSize === null) {
      if (inputScale === null) return ops.divide(ops.matmul(given, ops.cast(numbers, "float32")), scale);
      return ops.divide(exactProduct(matrixForm(width, rows), given, numbers, 128 * 8), ops.multiply(inputScale, scale));
    }
    const own = this.#reverseZero !== null;
    const [scales, zeros] = own ? [scale, this.#reverseZero.read()] : [ops.transpose(scale), ops.transpose(this.#zero!)];
    const table = dequantizedInGroups(numbers, scales, zeros, this.#groups!.read(), 0);
    return scaled(ops.matmul(ops.cast(given, "float32"), table));
  }
}
