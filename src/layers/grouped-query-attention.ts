/** Attention whose heads share keys and values in groups. */
import type { Constraint } from "../constraints/index.ts";
import { ValueError } from "../errors.ts";
import type { Shape, Tensor } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import { dropout, SeedGenerator } from "../random/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { combinedMask, maskedSoftmax } from "./attention-masks.ts";
import { attentionArguments, carriedMasks, type MultiHeadAttentionArguments } from "./attention-arguments.ts";
import {
  type AttentionProjectionOptions,
  builtShapes,
  buildShapes,
  checkAttentionInputs,
  checkWidths,
  flashAttentionProblem,
  projection,
  projectionDefaults,
  type ProjectionOptions,
  shapesDict,
  withKey,
  withoutNewerKeys,
  withProjectionPolicies,
} from "./attention-projections.ts";
import type { EinsumDenseLayer } from "./einsum-dense.ts";
import { knownExtent } from "./known-extent.ts";
import { type InputShape, Layer } from "./layer.ts";
import { positiveInteger, required } from "./layer-options.ts";
import { checkRate } from "./rnn-cell.ts";
import { isShape, type Structure } from "./structure.ts";

/** Options of GroupQueryAttention. */
export interface GroupQueryAttentionOptions extends AttentionProjectionOptions {
  /** Width of queries, keys and values in each head. */
  readonly headDim: number;
  readonly numQueryHeads: number;
  /** Divides numQueryHeads: so many heads of queries share one of keys and values. 1: multi-query attention. */
  readonly numKeyValueHeads: number;
}

/**
 * Attention with `numQueryHeads` heads of queries and fewer heads of keys and values, each shared by a group of queries.
 * Ainslie et al., "GQA: Training Generalized Multi-Query Transformer Models", 2023; Shazeer, "Fast Transformer Decoding:
 * One Write-Head is All You Need", 2019.
 *
 * Shapes: query `[batch, queries, a]`, value `[batch, values, b]`, key `[batch, values, c]` (default: the values) ->
 * `[batch, queries, a]`; with `returnAttentionScores` a list with the weights `[batch, query heads, queries, values]`.
 * Weights: query/kernel `[a, query heads, headDim]`, key/kernel and value/kernel `[., key heads, headDim]`,
 * attention_output/kernel `[query heads, headDim, a]`, and biases.
 *
 * @example
 * const y = layers.GroupQueryAttention({ headDim: 16, numQueryHeads: 8, numKeyValueHeads: 2 })(x, x);
 */
export class GroupQueryAttentionLayer extends Layer<GroupQueryAttentionOptions> {
  static override readonly className: string = "GroupQueryAttention";
  static override readonly pythonName: string = "GroupedQueryAttention";
  static override readonly weightlessParts: readonly string[] = ["_dropout_layer", "_softmax"];
  declare headDim: number;
  declare numQueryHeads: number;
  declare numKeyValueHeads: number;
  declare dropout: number;
  declare useBias: boolean;
  declare kernelInitializer: Initializer;
  declare biasInitializer: Initializer;
  declare kernelRegularizer: Regularizer | null;
  declare biasRegularizer: Regularizer | null;
  declare kernelConstraint: Constraint | null;
  declare biasConstraint: Constraint | null;
  declare slidingWindow: number | null;
  declare useGate: boolean;
  declare flashAttention: boolean | null;
  declare seed: number | null;
  _queryDense!: EinsumDenseLayer;
  _keyDense!: EinsumDenseLayer;
  _gateDense: EinsumDenseLayer | null = null;
  _valueDense!: EinsumDenseLayer;
  _outputDense!: EinsumDenseLayer;
  readonly seedGenerator: SeedGenerator;

  constructor(options: GroupQueryAttentionOptions) {
    super(options, {
      headDim: required,
      numQueryHeads: required,
      numKeyValueHeads: required,
      useBias: true,
      dropout: 0,
      ...projectionDefaults,
    });
    for (const key of ["headDim", "numQueryHeads", "numKeyValueHeads"] as const) positiveInteger(this.label, key, this[key]);
    if (this.numQueryHeads % this.numKeyValueHeads !== 0) {
      throw new ValueError({
        where: this.label,
        problem: "the heads of the queries do not divide into groups",
        expected: `numQueryHeads a multiple of numKeyValueHeads (${this.numKeyValueHeads})`,
        received: String(this.numQueryHeads),
      });
    }
    checkRate(this.label, "dropout", this.dropout);
    if (this.slidingWindow !== null) positiveInteger(this.label, "slidingWindow", this.slidingWindow);
    flashAttentionProblem(this.label, this.flashAttention, this.dropout, false);
    this.seedGenerator = new SeedGenerator({ seed: this.seed });
    this.supportsMasking = true;
    this.inputSpec = { rank: 3 };
  }

  protected override get writesActivityRegularizer(): boolean {
    return true;
  }

