/** Attention by a small network. */
import { ShapeError } from "../errors.ts";
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type AttentionLayerOptions, ScoredAttention } from "./attention.ts";
import { describe } from "./layer-options.ts";
import { knownExtent } from "./known-extent.ts";
import type { InputShape } from "./layer.ts";

/** Options of AdditiveAttention. */
export type AdditiveAttentionOptions = AttentionLayerOptions;

/**
 * Attention of Bahdanau et al. (2015): `output = softmax(scores) value`, with scores `sum of scale tanh(q + k)`. Masks as
 * in Attention.
 *
 * Shapes: [query `[batch, queries, width]`, value `[batch, values, out]`, key `[batch, values, width]` (default: the
 * values)] -> `[batch, queries, out]`; with `returnAttentionScores` a list with the weights `[batch, queries, values]`.
 * Weights: scale `[width]` where `useScale` (the default).
 *
 * @example
 * const y = layers.AdditiveAttention()([query, value]);
 */
export class AdditiveAttentionLayer extends ScoredAttention<AdditiveAttentionOptions> {
  static override readonly className: string = "AdditiveAttention";

  constructor(options: AdditiveAttentionOptions = {}) {
    super(options, { useScale: true, dropout: 0, seed: null });
  }

  override build(inputShape: InputShape): void {
    const [query] = inputShape as readonly Shape[];
    if (!Array.isArray(query)) {
      throw new ShapeError({
        where: this.label,
        problem: "the layer is built for the shapes of a list",
        expected: "the shapes of query and value, for example [[null, 5, 8], [null, 7, 8]]",
        received: describe(inputShape),
      });
    }
    const width = knownExtent(this.label, query as Shape, -1);
    if (this.useScale) this.scale = this.addWeight({ name: "scale", shape: [width], initializer: "glorot_uniform" });
  }

  protected override scores(query: Tensor, key: Tensor): Tensor {
    const sum = ops.tanh(ops.add(ops.expandDims(query, 2), ops.expandDims(key, 1)));
    return ops.sum(this.scale === null ? sum : ops.multiply(this.scale, sum), { axis: -1 });
  }
}

/** Attention by a small network; see {@link AdditiveAttentionLayer}. */
export const AdditiveAttention: CallableClass<typeof AdditiveAttentionLayer> = /* @__PURE__ */ callableClass(AdditiveAttentionLayer);
export type AdditiveAttention = AdditiveAttentionLayer;
