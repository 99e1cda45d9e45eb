/** A layer that looks vectors up in a table. */
import type { Constraint } from "../constraints/index.ts";
import type { DType } from "../dtype/index.ts";
import type { Tensor, Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import type { QuantizationMode } from "../quantizers/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import type { AdaptedWeight } from "./adaptable-layer.ts";
import {
  type ConstraintIdentifier,
  type InitializerIdentifier,
  type OptionDefaults,
  positiveInteger,
  type RegularizerIdentifier,
  required,
} from "./layer-options.ts";
import { QuantizableLayer, type QuantizableOptions } from "./quantizable-layer.ts";
import type { QuantizedTable, TableForm } from "./quantized/forms.ts";
import { quantizationParts } from "./quantized/parts.ts";

/** Options of Embedding. `inputDim` here is the number of rows of the table. */
export interface EmbeddingOptions extends QuantizableOptions {
  /** Number of rows: the largest index plus one. */
  readonly inputDim: number;
  /** Width of a row. */
  readonly outputDim: number;
  readonly embeddingsInitializer?: InitializerIdentifier;
  readonly embeddingsRegularizer?: RegularizerIdentifier | null;
  readonly embeddingsConstraint?: ConstraintIdentifier | null;
  /** Whether index 0 means padding: the output carries a mask. Default false. */
  readonly maskZero?: boolean;
}

/**
 * `y[..., :] = embeddings[x[...], :]`. An index outside the table is an IndexError when it runs.
 *
 * Shapes: x `[...]` int32 -> `[..., outputDim]`. Weights: embeddings `[inputDim, outputDim]`.
 *
 * @example
 * const y = layers.Embedding({ inputDim: 1000, outputDim: 64 })(tokens);
 */
export class EmbeddingLayer extends QuantizableLayer<EmbeddingOptions, QuantizedTable> {
  static override readonly className: string = "Embedding";
  declare inputDim: number;
  declare outputDim: number;
  declare embeddingsInitializer: Initializer;
  declare embeddingsRegularizer: Regularizer | null;
  declare embeddingsConstraint: Constraint | null;
  declare maskZero: boolean;
  /** The table; where it is quantized, its stored whole numbers. */
  embeddings!: Variable;

  constructor(options: EmbeddingOptions, more: OptionDefaults = {}) {
    super(options, {
      inputDim: required,
      outputDim: required,
      embeddingsInitializer: "uniform",
      embeddingsRegularizer: null,
      embeddingsConstraint: null,
      maskZero: false,
      ...more,
    });
    positiveInteger(this.label, "inputDim", this.inputDim);
    positiveInteger(this.label, "outputDim", this.outputDim);
    this.supportsMasking = this.maskZero;
  }

  protected override get writesActivityRegularizer(): boolean {
    return true;
  }

  override build(): void {
    if (!this.buildQuantized()) {
      this.embeddings = this.addWeight({
        name: "embeddings",
        shape: [this.inputDim, this.outputDim],
        initializer: this.embeddingsInitializer,
        regularizer: this.embeddingsRegularizer,
        constraint: this.embeddingsConstraint,
      });
    }
    this.adaptWhereAsked();
  }

  protected override adapted(): AdaptedWeight {
    const shape = [this.inputDim, this.outputDim];
    return { weight: this.embeddings, shape, regularizer: this.embeddingsRegularizer, constraint: this.embeddingsConstraint };
  }

  protected override get isPlain(): boolean {
    return this.className === EmbeddingLayer.className;
  }

  /** The table as quantized ones see it. */
  protected tableForm(): TableForm {
    return { name: "embeddings", rows: this.inputDim, width: this.outputDim, reverse: null };
  }

  protected override get modes(): readonly QuantizationMode[] {
    return ["int8", "int4"];
  }

  protected override makeQuantized(): QuantizedTable {
    return quantizationParts(this.label).table(this, this.tableForm(), this.policy, this.quantizationConfig);
  }

  protected override store(quantized: QuantizedTable, fill: boolean): void {
    if (fill) {
      const values = this.encodedTable(quantized);
      quantized.variables.forEach((variable, i) => variable.assign(values[i]!));
      this.removeWeight(this.embeddings);
    }
    this.embeddings = quantized.variables[0]!;
  }

  /** The stored form's values for the float weights. */
  protected encodedTable(quantized: QuantizedTable): readonly Tensor[] {
    return quantized.encode(this.embeddings.read());
  }

  protected override get inputDType(): DType {
    return "int32";
  }

  override call(x: Tensor): Tensor {
    const indices = ops.cast(x, "int32");
    const rows = this.quantized?.lookup(indices) ?? ops.take(this.embeddings, indices, { axis: 0 });
    const adapters = this.adapters();
    if (adapters === null) return rows;
    // The rows that are asked for alone, not the whole table.
    return ops.add(rows, ops.multiply(ops.matmul(ops.take(adapters.a, indices, { axis: 0 }), adapters.b), adapters.scale));
  }

  override computeMask(x: Tensor, _mask?: unknown): Tensor | null {
    return this.maskZero ? ops.notEqual(x, 0) : null;
  }
}

/** Looks vectors up in a table; see {@link EmbeddingLayer}. */
export const Embedding: CallableClass<typeof EmbeddingLayer> = /* @__PURE__ */ callableClass(EmbeddingLayer);
export type Embedding = EmbeddingLayer;
