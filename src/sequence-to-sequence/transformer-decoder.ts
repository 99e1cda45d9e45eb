/** A layer of a transformer that writes. */
import { ShapeError } from "../errors.ts";
import { formatShape, type Shape, Tensor } from "../graph/index.ts";
import type { CallOptions, InputShape } from "../layers/layer.ts";
import type { LayerNormalizationLayer } from "../layers/layer-normalization.ts";
import { maskOf } from "../layers/masks.ts";
import type { MultiHeadAttentionLayer } from "../layers/multi-head-attention.ts";
import { isShape } from "../layers/structure.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { attendCached, type KeyValueCache, keysAndValues } from "./cached-attention.ts";
import { TransformerLayer, type TransformerLayerOptions } from "./transformer-layer.ts";

/** Options of TransformerDecoder. */
export type TransformerDecoderOptions = TransformerLayerOptions;

/** Options of a call of TransformerDecoder. */
export interface TransformerDecoderCallOptions extends CallOptions {
  /** Bool `[batch, time]`: which places count. Default: the mask that the input carries. */
  readonly decoderPaddingMask?: Tensor | null;
  /** Bool `[batch, time, time]`: which place sees which, beside the causal mask. */
  readonly decoderAttentionMask?: Tensor | null;
  /** Bool `[batch, source]`: which places of the encoder's output count. Default: the mask that it carries. */
  readonly encoderPaddingMask?: Tensor | null;
  /** Whether a place sees only itself and those before. Default true. */
  readonly useCausalMask?: boolean;
  /** Whether the result is `[output, weights]`, the weights over the encoder's output `[batch, heads, time, source]`. Default false. */
  readonly returnAttentionScores?: boolean;
}

/** What one step of decoding is given beside its input. */
export interface TransformerDecoderStep {
  /** Keys and values of the steps before, `[n, maxLength, heads, width]`. */
  readonly past: KeyValueCache;
  /** int32 scalar: number of steps before. */
  readonly position: Tensor;
  /** Of the encoder's output, from `prepare`: `[batch, source, heads, width]`, one for every `n / batch` rows. */
  readonly encoded: KeyValueCache;
  /** Bool `[batch, source]`. */
  readonly encoderPaddingMask: Tensor | null;
}

/**
 * Causal self-attention, attention to the encoder's output, and a feed-forward part, each added to what it reads, with
 * layer normalisation before or after. A. Vaswani and others, "Attention is all you need", 2017, section 3.1.
 *
 * Shapes: x `[batch, time, width]`, encoded `[batch, source, any]` -> `[batch, time, width]`. Padding is not seen. Weights:
 * as TransformerEncoder, and cross_attention with its normalisation.
 *
 * `step` gives the same values one place at a time, with the keys and values of the places before kept.
 *
 * @example
 * const y = text.TransformerDecoder({ intermediateDim: 512, numHeads: 4, dropout: 0.1 })(x, encoded);
 */
export class TransformerDecoderLayer extends TransformerLayer {
  static override readonly className: string = "TransformerDecoder";
  crossAttention!: MultiHeadAttentionLayer;
  crossAttentionNorm!: LayerNormalizationLayer;

  constructor(options: TransformerDecoderOptions) {
    super(options);
    this.inputSpec = { rank: 3 };
  }

  override build(inputShape: InputShape, encodedShape?: InputShape): void {
    const [x, encoded = encodedShape] = isShape(inputShape) ? [inputShape] : (inputShape as readonly Shape[]);
    if (x === undefined || !isShape(encoded) || encoded.length !== 3)
      throw new ShapeError({
        where: this.label,
        problem: "the layer is built from the shapes of its input and of the encoder's output",
        expected: "build([batch, time, width], [batch, source, width])",
        received: x === undefined ? "nothing" : formatShape(x),
      });
    this.buildParts(x);
    this.crossAttention = this.attention("cross_attention", x, encoded);
    this.crossAttentionNorm = this.norm("cross_attention_norm", x);
    this.inputSpec = { rank: 3, axes: { [-1]: this.widthOf(x) } };
  }

