/** Attention with several heads. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, isPlainObject, type Shape, type Tensor } from "../graph/index.ts";
import type { Constraint } from "../constraints/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import { dropout, SeedGenerator } from "../random/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import * as regularizers from "../regularizers/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { attentionArguments, carriedMasks, type MultiHeadAttentionArguments } from "./attention-arguments.ts";
import { combinedMask, maskedSoftmax } from "./attention-masks.ts";
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
import { describe, positiveInteger, required } from "./layer-options.ts";
import { checkRate } from "./rnn-cell.ts";
import { isShape, type Structure } from "./structure.ts";

/** Options of MultiHeadAttention. */
export interface MultiHeadAttentionOptions extends AttentionProjectionOptions {
  readonly numHeads: number;
  /** Width of queries and keys in each head. */
  readonly keyDim: number;
  /** Width of values in each head. Default: keyDim. */
  readonly valueDim?: number | null;
  /** Shape of the output behind the axes of the queries. Default: the width of the queries. */
  readonly outputShape?: number | readonly number[] | null;
  /** Axes over which queries attend to values. Default: all between the batch and the features. */
  readonly attentionAxes?: number | readonly number[] | null;
}

/**
 * Attention in `numHeads` projections of queries, keys and values: per head
 * `softmax(q k^T / sqrt(keyDim)) v`, and a projection of all heads' outputs. Vaswani et al., "Attention is all you need",
 * 2017, section 3.2.2.
 *
 * Shapes: query `[batch, queries, a]`, value `[batch, values, b]`, key `[batch, values, c]` (default: the values) ->
 * `[batch, queries, a]`; with `returnAttentionScores` a list with the weights `[batch, heads, queries, values]`. Weights:
 * query/kernel `[a, heads, keyDim]`, key/kernel, value/kernel, attention_output/kernel `[heads, valueDim, a]`, and biases.
 *
 * @example
 * const y = layers.MultiHeadAttention({ numHeads: 4, keyDim: 16 })(x, x, { useCausalMask: true });
 */
export class MultiHeadAttentionLayer extends Layer<MultiHeadAttentionOptions> {
  static override readonly className: string = "MultiHeadAttention";
  static override readonly weightlessParts: readonly string[] = ["_dropout_layer", "_softmax"];
  declare numHeads: number;
  declare keyDim: number;
  declare valueDim: number;
  declare dropout: number;
  declare useBias: boolean;
  declare outputShape: number | readonly number[] | null;
  declare attentionAxes: readonly number[] | null;
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
  queryDense!: EinsumDenseLayer;
  keyDense!: EinsumDenseLayer;
  gateDense: EinsumDenseLayer | null = null;
  valueDense!: EinsumDenseLayer;
  outputDense!: EinsumDenseLayer;
  readonly seedGenerator: SeedGenerator;
  /** Of the projections, not of the output: as in Keras. */
  readonly #activityRegularizer: Regularizer | null;
  /** The axes of the output after those of the query; null: as many units as the query's last axis. */
  readonly #outputs: readonly number[] | null;
  #equations: Equations = attentionEquations(4, [1]);

  constructor(options: MultiHeadAttentionOptions) {
    const { activityRegularizer = null, ...rest } = { ...options };
    super(isPlainObject(options) ? rest : options, {
      numHeads: required,
      keyDim: required,
      valueDim: null,
      dropout: 0,
      useBias: true,
      outputShape: null,
      attentionAxes: null,
      ...projectionDefaults,
    });
    this.#activityRegularizer = activityRegularizer === null ? null : regularizers.get(activityRegularizer);
    positiveInteger(this.label, "numHeads", this.numHeads);
    positiveInteger(this.label, "keyDim", this.keyDim);
    this.valueDim = positiveInteger(this.label, "valueDim", this.valueDim ?? this.keyDim);
    checkRate(this.label, "dropout", this.dropout);
    if (this.slidingWindow !== null) positiveInteger(this.label, "slidingWindow", this.slidingWindow);
    this.#outputs = listOf(this.label, "outputShape", this.outputShape, (extent) => extent > 0);
    this.attentionAxes = listOf(this.label, "attentionAxes", this.attentionAxes, (axis) => axis !== 0);
    flashAttentionProblem(this.label, this.flashAttention, this.dropout, false);
    this.seedGenerator = new SeedGenerator({ seed: this.seed });
    this.supportsMasking = true;
  }

  protected override get writesActivityRegularizer(): boolean {
    return true;
  }

