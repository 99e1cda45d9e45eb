/** Shifts and scales its input to mean 0 and variance 1, by statistics of the data. */
import { epsilon } from "../config/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import {
  dataTensor,
  formatShape,
  hostValues,
  type NdArray,
  type Shape,
  sizeOf,
  StringTensor,
  type Tensor,
  type Variable,
} from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { adaptBatches, type AdaptData, type AdaptOptions } from "./adapt-data.ts";
import { Layer } from "./layer.ts";
import { describe, type LayerOptions } from "./layer-options.ts";

/** Numbers as users write them in options. */
export type NestedNumbers = number | readonly NestedNumbers[];

/** Options of Normalization. */
export interface NormalizationOptions extends LayerOptions {
  /** Axes that have statistics of their own; null for one mean and variance of everything. Default -1. */
  readonly axis?: number | readonly number[] | null;
  /** Mean, if it is not learned by `adapt`. Its shape is that of the axes, or broadcasts to it. */
  readonly mean?: NestedNumbers | null;
  /** Variance, beside `mean`. */
  readonly variance?: NestedNumbers | null;
  /** Whether to undo the normalization instead. Default false. */
  readonly invert?: boolean;
}

/**
 * `y = (x - mean) / max(sqrt(variance), 1e-7)`; with `invert`, `y = x max(sqrt(variance), 1e-7) + mean`. Mean and
 * variance are given, or learned by `adapt`; before that they are 0 and 1.
 *
 * Shapes: x `[batch, ...]` -> the same.
 *
 * @example
 * const normalize = layers.Normalization();
 * await normalize.adapt([[1, 10], [3, 30]]);
 * await normalize([[2, 20]]).array(); // [[0, 0]]
 */
export class NormalizationLayer extends Layer<NormalizationOptions> {
  static override readonly className: string = "Normalization";
  declare axis: readonly number[];
  declare mean: NestedNumbers | null;
  declare variance: NestedNumbers | null;
  declare invert: boolean;
  /** What `adapt` learned; null where mean and variance were given. */
  adaptMean: Variable | null = null;
  adaptVariance: Variable | null = null;
  #kept: readonly number[] = [];
  #extents: readonly number[] = [];
  #broadcast: readonly number[] = [];
  #given: { readonly mean: NdArray; readonly variance: NdArray } | null = null;

  constructor(options: NormalizationOptions = {}) {
    super(options, { axis: -1, invert: false, mean: null, variance: null });
    const axis = this.axis as unknown;
    this.axis = axis === null ? [] : typeof axis === "number" ? [axis] : (axis as readonly number[]);
    const wrong = (problem: string, expected: string, received: unknown): ValueError =>
      new ValueError({ where: this.label, problem, expected, received: describe(received) });
    if (!Array.isArray(this.axis) || !this.axis.every(Number.isInteger))
      throw wrong("axis is no axis", "a whole number, a list of them, or null", axis);
    if ((this.mean === null) !== (this.variance === null))
      throw wrong("mean and variance are given together", "both or neither", { mean: this.mean, variance: this.variance });
    if (this.mean !== null && this.variance !== null) {
      const [mean, variance] = [this.mean, this.variance].map((value) => {
        const host = hostValues(this.label, value, { dtype: this.dtype });
        return { data: host.values, shape: host.shape, dtype: host.dtype };
      });
      this.#given = { mean: mean!, variance: variance! };
      if (formatShape(mean!.shape) !== formatShape(variance!.shape))
        throw wrong("mean and variance differ in shape", formatShape(mean!.shape), variance!.shape);
    }
    this.supportsMasking = true;
    this.inputSpec = { minRank: 1 };
  }

