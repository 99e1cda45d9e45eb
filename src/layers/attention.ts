/** Attention by dot products. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Shape, Tensor, type Variable } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { dropout, SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { causalMask } from "./attention-masks.ts";
import { type CallOptions, type InputShape, Layer } from "./layer.ts";
import { describe, type LayerOptions, oneOf, type OptionDefaults } from "./layer-options.ts";
import { checkRate } from "./rnn-cell.ts";
import type { Structure } from "./structure.ts";

/** Options that Attention and AdditiveAttention share. */
export interface AttentionLayerOptions extends LayerOptions {
  /** Whether the scores have a scale that is trained. */
  readonly useScale?: boolean;
  /** Share of the weights that is dropped in training. Default 0. */
  readonly dropout?: number;
  readonly seed?: number | null;
}

/** Options of Attention. */
export interface AttentionOptions extends AttentionLayerOptions {
  /** "dot": `q . k`; "concat": `w sum of tanh(q + k)`. Default "dot". */
  readonly scoreMode?: "dot" | "concat";
}

/** Options of a call of an attention layer. */
export interface AttentionCallOptions extends CallOptions {
  /** Of queries and values: bool `[batch, queries]` and `[batch, values]` (or `[batch, queries, values]`). */
  readonly mask?: readonly (Tensor | null)[] | null;
  /** Whether the result is `[output, weights]`. Default false. */
  readonly returnAttentionScores?: boolean;
  /** Whether a query sees only values at its own place and before. Default false. */
  readonly useCausalMask?: boolean;
}

/** Added to a score that must not count: it is so small that nothing of it is left after softmax, but finite. */
const uncounted = (scores: Tensor): number => (scores.dtype === "float16" ? -65504 : -1e9);

/** What layers that attend to values by scores of queries and keys share. */
export abstract class ScoredAttention<Options extends AttentionLayerOptions> extends Layer<Options> {
  static override readonly defaultTraining = false;
  declare useScale: boolean;
  declare dropout: number;
  declare seed: number | null;
  scale: Variable | null = null;
  readonly seedGenerator: SeedGenerator;

  constructor(options: Options, defaults: OptionDefaults) {
    super(options, defaults);
    checkRate(this.label, "dropout", this.dropout);
    this.seedGenerator = new SeedGenerator({ seed: this.seed });
    this.supportsMasking = true;
  }

  /** Scores of every query with every key: `[batch, queries, dim]`, `[batch, keys, dim]` -> `[batch, queries, keys]`. */
  protected abstract scores(query: Tensor, key: Tensor): Tensor;

  protected override checkInput(inputs: unknown): void {
    const isList = Array.isArray(inputs) && inputs.every((input) => input instanceof Tensor);
    if (!isList || inputs.length < 2 || inputs.length > 3) {
      throw new ValueError({
        where: this.label,
        problem: "the layer takes a list of two or three tensors",
        expected: "[query, value] or [query, value, key]",
        received: isList ? `a list of ${inputs.length}` : inputs instanceof Tensor ? inputs.toString() : describe(inputs),
        advice: "write the inputs as one list: layer([query, value])",
      });
    }
    const [query, value, key = value] = inputs as readonly Tensor[];
    for (const tensor of inputs as readonly Tensor[]) {
      if (tensor.rank === 3) continue;
      throw new ShapeError({
        where: this.label,
        problem: "an input has the wrong number of axes",
        expected: "[batch, time, features] each",
        received: formatShape(tensor.shape),
      });
    }
    const differ = (a: Tensor, b: Tensor, axis: number): boolean =>
      a.shape[axis] !== null && b.shape[axis] !== null && a.shape[axis] !== b.shape[axis];
    const wrong = differ(query!, value!, 0)
      ? "queries and values have different batch sizes"
      : differ(value!, key!, 1) || differ(value!, key!, 0)
        ? "there is not one key per value"
        : differ(query!, key!, 2)
          ? "queries and keys have different widths"
          : null;
    if (wrong === null) return;
    throw new ShapeError({
      where: this.label,
      problem: wrong,
      expected: "query [batch, queries, width], value [batch, values, any], key [batch, values, width]",
      received: (inputs as readonly Tensor[]).map((tensor) => formatShape(tensor.shape)).join(", "),
    });
  }

  override call(
    inputs: readonly Tensor[],
    { training = false, mask = null, returnAttentionScores = false, useCausalMask = false }: AttentionCallOptions = {},
  ): Tensor | [Tensor, Tensor] {
    const [query, value, key = value] = inputs;
    const [queryMask, valueMask] = this.#masks(mask, query!, value!);
    let scores = this.scores(query!, key!);
    const causal = useCausalMask ? causalMask(query!.dim(1), value!.dim(1)) : null;
    const counts = valueMask === null ? causal : causal === null ? valueMask : ops.logicalAnd(valueMask, causal);
    if (counts !== null) scores = ops.where(counts, scores, ops.add(scores, uncounted(scores)));
    let weights = ops.softmax(scores, { axis: -1 });
    if (training === true && this.dropout > 0) weights = dropout(weights, this.dropout, { seed: this.seedGenerator });
    let output = ops.matmul(weights, value!);
    if (queryMask !== null) output = ops.where(ops.expandDims(queryMask, -1), output, 0);
    return returnAttentionScores ? [output, weights] : output;
  }