  override build(queryShape: InputShape, valueShape?: InputShape, keyShape?: InputShape): void {
    const [query, value, key] = buildShapes(this.label, [queryShape, valueShape, keyShape]);
    const rank = query.length;
    const common = this.#projectionOptions();
    this.queryDense = projection(this, "query", query, 1, [this.numHeads, this.keyDim], common);
    this.keyDense = projection(this, "key", key, 1, [this.numHeads, this.keyDim], common);
    if (this.useGate)
      this.gateDense = projection(this, "gate", query, 1, [this.numHeads, this.valueDim], { ...common, activation: "sigmoid" });
    this.valueDense = projection(this, "value", value, 1, [this.numHeads, this.valueDim], common);
    const axes = this.attentionAxes ?? Array.from({ length: rank - 2 }, (_, i) => i + 1);
    this.attentionAxes = axes.map((axis) => (axis < 0 ? rank + axis : axis));
    if (this.attentionAxes.some((axis) => axis < 1 || axis > rank - 2)) {
      throw new ShapeError({
        where: this.label,
        problem: "attentionAxes lie outside of the axes between batch and features",
        expected: `1 to ${rank - 2}`,
        received: `${describe(axes)} for queries ${formatShape(query)}`,
      });
    }
    this.#equations = attentionEquations(rank + 1, this.attentionAxes);
    const outputs = this.#outputs ?? [knownExtent(this.label, query, -1)];
    const combined: Shape = [...query.slice(0, -1), this.numHeads, this.valueDim];
    this.outputDense = projection(this, "attention_output", combined, 2, outputs, common);
  }

  #projectionOptions(): ProjectionOptions {
    return {
      kernelInitializer: this.kernelInitializer,
      biasInitializer: this.biasInitializer,
      kernelRegularizer: this.kernelRegularizer,
      biasRegularizer: this.biasRegularizer,
      activityRegularizer: this.#activityRegularizer,
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
    checkWidths(this.label, [this.queryDense, this.valueDense, this.keyDense], [query, value, key]);
    flashAttentionProblem(this.label, this.flashAttention, this.dropout, returnAttentionScores);
    const counts = combinedMask(this.label, query, value, carriedMasks(query, value, given, mask, masks), this.slidingWindow);
    const scaled = ops.multiply(this.queryDense(query), 1 / Math.sqrt(this.keyDim));
    const scores = ops.einsum(this.#equations.scores, this.keyDense(key), scaled);
    const weights = maskedSoftmax(this.label, scores, counts, this.attentionAxes!.length);
    const kept = training === true && this.dropout > 0 ? dropout(weights, this.dropout, { seed: this.seedGenerator }) : weights;
    let combined = ops.einsum(this.#equations.combine, kept, this.valueDense(value));
    if (this.gateDense !== null) combined = ops.multiply(combined, this.gateDense(query));
    const output = this.outputDense(combined);
    return returnAttentionScores ? [output, weights] : output;
  }

  override computeOutputShape(inputShape: InputShape): Structure<Shape> {
    const query = isShape(inputShape) ? inputShape : (inputShape as readonly Shape[])[0]!;
    return this.#outputs === null ? query : [...query.slice(0, -1), ...this.#outputs];
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
    const regularizer = this.#activityRegularizer;
    const config = { ...super.getConfig(), activity_regularizer: regularizer === null ? null : regularizers.serialize(regularizer) };
    return withProjectionPolicies(this, withoutNewerKeys(config));
  }
}

/** One tensor, or with `returnAttentionScores` the weights beside it. */
export interface MultiHeadAttentionLayer {
  (query: Tensor, value: Tensor, ...rest: MultiHeadAttentionArguments<true>): [Tensor, Tensor];
  (query: Tensor, value: Tensor, ...rest: MultiHeadAttentionArguments<false>): Tensor;
}

/** Einsum equations of one attention. */
interface Equations {
  /** Keys, queries -> scores `[batch axes, heads, query axes, value axes]`. */
  readonly scores: string;
  /** Scores, values -> outputs `[batch, ..., heads, width]`. */
  readonly combine: string;
}

/** The equations for projections of `rank` axes (heads and width the last two) that attend along `axes`. */
function attentionEquations(rank: number, axes: readonly number[]): Equations {
  const letter = (i: number): string => String.fromCharCode(97 + i);
  const target = Array.from({ length: rank }, (_, axis) => letter(axis));
  const source = target.map((label, axis) => (axes.includes(axis) ? letter(rank + axes.indexOf(axis)) : label));
  const kept = target.filter((_, axis) => !axes.includes(axis) && axis !== rank - 1);
  const product = [...kept, ...axes.map((axis) => target[axis]!), ...axes.map((axis) => source[axis]!)].join("");
  return {
    scores: `${source.join("")},${target.join("")}->${product}`,
    combine: `${product},${source.join("")}->${target.join("")}`,
  };
}

/** A whole number or a list of them as a list; null stays null. Throws ValueError. */
function listOf(where: string, name: string, value: unknown, isValid: (entry: number) => boolean): number[] | null {
  if (value === null) return null;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > 0 && list.every((entry) => Number.isInteger(entry) && isValid(entry as number))) return list as number[];
  throw new ValueError({
    where,
    problem: `${name} is a whole number, or a list of them`,
    expected: name === "attentionAxes" ? "for example [1, 2]; the batch is axis 0" : "for example 64, positive",
    received: describe(value),
  });
}

/** Attention with several heads; see {@link MultiHeadAttentionLayer}. */
export const MultiHeadAttention: CallableClass<typeof MultiHeadAttentionLayer> = /* @__PURE__ */ callableClass(MultiHeadAttentionLayer);
export type MultiHeadAttention = MultiHeadAttentionLayer;