  override call(x: Tensor, encoded: Tensor, options: TransformerDecoderCallOptions = {}): Tensor | [Tensor, Tensor] {
    if (!(encoded instanceof Tensor))
      throw new ShapeError({
        where: this.label,
        problem: "the encoder's output is missing",
        expected: "layer(x, encoded)",
        received: "one input",
      });
    const { mask = null, decoderPaddingMask = mask as Tensor | null, decoderAttentionMask = null } = options;
    const { encoderPaddingMask = maskOf(encoded), useCausalMask = true, returnAttentionScores = false } = options;
    const written = this.residual(x, this.selfAttentionNorm, (part) =>
      this.selfAttention(part, part, {
        valueMask: decoderPaddingMask,
        attentionMask: decoderAttentionMask,
        useCausalMask,
      }),
    );
    let weights = x;
    const read = this.residual(written, this.crossAttentionNorm, (part) => {
      const masks = { valueMask: encoderPaddingMask };
      if (!returnAttentionScores) return this.crossAttention(part, encoded, masks);
      const [output, scores] = this.crossAttention(part, encoded, { ...masks, returnAttentionScores });
      weights = scores;
      return output;
    });
    const output = this.feedforward(read);
    return returnAttentionScores ? [output, weights] : output;
  }

  /** Keys and values of the encoder's output, `[batch, source, heads, width]`. */
  prepare(encoded: Tensor): KeyValueCache {
    return keysAndValues(this.crossAttention, encoded);
  }

  /** Room for the keys and values of `maxLength` steps of `n` rows. */
  emptyCache(n: number, maxLength: number): KeyValueCache {
    const { numHeads, keyDim, valueDim } = this.selfAttention;
    const room = (width: number): Tensor => ops.zeros([n, maxLength, numHeads, width], { dtype: this.dtype });
    return { key: room(keyDim), value: room(valueDim) };
  }

  /** One place of every row: x `[n, 1, width]` -> the same, and the keys and values with this place's among them. */
  step(x: Tensor, { past, position, encoded, encoderPaddingMask }: TransformerDecoderStep): [Tensor, KeyValueCache] {
    const [n, maxLength] = [past.key.dim(0), past.key.dim(1)];
    let cache = past;
    const written = this.residual(x, this.selfAttentionNorm, (part) => {
      const here = keysAndValues(this.selfAttention, part);
      const zero = ops.zeros([1], { dtype: "int32" });
      const start = ops.concatenate([zero, ops.reshape(position, [1]), zero, zero]);
      cache = { key: ops.sliceUpdate(past.key, start, here.key), value: ops.sliceUpdate(past.value, start, here.value) };
      const seen = ops.reshape(ops.lessEqual(ops.arange(maxLength), position), [1, 1, maxLength]);
      return attendCached(this.selfAttention, part, cache, seen);
    });
    const read = this.residual(written, this.crossAttentionNorm, (part) => {
      // Rows that belong to one sentence are queries beside each other: its keys and values are not copied.
      const batch = encoded.key.dim(0);
      const width = part.dim(-1);
      const mask = encoderPaddingMask === null ? null : ops.expandDims(encoderPaddingMask, 1);
      const queries = ops.reshape(part, [batch, n / batch, width]);
      return ops.reshape(attendCached(this.crossAttention, queries, encoded, mask), [n, 1, width]);
    });
    return [this.feedforward(read), cache];
  }

  override getBuildConfig(): Config | null {
    if (this.buildShape === null) return null;
    const [x, encoded] = this.buildShape as readonly Shape[];
    return { decoder_sequence_shape: x, encoder_sequence_shape: encoded };
  }

  override buildFromConfig(config: Config): void {
    const { decoder_sequence_shape: x, encoder_sequence_shape: encoded } = config as Record<string, unknown>;
    if (isShape(x) && isShape(encoded)) this.build(x, encoded);
  }
}

/** A layer of a transformer that writes; see {@link TransformerDecoderLayer}. */
export const TransformerDecoder: CallableClass<typeof TransformerDecoderLayer> = /* @__PURE__ */ callableClass(TransformerDecoderLayer);
export type TransformerDecoder = TransformerDecoderLayer;