  /** The masks of queries, `[batch, queries]`, and values, `[batch, 1 or queries, values]`. */
  #masks(mask: AttentionCallOptions["mask"], query: Tensor, value: Tensor): [Tensor | null, Tensor | null] {
    if (mask === null || mask === undefined) return [null, null];
    if (!Array.isArray(mask) || mask.length < 2 || mask.length > 3) {
      throw new ValueError({
        where: this.label,
        problem: "the mask is no list of one mask per input",
        expected: "[queryMask, valueMask]; null for none",
        received: Array.isArray(mask) ? `a list of ${mask.length}` : describe(mask),
      });
    }
    const [ofQuery, ofValue] = (mask as (Tensor | null)[]).map((entry) => (entry === null ? null : ops.cast(entry, "bool")));
    const fits = (tensor: Tensor, wanted: Shape): boolean =>
      tensor.rank === wanted.length &&
      wanted.every((extent, axis) => tensor.shape[axis] === extent || (axis > 0 && tensor.shape[axis] === 1));
    const [batch, queries, values] = [query.dim(0), query.dim(1), value.dim(1)];
    const check = (name: string, tensor: Tensor | null, choices: readonly Shape[]): void => {
      if (tensor === null || choices.some((wanted) => fits(tensor, wanted))) return;
      throw new ShapeError({
        where: this.label,
        problem: `the mask of the ${name} does not fit`,
        expected: choices.map(formatShape).join(" or "),
        received: formatShape(tensor.shape),
      });
    };
    check("queries", ofQuery ?? null, [[batch, queries]]);
    check("values", ofValue ?? null, [
      [batch, values],
      [batch, queries, values],
    ]);
    return [ofQuery ?? null, ofValue?.rank === 2 ? ops.expandDims(ofValue, 1) : (ofValue ?? null)];
  }

  override computeMask(_inputs: unknown, mask: unknown = null): unknown {
    return Array.isArray(mask) ? ((mask as unknown[])[0] ?? null) : null;
  }

  override computeOutputShape(inputShape: InputShape): Structure<Shape> {
    const [query, value] = inputShape as readonly Shape[];
    return [...query!.slice(0, -1), value!.at(-1)!];
  }

  /** Keras leaves the seed out. */
  override getConfig(): Config {
    const { seed, ...config } = super.getConfig();
    return seed === null ? config : { ...config, seed };
  }
}

/** One tensor, or with `returnAttentionScores` the weights beside it. */
// A class and its interface have the same parameters.
// eslint-disable-next-line @typescript-eslint/no-unused-vars
export interface ScoredAttention<Options extends AttentionLayerOptions> {
  (inputs: readonly Tensor[], options: AttentionCallOptions & { readonly returnAttentionScores: true }): [Tensor, Tensor];
  (inputs: readonly Tensor[], options?: AttentionCallOptions & { readonly returnAttentionScores?: false }): Tensor;
}

/**
 * Attention of Luong et al. (2015): `output = softmax(scores) value`, with scores `scale q . k` ("dot") or
 * `w sum of tanh(scale (q + k))` ("concat"). Masked values get no weight, masked queries the output 0.
 *
 * Shapes: [query `[batch, queries, width]`, value `[batch, values, out]`, key `[batch, values, width]` (default: the
 * values)] -> `[batch, queries, out]`; with `returnAttentionScores` a list with the weights `[batch, queries, values]`.
 * Weights: scale `[]` where `useScale`, concat_score_weight `[]` where "concat".
 *
 * @example
 * const y = layers.Attention({ useScale: true })([query, value], { useCausalMask: true });
 */
export class AttentionLayer extends ScoredAttention<AttentionOptions> {
  static override readonly className: string = "Attention";
  declare scoreMode: "dot" | "concat";
  concatScoreWeight: Variable | null = null;

  constructor(options: AttentionOptions = {}) {
    super(options, { useScale: false, scoreMode: "dot", dropout: 0, seed: null });
    oneOf(this.label, "scoreMode", this.scoreMode, ["dot", "concat"]);
  }

  override build(): void {
    if (this.useScale) this.scale = this.addWeight({ name: "scale", shape: [], initializer: "ones" });
    if (this.scoreMode === "concat")
      this.concatScoreWeight = this.addWeight({ name: "concat_score_weight", shape: [], initializer: "ones" });
  }

  protected override scores(query: Tensor, key: Tensor): Tensor {
    if (this.concatScoreWeight === null) {
      const scores = ops.matmul(query, ops.swapaxes(key, 1, 2));
      return this.scale === null ? scores : ops.multiply(scores, this.scale);
    }
    const sum = ops.add(ops.expandDims(query, 2), ops.expandDims(key, 1));
    const scaled = this.scale === null ? sum : ops.multiply(this.scale, sum);
    return ops.multiply(this.concatScoreWeight, ops.sum(ops.tanh(scaled), { axis: -1 }));
  }
}

/** Attention by dot products; see {@link AttentionLayer}. */
export const Attention: CallableClass<typeof AttentionLayer> = /* @__PURE__ */ callableClass(AttentionLayer);
export type Attention = AttentionLayer;