  override build(inputShape: Shape): void {
    const rank = inputShape.length;
    for (const axis of this.axis) {
      if (axis >= -rank && axis < rank) continue;
      throw new ShapeError({
        where: this.label,
        problem: `the input has no axis ${axis}`,
        expected: `axes from ${-rank} to ${rank - 1}`,
        received: formatShape(inputShape),
      });
    }
    this.#kept = this.axis.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
    this.#extents = this.#kept.map((axis) => {
      const extent = inputShape[axis];
      if (typeof extent === "number") return extent;
      throw new ShapeError({
        where: this.label,
        problem: `axis ${axis} of the input has statistics of its own, and its extent is not known`,
        expected: "a number there",
        received: formatShape(inputShape),
        advice: "give Input a shape with this extent, or name other axes",
      });
    });
    this.#broadcast = inputShape.map((extent, axis) => (this.#kept.includes(axis) ? extent! : 1));
    if (this.#given !== null) {
      this.#spread(this.#given.mean);
      return;
    }
    const weight = (name: string, initializer: string): Variable =>
      this.addWeight({ name, shape: [...this.#extents], initializer, trainable: false });
    this.adaptMean = weight("mean", "zeros");
    this.adaptVariance = weight("variance", "ones");
    // Kept in files since Keras 2; nothing reads it.
    this.addWeight({ name: "count", shape: [], dtype: "int32", initializer: "zeros", trainable: false });
  }

  /** A given statistic over the kept axes: as many numbers as they have, or aligned from the last one; broadcast over the input. */
  #spread({ data, shape, dtype }: NdArray): Tensor {
    if (sizeOf(shape) === sizeOf(this.#broadcast)) return ops.reshape(dataTensor(data, shape, dtype), [...this.#broadcast]);
    const spread = this.#broadcast.map(() => 1);
    shape.forEach((extent, i) => (spread[this.#kept[this.#kept.length - shape.length + i]!] = extent));
    const fits = shape.length <= this.#kept.length && spread.every((extent, axis) => extent === 1 || extent === this.#broadcast[axis]);
    if (fits && this.#kept.length > 0) return ops.reshape(dataTensor(data, shape, dtype), spread);
    throw new ShapeError({
      where: this.label,
      problem: "mean and variance do not fit the input",
      expected: `${formatShape(this.#extents)}, the extents of the axes ${formatShape(this.#kept)}`,
      received: formatShape(shape),
    });
  }

  /** Learns mean and variance. Batches are weighted by their size. Builds the layer if needed. Throws ShapeError. */
  async adapt(data: AdaptData, options: AdaptOptions = {}): Promise<void> {
    const where = `${this.label}.adapt`;
    if (this.#given !== null) {
      throw new ValueError({
        where,
        problem: "mean and variance were given: there is nothing to learn",
        expected: "a layer without the options mean and variance",
        received: "both",
      });
    }
    let mean: Float64Array | null = null;
    let variance: Float64Array | null = null;
    let total = 0;
    for await (const { batch } of adaptBatches(this.label, data, options)) {
      if (batch instanceof StringTensor) {
        throw new ValueError({ where, problem: "the layer takes numbers", expected: "a tensor", received: batch.toString() });
      }
      if (!this.built) this.build(batch.rank > 0 ? [null, ...batch.shape.slice(1)] : batch.shape);
      this.#expectFit(where, batch.shape);
      const rest = batch.shape.map((_, axis) => axis).filter((axis) => !this.#kept.includes(axis));
      const x = ops.cast(batch, batch.dtype === "float64" ? "float64" : "float32");
      const [m, v] = rest.length === 0 ? [x, ops.zerosLike(x)] : [ops.mean(x, rest), ops.variance(x, rest)];
      const [batchMean, batchVariance] = [await m.data(), await v.data()];
      const count = batch.size / Math.max(1, sizeOf(this.#extents));
      total += count;
      const share = count / total;
      const before: { mean: Float64Array; variance: Float64Array } = {
        mean: mean ?? new Float64Array(m.size),
        variance: variance ?? new Float64Array(m.size),
      };
      const after: Float64Array = before.mean.map((old, i) => old * (1 - share) + batchMean[i]! * share);
      const spread = (old: number, at: number, i: number): number => old + (at - after[i]!) ** 2;
      variance = before.variance.map(
        (old, i) => spread(old, before.mean[i]!, i) * (1 - share) + spread(batchVariance[i]!, batchMean[i]!, i) * share,
      );
      mean = after;
    }
    if (mean === null || variance === null || this.adaptMean === null || this.adaptVariance === null) {
      throw new ValueError({ where, problem: "there is no data", expected: "at least one batch", received: "none" });
    }
    const value = (data: Float64Array): Tensor => ops.cast(dataTensor(data, this.#extents, "float64"), this.dtype);
    this.adaptMean.assign(value(mean));
    this.adaptVariance.assign(value(variance));
  }

  #expectFit(where: string, shape: Shape): void {
    const fits = shape.length === this.#broadcast.length && this.#kept.every((axis, i) => shape[axis] === this.#extents[i]);
    if (fits) return;
    throw new ShapeError({
      where,
      problem: "the data does not fit what the layer was built for",
      expected: `${this.#broadcast.length} axes, ${formatShape(this.#extents)} at the axes ${formatShape(this.#kept)}`,
      received: formatShape(shape),
    });
  }

  override call(x: Tensor): Tensor {
    this.#expectFit(this.label, x.shape);
    const given = this.#given;
    const mean = given === null ? ops.reshape(this.adaptMean!, this.#broadcast) : this.#spread(given.mean);
    const variance = given === null ? ops.reshape(this.adaptVariance!, this.#broadcast) : this.#spread(given.variance);
    const deviation = ops.maximum(ops.sqrt(ops.cast(variance, this.computeDtype)), epsilon());
    const [y, centre] = [ops.cast(x, this.computeDtype), ops.cast(mean, this.computeDtype)];
    return this.invert ? ops.add(centre, ops.multiply(y, deviation)) : ops.divide(ops.subtract(y, centre), deviation);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: [...this.axis] };
  }
}

/** Normalizes by statistics of the data; see {@link NormalizationLayer}. */
export const Normalization: CallableClass<typeof NormalizationLayer> = /* @__PURE__ */ callableClass(NormalizationLayer);
export type Normalization = NormalizationLayer;
