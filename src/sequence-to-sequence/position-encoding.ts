/** Where a token stands, as a vector that is added to it: sines, or a table that is learnt. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Shape, type Tensor, type Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import { knownExtent } from "../layers/known-extent.ts";
import type { CallOptions } from "../layers/layer.ts";
import { describe, type InitializerIdentifier, type LayerOptions, positiveInteger, required } from "../layers/layer-options.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { TranslationLayer } from "./translation-layer.ts";

/** Options of a call. */
export interface PositionCallOptions extends CallOptions {
  /** Place of the first token: a whole number, or an int32 scalar. Default 0. */
  readonly startIndex?: number | Tensor;
}

/** Options of SinePositionEncoding. */
export interface SinePositionEncodingOptions extends LayerOptions {
  /** Longest wavelength, in 2 pi tokens. Default 10000. */
  readonly maxWavelength?: number;
}

/**
 * Sines and cosines of the place p: `y[p, 2i] = sin(p / w^(2i / width))`, `y[p, 2i + 1] = cos(p / w^(2i / width))`, w =
 * `maxWavelength`. A. Vaswani and others, "Attention is all you need", 2017, section 3.5.
 *
 * Shapes: x `[batch, time, width]` -> the same; the values of x do not matter, add what comes out to it. No weights.
 *
 * @example
 * const y = ops.add(x, text.SinePositionEncoding()(x));
 */
export class SinePositionEncodingLayer extends TranslationLayer<SinePositionEncodingOptions> {
  static override readonly className: string = "SinePositionEncoding";
  declare maxWavelength: number;

  constructor(options: SinePositionEncodingOptions = {}) {
    super(options, { maxWavelength: 10000 });
    if (!(typeof this.maxWavelength === "number" && this.maxWavelength > 1))
      throw new ValueError({
        where: this.label,
        problem: "maxWavelength is a number above 1",
        expected: "for example 10000",
        received: describe(this.maxWavelength),
      });
    this.inputSpec = { minRank: 2 };
    this.supportsMasking = true;
  }

  override call(x: Tensor, { startIndex = 0 }: PositionCallOptions = {}): Tensor {
    const width = x.dim(-1);
    const places = ops.expandDims(ops.add(ops.cast(ops.arange(x.dim(-2)), x.dtype), ops.cast(startIndex, x.dtype)), 1);
    const even = Float32Array.from({ length: width }, (_, i) => this.maxWavelength ** (-(i - (i % 2)) / width));
    const angles = ops.multiply(places, ops.cast(even, x.dtype));
    const isEven = ops.equal(ops.mod(ops.arange(width), 2), 0);
    return ops.broadcastTo(ops.where(isEven, ops.sin(angles), ops.cos(angles)), x.shape);
  }
}

/** Sines and cosines of the place; see {@link SinePositionEncodingLayer}. */
export const SinePositionEncoding: CallableClass<typeof SinePositionEncodingLayer> =
  /* @__PURE__ */ callableClass(SinePositionEncodingLayer);
export type SinePositionEncoding = SinePositionEncodingLayer;

/** Options of PositionEmbedding. */
export interface PositionEmbeddingOptions extends LayerOptions {
  /** Longest sequence. */
  readonly sequenceLength: number;
  /** Default "glorot_uniform". */
  readonly initializer?: InitializerIdentifier;
}

/**
 * One learnt vector for every place: `y[.., p, :] = position_embeddings[p, :]`.
 *
 * Shapes: x `[batch, time, width]`, time at most `sequenceLength` (else a ShapeError) -> the same; the values of x do not
 * matter, add what comes out to it. Weights: position_embeddings `[sequenceLength, width]`.
 *
 * @example
 * const y = ops.add(x, text.PositionEmbedding({ sequenceLength: 64 })(x));
 */
export class PositionEmbeddingLayer extends TranslationLayer<PositionEmbeddingOptions> {
  static override readonly className: string = "PositionEmbedding";
  declare sequenceLength: number;
  declare initializer: Initializer;
  positionEmbeddings!: Variable;

  constructor(options: PositionEmbeddingOptions) {
    super(options, { sequenceLength: required, initializer: "glorot_uniform" });
    positiveInteger(this.label, "sequenceLength", this.sequenceLength);
    this.inputSpec = { minRank: 2 };
    this.supportsMasking = true;
  }

  override build(inputShape: Shape): void {
    const width = knownExtent(this.label, inputShape, -1);
    this.positionEmbeddings = this.addWeight({
      name: "embeddings",
      shape: [this.sequenceLength, width],
      initializer: this.initializer,
    });
    this.inputSpec = { minRank: 2, axes: { [-1]: width } };
  }

  override call(x: Tensor, { startIndex = 0 }: PositionCallOptions = {}): Tensor {
    const steps = x.dim(-2);
    const first = typeof startIndex === "number" ? startIndex : 0;
    if (first + steps > this.sequenceLength)
      throw new ShapeError({
        where: this.label,
        problem: "the sequence is longer than the places that have a vector",
        expected: `at most ${this.sequenceLength} along the axis before the last`,
        received: first === 0 ? formatShape(x.shape) : `${formatShape(x.shape)} from place ${first} on`,
        advice: "cut the sequences, or make the layer with a larger sequenceLength",
      });
    const rows =
      typeof startIndex === "number"
        ? ops.slice(this.positionEmbeddings, [first, 0], [steps, x.dim(-1)])
        : ops.take(this.positionEmbeddings, ops.add(ops.arange(steps), ops.cast(startIndex, "int32")), { axis: 0 });
    return ops.broadcastTo(rows, x.shape);
  }
}

/** One learnt vector for every place; see {@link PositionEmbeddingLayer}. */
export const PositionEmbedding: CallableClass<typeof PositionEmbeddingLayer> = /* @__PURE__ */ callableClass(PositionEmbeddingLayer);
export type PositionEmbedding = PositionEmbeddingLayer;
