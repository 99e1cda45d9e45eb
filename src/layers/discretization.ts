/** Numbers to the intervals they lie in. */
import { StateError, ValueError } from "../errors.ts";
import { concreteShape, dataTensor, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, optionsOfConfig, type Config } from "../serialization/index.ts";
import { type AdaptBatch, adaptBatches, type AdaptData, type AdaptOptions } from "./adapt-data.ts";
import { encodeCategories, type OutputMode } from "./encode-categories.ts";
import { describe, type LayerOptions, oneOf } from "./layer-options.ts";
import { namesInt64, noSparse } from "./lookup-options.ts";
import { binBoundaries, emptySummary, mergeSummaries, summarize } from "./quantiles.ts";
import { type TextInput, TextLayer } from "./text-layer.ts";

/** Options of Discretization: either boundaries or a number of intervals to learn. */
export interface DiscretizationOptions extends LayerOptions {
  /** Ends of the intervals, ascending: `[0, 1]` makes (-inf, 0), [0, 1) and [1, inf). */
  readonly binBoundaries?: readonly number[] | null;
  /** Number of intervals, whose boundaries `adapt` learns as quantiles. */
  readonly numBins?: number | null;
  /** Tolerance of the quantiles. Default 0.01. */
  readonly epsilon?: number;
  /** Default "int". */
  readonly outputMode?: OutputMode;
  /** Only false: there are no sparse tensors. */
  readonly sparse?: false;
}

/**
 * The number of boundaries that are at most x, as integers, indicator vectors or counts. The boundaries are given, or
 * learned by `adapt` as quantiles of the data.
 *
 * Shapes: x `[batch, n]` -> int32 `[batch, n]`; `[batch, intervals]` for "multi_hot" and "count".
 *
 * @example
 * await layers.Discretization({ binBoundaries: [0, 1, 2] })([[-1.5, 1, 3.4]]).array(); // [[0, 2, 3]]
 */
export class DiscretizationLayer extends TextLayer<DiscretizationOptions> {
  static override readonly className: string = "Discretization";
  declare binBoundaries: readonly number[] | null;
  declare numBins: number | null;
  declare epsilon: number;
  declare outputMode: OutputMode;
  declare sparse: false;
  readonly #wide: boolean;
  /** Of the numbers seen since the last reset. */
  #summary = emptySummary;

  constructor(options: DiscretizationOptions) {
    super(options, { binBoundaries: null, numBins: null, epsilon: 0.01, outputMode: "int", sparse: false });
    oneOf(this.label, "outputMode", this.outputMode, ["int", "one_hot", "multi_hot", "count"]);
    noSparse(this.label, this.sparse);
    const { binBoundaries: boundaries, numBins, epsilon } = this;
    const wrong = (problem: string, expected: string, received: unknown): ValueError =>
      new ValueError({ where: this.label, problem, expected, received: describe(received) });
    if (boundaries !== null && numBins !== null)
      throw wrong("binBoundaries are given or learned", "binBoundaries or numBins", { binBoundaries: boundaries, numBins });
    if (boundaries === null && numBins === null) throw wrong("the intervals are not said", "binBoundaries or numBins", options);
    if (numBins !== null && !(Number.isInteger(numBins) && numBins > 0)) throw wrong("numBins is no whole number", "1, 2, 3, ...", numBins);
    if (!(epsilon > 0 && epsilon < 1)) throw wrong("epsilon is a tolerance", "0 < epsilon < 1", epsilon);
    if (boundaries !== null) this.#setBoundaries(boundaries);
    const dtype: unknown = options.dtype ?? null;
    this.#wide = this.outputMode === "int" && (dtype === null || namesInt64(dtype));
    if (this.#wide) this.dtype = "float32";
  }

  #setBoundaries(boundaries: readonly number[]): void {
    const ascending =
      Array.isArray(boundaries) && boundaries.every((x, i) => typeof x === "number" && (i === 0 || x >= (boundaries[i - 1] as number)));
    if (!ascending) {
      throw new ValueError({
        where: this.label,
        problem: "binBoundaries are numbers in ascending order",
        expected: "[0, 1, 2]",
        received: describe(boundaries),
      });
    }
    this.binBoundaries = boundaries;
  }

