/** How many words a language model hesitates between. */
import { concreteShape, type Tensor, type Variable, withScope } from "../graph/index.ts";
import { sparseCategoricalCrossentropy } from "../losses/crossentropy.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { add, divideNoNan, logicalAnd, multiply, notEqual, where } from "../ops/numpy/arithmetic.ts";
import { cast, exp } from "../ops/numpy/elementwise.ts";
import { sum } from "../ops/numpy/reduce.ts";
import { broadcastTo, squeeze } from "../ops/numpy/shaping.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Metric, type MetricOptions, type UpdateOptions } from "./metric.ts";
import { weightsFor } from "./update-weights.ts";

/** Options of Perplexity. */
export interface PerplexityOptions extends MetricOptions {
  /** Whether predictions are logits instead of probabilities. Default false. */
  fromLogits?: boolean;
  /** A token that does not count, such as that of padding. Default null: all count. */
  maskTokenId?: number | null;
}

/**
 * Perplexity: `exp(sum of w -ln p(token) / sum of w)` over all tokens of all batches, w their weights (1, 0 where masked).
 * A model that chooses among k words by chance has perplexity k. KerasHub's `Perplexity`.
 *
 * Shapes: yTrue class numbers `[..]`, yPred `[.., vocabulary]`; mask and sampleWeight broadcast to `[..]`.
 *
 * @example
 * model.compile({ loss, metrics: [metrics.Perplexity({ fromLogits: true, maskTokenId: 0 })] });
 */
export class PerplexityMetric extends Metric {
  static override readonly className: string = "Perplexity";
  static readonly package: string = "nabla";
  readonly fromLogits: boolean;
  readonly maskTokenId: number | null;
  readonly #crossentropy: Variable;
  readonly #tokens: Variable;

  constructor(options: PerplexityOptions = {}) {
    super("perplexity", options, ["fromLogits", "maskTokenId"]);
    this.fromLogits = options.fromLogits ?? false;
    this.maskTokenId = options.maskTokenId ?? null;
    this.#crossentropy = this.addVariable({ shape: [], name: "aggregate_crossentropy" });
    this.#tokens = this.addVariable({ shape: [], name: "number_of_samples" });
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    withScope(`metric "${this.name}"`, () => {
      const prediction = cast(asTensor(yPred), "float32");
      const given = cast(asTensor(yTrue), "int32");
      const labels = given.rank === prediction.rank && given.shape.at(-1) === 1 ? squeeze(given, -1) : given;
      const kept = this.maskTokenId === null ? null : notEqual(labels, this.maskTokenId);
      // The token that does not count may lie outside the vocabulary (-1).
      const asked = kept === null ? labels : where(kept, labels, 0);
      const losses = sparseCategoricalCrossentropy(asked, prediction, { fromLogits: this.fromLogits });
      const counted = countedTokens(losses, kept, options);
      if (counted === null) {
        this.#add(sum(losses), losses.size);
        return;
      }
      // What weighs nothing adds nothing, be it infinite.
      this.#add(sum(where(notEqual(counted, 0), multiply(losses, counted), 0)), sum(counted));
    });
  }

  #add(crossentropy: Tensor, tokens: Tensor | number): void {
    this.#crossentropy.assign(add(this.#crossentropy, crossentropy));
    this.#tokens.assign(add(this.#tokens, tokens));
  }

  override result(): Tensor {
    const nothing = divideNoNan(this.#tokens, this.#tokens);
    return multiply(nothing, exp(divideNoNan(this.#crossentropy, this.#tokens)));
  }

  protected override options(): Record<string, unknown> {
    return { fromLogits: this.fromLogits, maskTokenId: this.maskTokenId };
  }
}

/** Weights of the tokens, of the shape of their losses; null where all count alike. */
function countedTokens(losses: Tensor, kept: Tensor | null, { sampleWeight = null, mask = null }: UpdateOptions): Tensor | null {
  const masks = [kept, mask === null ? null : cast(asTensor(mask), "bool")].filter((part) => part !== null);
  const both = masks.length === 2 ? logicalAnd(masks[0]!, masks[1]!) : (masks[0] ?? null);
  const weight = weightsFor(losses, { sampleWeight, mask: both });
  return weight === null ? null : broadcastTo(weight, concreteShape(losses));
}

/** How many words a language model hesitates between; see {@link PerplexityMetric}. */
export const Perplexity: CallableClass<typeof PerplexityMetric> = /* @__PURE__ */ callableClass(PerplexityMetric);
export type Perplexity = PerplexityMetric;
