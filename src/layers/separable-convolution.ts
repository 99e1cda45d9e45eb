/** What SeparableConv1D and SeparableConv2D share. */
import { imageDataFormat } from "../config/index.ts";
import type { Constraint } from "../constraints/index.ts";
import type { Shape, Tensor, Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import { addChannelBias, checkReach, resolveWindow } from "./convolution-window.ts";
import { channelAxis, type DataFormat } from "./data-format.ts";
import { knownExtent } from "./known-extent.ts";
import { Layer } from "./layer.ts";
import {
  activated,
  type ActivationFunction,
  type ActivationIdentifier,
  type ConstraintIdentifier,
  type InitializerIdentifier,
  type LayerOptions,
  positiveInteger,
  type RegularizerIdentifier,
  required,
} from "./layer-options.ts";

/** Options of a separable convolution. A number stands for the same number along every spatial axis. */
export interface SeparableConvolutionOptions extends LayerOptions {
  /** Number of output channels. */
  readonly filters: number;
  readonly kernelSize: number | readonly number[];
  /** Default 1. */
  readonly strides?: number | readonly number[];
  /** Default "valid". */
  readonly padding?: "valid" | "same";
  readonly dataFormat?: DataFormat | null;
  /** Default 1. */
  readonly dilationRate?: number | readonly number[];
  /** Number of channels between the two convolutions, per input channel. Default 1. */
  readonly depthMultiplier?: number;
  readonly activation?: ActivationIdentifier | null;
  readonly useBias?: boolean;
  readonly depthwiseInitializer?: InitializerIdentifier;
  readonly pointwiseInitializer?: InitializerIdentifier;
  readonly biasInitializer?: InitializerIdentifier;
  readonly depthwiseRegularizer?: RegularizerIdentifier | null;
  readonly pointwiseRegularizer?: RegularizerIdentifier | null;
  readonly biasRegularizer?: RegularizerIdentifier | null;
  readonly depthwiseConstraint?: ConstraintIdentifier | null;
  readonly pointwiseConstraint?: ConstraintIdentifier | null;
  readonly biasConstraint?: ConstraintIdentifier | null;
}

/**
 * A depthwise convolution, then a convolution with window 1 that mixes the channels.
 * Weights: depthwise_kernel `[...kernelSize, in, depthMultiplier]`, pointwise_kernel `[1, ..., in depthMultiplier, filters]`, bias `[filters]`.
 */
export abstract class SeparableConvolutionLayer extends Layer<SeparableConvolutionOptions> {
  declare depthMultiplier: number;
  declare filters: number;
  declare kernelSize: readonly number[];
  declare strides: readonly number[];
  declare padding: "valid" | "same";
  declare dataFormat: DataFormat;
  declare dilationRate: readonly number[];
  declare activation: ActivationFunction | null;
  declare useBias: boolean;
  declare depthwiseInitializer: Initializer;
  declare pointwiseInitializer: Initializer;
  declare biasInitializer: Initializer;
  declare depthwiseRegularizer: Regularizer | null;
  declare pointwiseRegularizer: Regularizer | null;
  declare biasRegularizer: Regularizer | null;
  declare depthwiseConstraint: Constraint | null;
  declare pointwiseConstraint: Constraint | null;
  declare biasConstraint: Constraint | null;
  depthwiseKernel!: Variable;
  pointwiseKernel!: Variable;
  bias: Variable | null = null;
  readonly #spatialRank: number;

  constructor(spatialRank: number, options: SeparableConvolutionOptions) {
    super(options, {
      depthMultiplier: 1,
      filters: required,
      kernelSize: required,
      strides: 1,
      padding: "valid",
      dataFormat: imageDataFormat(),
      dilationRate: 1,
      activation: null,
      useBias: true,
      depthwiseInitializer: "glorot_uniform",
      pointwiseInitializer: "glorot_uniform",
      biasInitializer: "zeros",
      depthwiseRegularizer: null,
      pointwiseRegularizer: null,
      biasRegularizer: null,
      depthwiseConstraint: null,
      pointwiseConstraint: null,
      biasConstraint: null,
    });
    this.#spatialRank = spatialRank;
    positiveInteger(this.label, "depthMultiplier", this.depthMultiplier);
    positiveInteger(this.label, "filters", this.filters);
    resolveWindow(this.label, this, spatialRank, { both: true });
    this.inputSpec = { rank: spatialRank + 2 };
  }

  protected override get writesActivityRegularizer(): boolean {
    return true;
  }

  override build(inputShape: Shape): void {
    const channels = knownExtent(this.label, inputShape, channelAxis(this.dataFormat, inputShape.length));
    this.depthwiseKernel = this.addWeight({
      name: "depthwise_kernel",
      shape: [...this.kernelSize, channels, this.depthMultiplier],
      initializer: this.depthwiseInitializer,
      regularizer: this.depthwiseRegularizer,
      constraint: this.depthwiseConstraint,
    });
    this.pointwiseKernel = this.addWeight({
      name: "pointwise_kernel",
      shape: [...this.kernelSize.map(() => 1), channels * this.depthMultiplier, this.filters],
      initializer: this.pointwiseInitializer,
      regularizer: this.pointwiseRegularizer,
      constraint: this.pointwiseConstraint,
    });
    if (this.useBias) {
      this.bias = this.addWeight({
        name: "bias",
        shape: [this.filters],
        initializer: this.biasInitializer,
        regularizer: this.biasRegularizer,
        constraint: this.biasConstraint,
      });
    }
    this.inputSpec = { rank: this.#spatialRank + 2, axes: { [this.dataFormat === "channels_last" ? -1 : 1]: channels } };
  }

  override call(x: Tensor): Tensor {
    checkReach(this.label, this, x);
    const y = ops.separableConv(x, this.depthwiseKernel, this.pointwiseKernel, {
      strides: this.strides,
      padding: this.padding,
      dataFormat: this.dataFormat,
      dilationRate: this.dilationRate,
    });
    return activated(this.activation, addChannelBias(y, this.bias, this.dataFormat));
  }
}
