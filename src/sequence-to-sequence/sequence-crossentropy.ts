/** The loss of models of sequences: cross-entropy of tokens without padding, with smoothed labels. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { Loss, type LossOptions } from "../losses/loss.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";

/** Options of SequenceCrossentropy. */
export interface SequenceCrossentropyOptions extends LossOptions {
  /** Share of the probability that is spread over all tokens, 0 to 1. Default 0. */
  readonly labelSmoothing?: number;
  /** The token that gives no loss; null: every token counts. Default 0. */
  readonly padToken?: number | null;
}

/**
 * `-sum over tokens of t log(softmax(logits))` with `t = (1 - s) [token is the label] + s / vocabulary`, the mean over all
 * labels but padding. C. Szegedy and others, "Rethinking the Inception architecture", 2016, section 7.
 *
 * Shapes: labels int32 `[batch, time]`, logits `[batch, time, vocabulary]` -> a number (`reduction`).
 *
 * @example
 * model.compile({ optimizer: "adam", loss: text.SequenceCrossentropy({ labelSmoothing: 0.1 }) });
 */
export class SequenceCrossentropyLoss extends Loss {
  static override readonly className: string = "SequenceCrossentropy";
  readonly labelSmoothing: number;
  readonly padToken: number | null;

  constructor(options: SequenceCrossentropyOptions = {}) {
    super("sequence_crossentropy", options, ["labelSmoothing", "padToken"]);
    const { labelSmoothing = 0, padToken = 0 } = options;
    if (!(labelSmoothing >= 0 && labelSmoothing < 1))
      throw new ValueError({
        where: `loss "${this.name}"`,
        problem: "labelSmoothing is a share",
        expected: "0 <= labelSmoothing < 1",
        received: String(labelSmoothing),
      });
    this.labelSmoothing = labelSmoothing;
    this.padToken = padToken;
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const vocabulary = yPred.dim(-1);
    const hot = ops.oneHot(ops.cast(yTrue, "int32"), vocabulary, { dtype: yPred.dtype });
    const spread = this.labelSmoothing / vocabulary;
    const target = this.labelSmoothing === 0 ? hot : ops.add(ops.multiply(hot, 1 - this.labelSmoothing), spread);
    return ops.categoricalCrossentropy(target, yPred, { fromLogits: true });
  }

  protected override impliedMask(yTrue: Tensor): Tensor | null {
    return this.padToken === null ? null : ops.notEqual(ops.cast(yTrue, "int32"), this.padToken);
  }

  protected override options(): Record<string, unknown> {
    return { ...super.options(), labelSmoothing: this.labelSmoothing, padToken: this.padToken };
  }
}

/** Cross-entropy of tokens without padding; see {@link SequenceCrossentropyLoss}. */
export const SequenceCrossentropy: CallableClass<typeof SequenceCrossentropyLoss> = /* @__PURE__ */ callableClass(SequenceCrossentropyLoss);
export type SequenceCrossentropy = SequenceCrossentropyLoss;
