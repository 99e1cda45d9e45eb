/** What the layers of a transformer share: options, residual parts, the feed-forward part. */
import { ValueError } from "../errors.ts";
import { formatShape, type Shape, type Tensor } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import { fresh } from "../layers/attention-projections.ts";
import { DenseLayer } from "../layers/dense.ts";
import { DropoutLayer } from "../layers/dropout.ts";
import { knownExtent } from "../layers/known-extent.ts";
import { LayerNormalizationLayer } from "../layers/layer-normalization.ts";
import {
  type ActivationFunction,
  type ActivationIdentifier,
  type InitializerIdentifier,
  type LayerOptions,
  positiveInteger,
  required,
} from "../layers/layer-options.ts";
import { MultiHeadAttentionLayer } from "../layers/multi-head-attention.ts";
import { checkRate } from "../layers/rnn-cell.ts";
import * as ops from "../ops/index.ts";
import { TranslationLayer } from "./translation-layer.ts";

/** Options of TransformerEncoder and TransformerDecoder. */
export interface TransformerLayerOptions extends LayerOptions {
  /** Width of the feed-forward part. */
  readonly intermediateDim: number;
  readonly numHeads: number;
  /** Share that is dropped in training: of attention weights, and of what every part adds. Default 0. */
  readonly dropout?: number;
  /** Of the feed-forward part. Default "relu". */
  readonly activation?: ActivationIdentifier | null;
  /** Default 1e-5. */
  readonly layerNormEpsilon?: number;
  readonly kernelInitializer?: InitializerIdentifier;
  readonly biasInitializer?: InitializerIdentifier;
  /** Whether every part normalises what it reads ("pre-norm") instead of the sum after it, as Vaswani and others do. Default false. */
  readonly normalizeFirst?: boolean;
}

/** A layer of parts, each of which adds to what it reads. */
export abstract class TransformerLayer extends TranslationLayer<TransformerLayerOptions> {
  declare intermediateDim: number;
  declare numHeads: number;
  declare dropout: number;
  declare activation: ActivationFunction;
  declare layerNormEpsilon: number;
  declare kernelInitializer: Initializer;
  declare biasInitializer: Initializer;
  declare normalizeFirst: boolean;
  selfAttention!: MultiHeadAttentionLayer;
  selfAttentionNorm!: LayerNormalizationLayer;
  feedforwardIntermediate!: DenseLayer;
  feedforwardOutput!: DenseLayer;
  feedforwardNorm!: LayerNormalizationLayer;
  /** Of what every part adds. */
  readonly partDropout: DropoutLayer;

  constructor(options: TransformerLayerOptions) {
    super(options, {
      intermediateDim: required,
      numHeads: required,
      dropout: 0,
      activation: "relu",
      layerNormEpsilon: 1e-5,
      kernelInitializer: "glorot_uniform",
      biasInitializer: "zeros",
      normalizeFirst: false,
    });
    positiveInteger(this.label, "intermediateDim", this.intermediateDim);
    positiveInteger(this.label, "numHeads", this.numHeads);
    checkRate(this.label, "dropout", this.dropout);
    this.partDropout = new DropoutLayer({ name: "dropout", rate: this.dropout });
    this.supportsMasking = true;
  }

  /** Width of the layer. Throws ValueError where the heads do not divide it. */
  protected widthOf(shape: Shape): number {
    const width = knownExtent(this.label, shape, -1);
    if (shape.length === 3 && width % this.numHeads === 0) return width;
    throw new ValueError({
      where: this.label,
      problem: "the heads do not divide the width of the input",
      expected: `[batch, time, width], the width a multiple of numHeads ${this.numHeads}`,
      received: formatShape(shape),
    });
  }

  /** A built attention of queries of this shape to values of that one. */
  protected attention(name: string, query: Shape, value: Shape): MultiHeadAttentionLayer {
    const layer = new MultiHeadAttentionLayer({
      name,
      numHeads: this.numHeads,
      keyDim: this.widthOf(query) / this.numHeads,
      dropout: this.dropout,
      kernelInitializer: fresh(this.kernelInitializer),
      biasInitializer: fresh(this.biasInitializer),
      dtype: this.dtype,
      trainable: this.trainable,
    });
    layer.build(query, value);
    return layer;
  }

  /** A built normalisation. */
  protected norm(name: string, shape: Shape): LayerNormalizationLayer {
    const layer = new LayerNormalizationLayer({ name, epsilon: this.layerNormEpsilon, dtype: this.dtype, trainable: this.trainable });
    layer.build(shape);
    return layer;
  }

  /** Makes what encoder and decoder both have. */
  protected buildParts(shape: Shape): void {
    const width = this.widthOf(shape);
    this.selfAttention = this.attention("self_attention", shape, shape);
    this.selfAttentionNorm = this.norm("self_attention_norm", shape);
    this.feedforwardNorm = this.norm("feedforward_norm", shape);
    const common = { dtype: this.dtype, trainable: this.trainable };
    const initializers = (): object => ({
      kernelInitializer: fresh(this.kernelInitializer),
      biasInitializer: fresh(this.biasInitializer),
    });
    this.feedforwardIntermediate = new DenseLayer({
      ...common,
      ...initializers(),
      name: "feedforward_intermediate",
      units: this.intermediateDim,
      activation: this.activation,
    });
    this.feedforwardIntermediate.build(shape);
    this.feedforwardOutput = new DenseLayer({ ...common, ...initializers(), name: "feedforward_output", units: width });
    this.feedforwardOutput.build([...shape.slice(0, -1), this.intermediateDim]);
  }

  /** `x + part(norm(x))`, or `norm(x + part(x))`; what the part gives is dropped out. */
  protected residual(x: Tensor, norm: LayerNormalizationLayer, part: (x: Tensor) => Tensor): Tensor {
    const added = this.partDropout(part(this.normalizeFirst ? norm(x) : x));
    const sum = ops.add(x, added);
    return this.normalizeFirst ? sum : norm(sum);
  }

  /** The feed-forward part, `activation(x W1 + b1) W2 + b2`, and its residual. */
  protected feedforward(x: Tensor): Tensor {
    return this.residual(x, this.feedforwardNorm, (part) => this.feedforwardOutput(this.feedforwardIntermediate(part)));
  }
}
