/** A layer of a transformer that reads. */
import type { Shape, Tensor } from "../graph/index.ts";
import type { CallOptions } from "../layers/layer.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { TransformerLayer, type TransformerLayerOptions } from "./transformer-layer.ts";

/** Options of TransformerEncoder. */
export type TransformerEncoderOptions = TransformerLayerOptions;

/** Options of a call of TransformerEncoder. */
export interface TransformerEncoderCallOptions extends CallOptions {
  /** Bool `[batch, time]`: which places count. Default: the mask that the input carries. */
  readonly paddingMask?: Tensor | null;
  /** Bool `[batch, time, time]`: which place sees which. */
  readonly attentionMask?: Tensor | null;
  /** Whether the result is `[output, weights]`, the weights `[batch, heads, time, time]`. Default false. */
  readonly returnAttentionScores?: boolean;
}

/**
 * Self-attention and a feed-forward part, each added to what it reads: `x + Attention(x)`, `x + W2 activation(W1 x)`, with
 * layer normalisation before or after. A. Vaswani and others, "Attention is all you need", 2017, section 3.1.
 *
 * Shapes: x `[batch, time, width]` -> the same. Padding is not seen. Weights: self_attention (query, key, value, output),
 * feedforward_intermediate `[width, intermediateDim]`, feedforward_output `[intermediateDim, width]`, and two normalisations.
 *
 * @example
 * const y = text.TransformerEncoder({ intermediateDim: 512, numHeads: 4, dropout: 0.1 })(x);
 */
export class TransformerEncoderLayer extends TransformerLayer {
  static override readonly className: string = "TransformerEncoder";

  constructor(options: TransformerEncoderOptions) {
    super(options);
    this.inputSpec = { rank: 3 };
  }

  override build(inputShape: Shape): void {
    this.buildParts(inputShape);
    this.inputSpec = { rank: 3, axes: { [-1]: this.widthOf(inputShape) } };
  }

  override call(x: Tensor, options: TransformerEncoderCallOptions = {}): Tensor | [Tensor, Tensor] {
    const { mask = null, paddingMask = mask as Tensor | null, attentionMask = null, returnAttentionScores = false } = options;
    let weights = x;
    const attended = this.residual(x, this.selfAttentionNorm, (part) => {
      const masks = { valueMask: paddingMask, attentionMask: attentionMask === null ? null : ops.cast(attentionMask, "bool") };
      if (!returnAttentionScores) return this.selfAttention(part, part, masks);
      const [output, scores] = this.selfAttention(part, part, { ...masks, returnAttentionScores });
      weights = scores;
      return output;
    });
    const output = this.feedforward(attended);
    return returnAttentionScores ? [output, weights] : output;
  }
}

/** A layer of a transformer that reads; see {@link TransformerEncoderLayer}. */
export const TransformerEncoder: CallableClass<typeof TransformerEncoderLayer> = /* @__PURE__ */ callableClass(TransformerEncoderLayer);
export type TransformerEncoder = TransformerEncoderLayer;
