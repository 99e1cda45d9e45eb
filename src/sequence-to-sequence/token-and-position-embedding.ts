/** Tokens as vectors that know their place, and vectors as scores of tokens. */
import { ShapeError } from "../errors.ts";
import { formatShape, type Shape, type Tensor } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import { ReversibleEmbeddingLayer } from "../layers/reversible-embedding.ts";
import { type InitializerIdentifier, type LayerOptions, oneOf, positiveInteger, required } from "../layers/layer-options.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type PositionCallOptions, PositionEmbeddingLayer, SinePositionEncodingLayer } from "./position-encoding.ts";
import { TranslationLayer } from "./translation-layer.ts";

/** Options of TokenAndPositionEmbedding. */
export interface TokenAndPositionEmbeddingOptions extends LayerOptions {
  readonly vocabularySize: number;
  /** Longest sequence. */
  readonly sequenceLength: number;
  readonly embeddingDim: number;
  /** Whether the way back (`{ reverse: true }`) uses the same table. Default true. */
  readonly tieWeights?: boolean;
  /** Default "uniform". */
  readonly embeddingsInitializer?: InitializerIdentifier;
  /** Whether token 0 means padding: the output carries a mask. Default false. */
  readonly maskZero?: boolean;
  /** How places are told apart: a learnt table, or sines. Default "learnt". */
  readonly positions?: "learnt" | "sine";
  /** Whether token vectors are multiplied by `sqrt(embeddingDim)` before the places are added (Vaswani, section 3.4). Default false. */
  readonly scale?: boolean;
}

/** Options of a call: those of positions, and the way. */
export interface TokenAndPositionCallOptions extends PositionCallOptions {
  /** Whether vectors become one logit per token. Default false. */
  readonly reverse?: boolean;
}

/**
 * `y[.., p, :] = tokens[x[.., p], :] + positions[p, :]`; with `{ reverse: true }` the logits `y tokens^T`.
 *
 * Shapes: x int32 `[batch, time]` -> `[batch, time, embeddingDim]`; reversed `[.., embeddingDim]` -> `[.., vocabularySize]`.
 * Sequences longer than `sequenceLength` are a ShapeError; a token outside the vocabulary is an IndexError when it runs.
 *
 * @example
 * const embedding = text.TokenAndPositionEmbedding({ vocabularySize: 4000, sequenceLength: 64, embeddingDim: 256 });
 * const logits = embedding(embedding(tokens), { reverse: true });
 */
export class TokenAndPositionEmbeddingLayer extends TranslationLayer<TokenAndPositionEmbeddingOptions> {
  static override readonly className: string = "TokenAndPositionEmbedding";
  declare vocabularySize: number;
  declare sequenceLength: number;
  declare embeddingDim: number;
  declare tieWeights: boolean;
  declare embeddingsInitializer: Initializer;
  declare maskZero: boolean;
  declare positions: "learnt" | "sine";
  declare scale: boolean;
  readonly tokenEmbedding: ReversibleEmbeddingLayer;
  readonly positionEmbedding: PositionEmbeddingLayer | SinePositionEncodingLayer;

  constructor(options: TokenAndPositionEmbeddingOptions) {
    super(options, {
      vocabularySize: required,
      sequenceLength: required,
      embeddingDim: required,
      tieWeights: true,
      embeddingsInitializer: "uniform",
      maskZero: false,
      positions: "learnt",
      scale: false,
    });
    for (const name of ["vocabularySize", "sequenceLength", "embeddingDim"] as const) positiveInteger(this.label, name, this[name]);
    oneOf(this.label, "positions", this.positions, ["learnt", "sine"]);
    const { dtype, trainable } = this;
    this.tokenEmbedding = new ReversibleEmbeddingLayer({
      name: "token_embedding",
      inputDim: this.vocabularySize,
      outputDim: this.embeddingDim,
      tieWeights: this.tieWeights,
      embeddingsInitializer: this.embeddingsInitializer,
      dtype,
      trainable,
    });
    const common = { name: "position_embedding", dtype, trainable };
    this.positionEmbedding =
      this.positions === "sine"
        ? new SinePositionEncodingLayer(common)
        : new PositionEmbeddingLayer({ ...common, sequenceLength: this.sequenceLength });
    this.supportsMasking = this.maskZero;
  }

  override build(): void {
    this.tokenEmbedding.build();
    const vectors: Shape = [null, null, this.embeddingDim];
    this.positionEmbedding.build(vectors);
  }

  override call(x: Tensor, { reverse = false, startIndex = 0 }: TokenAndPositionCallOptions = {}): Tensor {
    if (reverse) return this.tokenEmbedding(x, { reverse: true });
    if (x.rank < 1 || x.dim(-1) > this.sequenceLength)
      throw new ShapeError({
        where: this.label,
        problem: "the sequence is too long",
        expected: `[batch, time], time at most ${this.sequenceLength}`,
        received: formatShape(x.shape),
        advice: "cut the sequences, or make the layer with a larger sequenceLength",
      });
    const rows = this.tokenEmbedding(x);
    const tokens = this.scale ? ops.multiply(rows, Math.sqrt(this.embeddingDim)) : rows;
    return ops.add(tokens, this.positionEmbedding(tokens, { startIndex }));
  }

  override computeMask(x: Tensor, _mask?: unknown): Tensor | null {
    return this.maskZero && x.dtype === "int32" ? ops.notEqual(x, 0) : null;
  }
}

/** Tokens as vectors that know their place; see {@link TokenAndPositionEmbeddingLayer}. */
export const TokenAndPositionEmbedding: CallableClass<typeof TokenAndPositionEmbeddingLayer> =
  /* @__PURE__ */ callableClass(TokenAndPositionEmbeddingLayer);
export type TokenAndPositionEmbedding = TokenAndPositionEmbeddingLayer;
