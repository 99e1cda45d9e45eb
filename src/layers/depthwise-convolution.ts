/** What DepthwiseConv1D and DepthwiseConv2D share. */
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

/** Options of a depthwise convolution. A number stands for the same number along every spatial axis. */
export interface DepthwiseConvolutionOptions extends LayerOptions {
  readonly kernelSize: number | readonly number[];
  /** Default 1. */
  readonly strides?: number | readonly number[];
  /** Default "valid". */
  readonly padding?: "valid" | "same";
  /** Number of output channels per input channel. Default 1. */
  readonly depthMultiplier?: number;
  readonly dataFormat?: DataFormat | null;
  /** Default 1. */
  readonly dilationRate?: number | readonly number[];
  readonly activation?: ActivationIdentifier | null;
  readonly useBias?: boolean;
  readonly depthwiseInitializer?: InitializerIdentifier;
  readonly biasInitializer?: InitializerIdentifier;
  readonly depthwiseRegularizer?: RegularizerIdentifier | null;
  readonly biasRegularizer?: RegularizerIdentifier | null;
  readonly depthwiseConstraint?: ConstraintIdentifier | null;
  readonly biasConstraint?: ConstraintIdentifier | null;
}

/**
 * Each channel convolved by itself: output channel `c depthMultiplier + m` is input channel c under kernel `[.., c, m]`.
 * Weights: kernel `[...kernelSize, in, depthMultiplier]`, bias `[in depthMultiplier]`.
 */
export abstract class DepthwiseConvolutionLayer extends Layer<DepthwiseConvolutionOptions> {
  declare depthMultiplier: number;
  declare kernelSize: readonly number[];
  declare strides: readonly number[];
  declare padding: "valid" | "same";
  declare dataFormat: DataFormat;
  declare dilationRate: readonly number[];
  declare activation: ActivationFunction | null;
  declare useBias: boolean;
  declare depthwiseInitializer: Initializer;
  declare biasInitializer: Initializer;
  declare depthwiseRegularizer: Regularizer | null;
  declare biasRegularizer: Regularizer | null;
  declare depthwiseConstraint: Constraint | null;
  declare biasConstraint: Constraint | null;
  kernel!: Variable;
  bias: Variable | null = null;
  readonly #spatialRank: number;

  constructor(spatialRank: number, options: DepthwiseConvolutionOptions) {
    super(options, {
      depthMultiplier: 1,
      kernelSize: required,
      strides: 1,
      padding: "valid",
      dataFormat: imageDataFormat(),
      dilationRate: 1,
      activation: null,
      useBias: true,
      depthwiseInitializer: "glorot_uniform",
      biasInitializer: "zeros",
      depthwiseRegularizer: null,
      biasRegularizer: null,
      depthwiseConstraint: null,
      biasConstraint: null,
    });
    this.#spatialRank = spatialRank;
    positiveInteger(this.label, "depthMultiplier", this.depthMultiplier);
    resolveWindow(this.label, this, spatialRank);
    this.inputSpec = { rank: spatialRank + 2 };
  }

  protected override get writesActivityRegularizer(): boolean {
    return true;
  }

  override build(inputShape: Shape): void {
    const channels = knownExtent(this.label, inputShape, channelAxis(this.dataFormat, inputShape.length));
    this.kernel = this.addWeight({
      name: "kernel",
      shape: [...this.kernelSize, channels, this.depthMultiplier],
      initializer: this.depthwiseInitializer,
      regularizer: this.depthwiseRegularizer,
      constraint: this.depthwiseConstraint,
    });
    if (this.useBias) {
      this.bias = this.addWeight({
        name: "bias",
        shape: [channels * this.depthMultiplier],
        initializer: this.biasInitializer,
        regularizer: this.biasRegularizer,
        constraint: this.biasConstraint,
      });
    }
    this.inputSpec = { rank: this.#spatialRank + 2, axes: { [this.dataFormat === "channels_last" ? -1 : 1]: channels } };
  }

  override call(x: Tensor): Tensor {
    checkReach(this.label, this, x);
    const y = ops.depthwiseConv(x, this.kernel, {
      strides: this.strides,
      padding: this.padding,
      dataFormat: this.dataFormat,
      dilationRate: this.dilationRate,
    });
    return activated(this.activation, addChannelBias(y, this.bias, this.dataFormat));
  }
}
