/** What Conv1DTranspose, Conv2DTranspose and Conv3DTranspose share. */
import { imageDataFormat } from "../config/index.ts";
import type { Constraint } from "../constraints/index.ts";
import { ValueError } from "../errors.ts";
import type { Shape, Tensor, Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import type { Config } from "../serialization/index.ts";
import { addChannelBias, resolveWindow } from "./convolution-window.ts";
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
  naturalTuple,
  positiveInteger,
  type RegularizerIdentifier,
  required,
} from "./layer-options.ts";

/** Options of a transposed convolution. A number stands for the same number along every spatial axis. */
export interface ConvolutionTransposeOptions extends LayerOptions {
  /** Number of output channels. */
  readonly filters: number;
  readonly kernelSize: number | readonly number[];
  /** Factor by which the extents grow. Default 1. */
  readonly strides?: number | readonly number[];
  /** Default "valid". */
  readonly padding?: "valid" | "same";
  /** Added to the extents of the output, less than the strides. Default: what `padding` gives, see {@link ConvolutionTransposeLayer}. */
  readonly outputPadding?: number | readonly number[] | null;
  readonly dataFormat?: DataFormat | null;
  /** Default 1. */
  readonly dilationRate?: number | readonly number[];
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
 * The transpose of a convolution over `spatialRank` axes, as a linear map: x takes the place of the convolution's output.
 * With window `w = (kernelSize - 1) dilationRate + 1` the extents are `n strides` ("same"), `n strides + max(w - strides, 0)`
 * ("valid"), or, with outputPadding, `(n - 1) strides + w + outputPadding`, less `2 floor(w / 2)` for "same".
 * Weights: kernel `[...kernelSize, filters, in]`, bias `[filters]`.
 */
export abstract class ConvolutionTransposeLayer extends Layer<ConvolutionTransposeOptions> {
  declare filters: number;
  declare kernelSize: readonly number[];
  declare strides: readonly number[];
  declare padding: "valid" | "same";
  declare outputPadding: readonly number[] | null;
  declare dataFormat: DataFormat;
  declare dilationRate: readonly number[];
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

  constructor(spatialRank: number, options: ConvolutionTransposeOptions) {
    super(options, {
      filters: required,
      kernelSize: required,
      strides: 1,
      padding: "valid",
      outputPadding: null,
      dataFormat: imageDataFormat(),
      dilationRate: 1,
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
    resolveWindow(where, this, spatialRank);
    this.inputSpec = { rank: spatialRank + 2 };
    if (this.outputPadding === null) return;
    this.outputPadding = naturalTuple(where, "outputPadding", this.outputPadding, spatialRank);
    if (this.outputPadding.some((extra, axis) => extra >= this.strides[axis]!)) {
      throw new ValueError({
        where,
        problem: "outputPadding must be less than the strides",
        expected: `below [${this.strides.join(", ")}]`,
        received: `[${this.outputPadding.join(", ")}]`,
      });
    }
  }

  protected override get writesActivityRegularizer(): boolean {
    return true;
  }

  /** Keras 3.4 writes no output padding; where there is one it reads it all the same. */
  override getConfig(): Config {
    const { output_padding: outputPadding, ...config } = super.getConfig();
    return outputPadding === null ? config : { ...config, output_padding: outputPadding };
  }

  override build(inputShape: Shape): void {
    const channels = knownExtent(this.label, inputShape, channelAxis(this.dataFormat, inputShape.length));
    this.kernel = this.addWeight({
      name: "kernel",
      shape: [...this.kernelSize, this.filters, channels],
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
  }

  override call(x: Tensor): Tensor {
    const y = ops.convTranspose(x, this.kernel, {
      strides: this.strides,
      padding: this.padding,
      outputPadding: this.outputPadding,
      dataFormat: this.dataFormat,
      dilationRate: this.dilationRate,
    });
    return activated(this.activation, addChannelBias(y, this.bias, this.dataFormat));
  }
}
