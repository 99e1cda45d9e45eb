/** A table of vectors that is also the last layer of a language model. */
import { ValueError } from "../errors.ts";
import type { DType } from "../dtype/index.ts";
import type { Tensor, Variable } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { EmbeddingLayer, type EmbeddingOptions } from "./embedding.ts";
import type { CallOptions } from "./layer.ts";
import { describe, oneOf } from "./layer-options.ts";
import { attachMask } from "./masks.ts";
import type { QuantizedTable, TableForm } from "./quantized/forms.ts";

/** Options of ReversibleEmbedding. */
export interface ReversibleEmbeddingOptions extends EmbeddingOptions {
  /** Whether the way back uses the same table. Default true; else it has weights of its own. */
  readonly tieWeights?: boolean;
  /** Dtype of the way back. Default: that of its input. */
  readonly reverseDtype?: DType | null;
  /** Keeps what comes out of the way back within this: `c tanh(y / c)`. Default: no bound. */
  readonly logitSoftCap?: number | null;
}

/** Options of a call: those of every layer, and the way. */
export interface ReversibleEmbeddingCallOptions extends CallOptions {
  /** Whether vectors become one number per row of the table. Default false. */
  readonly reverse?: boolean;
}

/**
 * An Embedding that can be walked backwards: `y = embeddings[x]`, and with `{ reverse: true }` the products of vectors
 * with all rows, `y = x embeddings^T`. Press, Wolf, "Using the Output Embedding to Improve Language Models", 2016.
 *
 * Shapes: x `[...]` int32 -> `[..., outputDim]`; reversed `[..., outputDim]` -> `[..., inputDim]`.
 *
 * @example
 * const table = layers.ReversibleEmbedding({ inputDim: 1000, outputDim: 64 });
 * const logits = table(table(tokens), { reverse: true });
 */
export class ReversibleEmbeddingLayer extends EmbeddingLayer {
  static override readonly className: string = "ReversibleEmbedding";
  declare tieWeights: boolean;
  declare reverseDtype: DType | null;
  declare logitSoftCap: number | null;
  reverseEmbeddings: Variable | null = null;

  constructor(options: ReversibleEmbeddingOptions) {
    super(options, { tieWeights: true, reverseDtype: null, logitSoftCap: null });
    if (this.reverseDtype !== null) oneOf(this.label, "reverseDtype", this.reverseDtype, ["float32", "float64"]);
    if (this.logitSoftCap !== null && !(typeof this.logitSoftCap === "number" && this.logitSoftCap > 0)) {
      throw new ValueError({
        where: this.label,
        problem: "logitSoftCap is a positive number",
        expected: "for example 30, or null",
        received: describe(this.logitSoftCap),
      });
    }
  }

  override build(): void {
    super.build();
    if (this.tieWeights || this.quantized !== null) return;
    this.reverseEmbeddings = this.addWeight({
      name: "reverse_embeddings",
      shape: [this.outputDim, this.inputDim],
      initializer: this.embeddingsInitializer,
    });
  }

  protected override get isPlain(): boolean {
    return this.className === ReversibleEmbeddingLayer.className;
  }

  protected override tableForm(): TableForm {
    return { ...super.tableForm(), reverse: this.tieWeights ? "tied" : "own" };
  }

  protected override encodedTable(quantized: QuantizedTable): readonly Tensor[] {
    return quantized.encodeBoth(this.embeddings.read(), this.reverseEmbeddings?.read() ?? null);
  }

  protected override store(quantized: QuantizedTable, fill: boolean): void {
    super.store(quantized, fill);
    if (fill && this.reverseEmbeddings !== null) this.removeWeight(this.reverseEmbeddings);
    this.reverseEmbeddings = quantized.reverseTable;
  }

  override call(x: Tensor, { reverse = false }: ReversibleEmbeddingCallOptions = {}): Tensor {
    if (!reverse) {
      const y = super.call(x);
      if (this.maskZero) attachMask(y, ops.notEqual(x, 0));
      return y;
    }
    const { quantized } = this;
    if (quantized !== null) return this.#capped(quantized.reverse(x));
    const table = this.reverseEmbeddings ?? ops.transpose(this.adaptedKernel());
    const cast = (t: Tensor | Variable): Tensor | Variable => (this.reverseDtype === null ? t : ops.cast(t, this.reverseDtype));
    return this.#capped(ops.matmul(cast(x), cast(table)));
  }

  #capped(logits: Tensor): Tensor {
    const cap = this.logitSoftCap;
    return cap === null ? logits : ops.multiply(ops.tanh(ops.divide(logits, cap)), cap);
  }

  /** The mask goes with the vectors, not with what comes back. */
  override computeMask(_inputs?: unknown, _mask?: unknown): null {
    return null;
  }
}

/** A table of vectors that is also the last layer of a language model; see {@link ReversibleEmbeddingLayer}. */
export const ReversibleEmbedding: CallableClass<typeof ReversibleEmbeddingLayer> = /* @__PURE__ */ callableClass(ReversibleEmbeddingLayer);
export type ReversibleEmbedding = ReversibleEmbeddingLayer;