  override build(queryShape: InputShape, valueShape?: InputShape, keyShape?: InputShape): void {
    const [query, value, key] = buildShapes(this.label, [queryShape, valueShape, keyShape]);
    const common = this.#projectionOptions();
    const width = this.headDim;
    this._queryDense = projection(this, "query", query, 1, [this.numQueryHeads, width], common);
    this._keyDense = projection(this, "key", key, 1, [this.numKeyValueHeads, width], common);
    if (this.useGate)
      this._gateDense = projection(this, "gate", query, 1, [this.numQueryHeads, width], { ...common, activation: "sigmoid" });
    this._valueDense = projection(this, "value", value, 1, [this.numKeyValueHeads, width], common);
    const combined: Shape = [...query.slice(0, -1), this.numQueryHeads, width];
    this._outputDense = projection(this, "attention_output", combined, 2, [knownExtent(this.label, query, -1)], common);
  }

  #projectionOptions(): ProjectionOptions {
    return {
      kernelInitializer: this.kernelInitializer,
      biasInitializer: this.biasInitializer,
      kernelRegularizer: this.kernelRegularizer,
      biasRegularizer: this.biasRegularizer,
      activityRegularizer: this.activityRegularizer,
      kernelConstraint: this.kernelConstraint,
      biasConstraint: this.biasConstraint,
      useBias: this.useBias,
    };
  }

  protected override invoke(...args: never[]): unknown {
    return super.invoke(...(withKey(this.label, args) as never[]));
  }

  override call(query: Tensor, value: Tensor, ...rest: MultiHeadAttentionArguments): Tensor | [Tensor, Tensor] {
    const { key: given, options } = attentionArguments(this.label, rest);
    const { training = false, mask = null, returnAttentionScores = false, ...masks } = options;
    const key = given ?? value;
    checkAttentionInputs(this.label, query, value, key);
    checkWidths(this.label, [this._queryDense, this._valueDense, this._keyDense], [query, value, key]);
    flashAttentionProblem(this.label, this.flashAttention, this.dropout, returnAttentionScores);
    const counts = combinedMask(this.label, query, value, carriedMasks(query, value, given, mask, masks), this.slidingWindow);
    const [groups, shared] = [this.numKeyValueHeads, this.numQueryHeads / this.numKeyValueHeads];
    const [batch, queries, values] = [query.dim(0), query.dim(1), value.dim(1)];
    const scaled = ops.multiply(this._queryDense(query), 1 / Math.sqrt(this.headDim));
    // The heads of a group stand beside each other: no key is repeated.
    const grouped = ops.reshape(scaled, [batch, queries, groups, shared, this.headDim]);
    const scores = ops.reshape(ops.einsum("bqgrh,bkgh->bgrqk", grouped, this._keyDense(key)), [batch, groups * shared, queries, values]);
    const weights = maskedSoftmax(this.label, scores, counts, 1);
    const kept = training === true && this.dropout > 0 ? dropout(weights, this.dropout, { seed: this.seedGenerator }) : weights;
    const byGroup = ops.reshape(kept, [batch, groups, shared, queries, values]);
    let combined = ops.einsum("bgrqk,bkgh->bqgrh", byGroup, this._valueDense(value));
    combined = ops.reshape(combined, [batch, queries, groups * shared, this.headDim]);
    if (this._gateDense !== null) combined = ops.multiply(combined, this._gateDense(query));
    const output = this._outputDense(combined);
    return returnAttentionScores ? [output, weights] : output;
  }

  override computeOutputShape(inputShape: InputShape): Structure<Shape> {
    return isShape(inputShape) ? inputShape : (inputShape as readonly Shape[])[0]!;
  }

  override computeMask(_inputs: unknown, mask: unknown = null): unknown {
    return [mask, null];
  }

  override getBuildConfig(): Config | null {
    return shapesDict(this.buildShape);
  }

  override buildFromConfig(config: Config): void {
    const shapes = builtShapes(config);
    if (shapes === null) super.buildFromConfig(config);
    else this.build(...shapes);
  }

  /** Keys that Keras 3.4 does not know are written where they say something. */
  override getConfig(): Config {
    return withProjectionPolicies(this, withoutNewerKeys(super.getConfig(), ["seed"]));
  }
}

/** One tensor, or with `returnAttentionScores` the weights beside it. */
export interface GroupQueryAttentionLayer {
  (query: Tensor, value: Tensor, ...rest: MultiHeadAttentionArguments<true>): [Tensor, Tensor];
  (query: Tensor, value: Tensor, ...rest: MultiHeadAttentionArguments<false>): Tensor;
}

/** Attention whose heads share keys and values in groups; see {@link GroupQueryAttentionLayer}. */
export const GroupQueryAttention: CallableClass<typeof GroupQueryAttentionLayer> = /* @__PURE__ */ callableClass(GroupQueryAttentionLayer);
export type GroupQueryAttention = GroupQueryAttentionLayer;