  override build(): void {
    // Nothing depends on the shape of the input.
  }

  /** Learns the boundaries: quantiles of all numbers of the data. Throws ValueError where boundaries were given. */
  async adapt(data: AdaptData, options: AdaptOptions = {}): Promise<void> {
    if (this.numBins === null) throw this.#boundariesGiven("adapt");
    this.#summary = emptySummary;
    for await (const { batch } of adaptBatches(this.label, data, options)) await this.#summarize(batch);
    this.finalizeState();
  }

  /** Forgets what was summarized: the first of the steps that `adapt` takes. */
  resetState(): void {
    this.#summary = emptySummary;
  }

  /** Summarizes one batch. Throws ValueError where boundaries were given. */
  async updateState(data: AdaptBatch): Promise<void> {
    if (this.numBins === null) throw this.#boundariesGiven("updateState");
    for await (const { batch } of adaptBatches(this.label, data)) await this.#summarize(batch);
  }

  async #summarize(batch: unknown): Promise<void> {
    this.#summary = mergeSummaries(summarize(await this.#numbers(batch).data(), this.epsilon), this.#summary, this.epsilon);
  }

  #boundariesGiven(method: string): ValueError {
    return new ValueError({
      where: `${this.label}.${method}`,
      problem: "the boundaries were given: there is nothing to learn",
      expected: "a layer with numBins",
      received: `binBoundaries ${describe(this.binBoundaries)}`,
    });
  }

  /** Makes the boundaries of what was summarized: the last of the steps that `adapt` takes. Throws ValueError where that is nothing. */
  finalizeState(): void {
    if (this.numBins === null) return;
    const summary = this.#summary;
    if (summary.values.length === 0) {
      throw new ValueError({
        where: `${this.label}.adapt`,
        problem: "there is no data",
        expected: "at least one number",
        received: "none",
      });
    }
    this.binBoundaries = binBoundaries(summary, this.numBins);
  }

  #numbers(input: unknown): Tensor {
    if (input instanceof Tensor) return ops.cast(input, input.dtype === "float64" ? "float64" : "float32");
    throw new ValueError({
      where: this.label,
      problem: "the layer takes numbers",
      expected: "a tensor",
      received: describe(input),
    });
  }

  override call(input: TextInput): Tensor {
    const boundaries = this.binBoundaries;
    if (boundaries === null) {
      throw new StateError({
        where: this.label,
        problem: "the boundaries are not known yet",
        expected: "binBoundaries",
        received: "none",
        advice: "await layer.adapt(data) first",
      });
    }
    const x = this.#numbers(input);
    const ends = dataTensor(Float64Array.from(boundaries), [boundaries.length], "float64");
    // Not below a boundary is at or above it; NaN is behind all of them, as in TensorFlow's search.
    const passed = ops.logicalNot(ops.less(ops.expandDims(x, -1), ops.cast(ends, x.dtype)));
    const indices = boundaries.length === 0 ? ops.zeros(concreteShape(x), "int32") : ops.sum(ops.cast(passed, "int32"), -1);
    return encodeCategories(indices, this.outputMode, boundaries.length + 1, this.outputMode === "int" ? "int32" : this.computeDtype);
  }

  override getConfig(): Config {
    const { bin_boundaries, num_bins, epsilon, output_mode, sparse, name } = super.getConfig();
    return { bin_boundaries, num_bins, epsilon, output_mode, sparse, name, dtype: this.#wide ? "int64" : this.dtype };
  }

  /** A layer made from a configuration; after `adapt` it holds both the number of intervals and their boundaries. */
  static override fromConfig<L>(this: new (options: never) => L, config: Config): L {
    const { binBoundaries: boundaries = null, ...options } = optionsOfConfig(config);
    const both = boundaries !== null && (options.numBins ?? null) !== null;
    const layer = new this((both ? options : { ...options, binBoundaries: boundaries }) as never);
    if (both) (layer as DiscretizationLayer).binBoundaries = boundaries as readonly number[];
    return layer;
  }
}

/** Numbers to intervals; see {@link DiscretizationLayer}. */
export const Discretization: CallableClass<typeof DiscretizationLayer> = /* @__PURE__ */ callableClass(DiscretizationLayer);
export type Discretization = DiscretizationLayer;
