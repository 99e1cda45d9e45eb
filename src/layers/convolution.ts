/** What Conv1D, Conv2D and Conv3D share. */
import { imageDataFormat } from "../config/index.ts";
import type { Constraint } from "../constraints/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Shape, type Tensor, type Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import { AdaptableLayer, type AdaptableOptions, type AdaptedWeight } from "./adaptable-layer.ts";
import { addChannelBias, checkReach, type ConvolutionPadding, resolveWindow } from "./convolution-window.ts";
import { channelAxis, type DataFormat } from "./data-format.ts";
import { knownExtent } from "./known-extent.ts";
import {
  activated,
  type ActivationFunction,
  type ActivationIdentifier,
  type ConstraintIdentifier,
  type InitializerIdentifier,
  positiveInteger,
  type RegularizerIdentifier,
  required,
} from "./layer-options.ts";

/** Options of a convolution. A number stands for the same number along every spatial axis. */
export interface ConvolutionOptions extends AdaptableOptions {
  /** Number of output channels. */
  readonly filters: number;
  readonly kernelSize: number | readonly number[];
  /** Default 1. */
  readonly strides?: number | readonly number[];
  /** "valid": none; "same": so that stride 1 keeps the extents; "causal" (Conv1D): in front only. Default "valid". */
  readonly padding?: ConvolutionPadding;
  readonly dataFormat?: DataFormat | null;
  /** Default 1. */
  readonly dilationRate?: number | readonly number[];
  /** Into how many groups the channels are split; each output channel sees one group. Default 1. */
  readonly groups?: number;
  readonly activation?: ActivationIdentifier | null;
  readonly useBias?: boolean;
  readonly kernelInitializer?: InitializerIdentifier;
  readonly biasInitializer?: InitializerIdentifier;
  readonly kernelRegularizer?: RegularizerIdentifier | null;
  readonly biasRegularizer?: RegularizerIdentifier | null;
  readonly kernelConstraint?: ConstraintIdentifier | null;
  readonly biasConstraint?: ConstraintIdentifier | null;
}

/**
 * Convolution over `spatialRank` axes: `y[b, p, f] = activation(sum over k, c of x[b, p strides + k dilationRate, c] kernel[k, c, f] + bias[f])`.
 * Weights: kernel `[...kernelSize, in / groups, filters]`, bias `[filters]`.
 */
export abstract class ConvolutionLayer extends AdaptableLayer<ConvolutionOptions> {
  declare filters: number;
  declare kernelSize: readonly number[];
  declare strides: readonly number[];
  declare padding: ConvolutionPadding;
  declare dataFormat: DataFormat;
  declare dilationRate: readonly number[];
  declare groups: number;
  declare activation: ActivationFunction | null;
  declare useBias: boolean;
  declare kernelInitializer: Initializer;
  declare biasInitializer: Initializer;
  declare kernelRegularizer: Regularizer | null;
  declare biasRegularizer: Regularizer | null;
  declare kernelConstraint: Constraint | null;
  declare biasConstraint: Constraint | null;
  kernel!: Variable;
  bias: Variable | null = null;
  readonly #spatialRank: number;

  constructor(spatialRank: number, options: ConvolutionOptions) {
    super(options, {
      filters: required,
      kernelSize: required,
      strides: 1,
      padding: "valid",
      dataFormat: imageDataFormat(),
      dilationRate: 1,
      groups: 1,
      activation: null,
      useBias: true,
      kernelInitializer: "glorot_uniform",
      biasInitializer: "zeros",
      kernelRegularizer: null,
      biasRegularizer: null,
      kernelConstraint: null,
      biasConstraint: null,
    });
    const where = this.label;
    this.#spatialRank = spatialRank;
    positiveInteger(where, "filters", this.filters);
    positiveInteger(where, "groups", this.groups);
    resolveWindow(where, this, spatialRank, { paddings: spatialRank === 1 ? ["valid", "same", "causal"] : ["valid", "same"] });
    if (this.filters % this.groups !== 0) {
      throw new ValueError({
        where,
        problem: "the filters do not divide into the groups",
        expected: `a multiple of groups (${this.groups})`,
        received: `filters ${this.filters}`,
      });
    }
    this.inputSpec = { rank: spatialRank + 2 };
  }

  protected override get writesActivityRegularizer(): boolean {
    return true;
  }

  override build(inputShape: Shape): void {
    const axis = channelAxis(this.dataFormat, inputShape.length);
    const channels = knownExtent(this.label, inputShape, axis);
    if (channels % this.groups !== 0) {
      throw new ShapeError({
        where: this.label,
        problem: "the channels of the input do not divide into the groups",
        expected: `a multiple of ${this.groups} at axis ${axis}`,
        received: formatShape(inputShape),
      });
    }
    this.kernel = this.addWeight({
      name: "kernel",
      shape: [...this.kernelSize, channels / this.groups, this.filters],
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
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
    this.adaptWhereAsked();
  }

  protected override adapted(): AdaptedWeight {
    return { weight: this.kernel, regularizer: this.kernelRegularizer, constraint: this.kernelConstraint };
  }

  protected override get beside(): readonly Variable[] {
    return this.bias === null ? [] : [this.bias];
  }

  override call(x: Tensor): Tensor {
    checkReach(this.label, this, x);
    let padded = x;
    if (this.padding === "causal") {
      const lead = this.dilationRate[0]! * (this.kernelSize[0]! - 1);
      const none: [number, number] = [0, 0];
      padded = ops.pad(x, this.dataFormat === "channels_last" ? [none, [lead, 0], none] : [none, none, [lead, 0]]);
    }
    const y = ops.conv(padded, this.adaptedKernel(), {
      strides: this.strides,
      padding: this.padding === "same" ? "same" : "valid",
      dataFormat: this.dataFormat,
      dilationRate: this.dilationRate,
    });
    return activated(this.activation, addChannelBias(y, this.bias, this.dataFormat));
  }
}
