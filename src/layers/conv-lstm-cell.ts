/** One step of a convolutional long short-term memory. */
import { imageDataFormat } from "../config/index.ts";
import type { Constraint } from "../constraints/index.ts";
import { ShapeError } from "../errors.ts";
import { formatShape, type Shape, type Tensor, type Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import { channelAxis, type DataFormat, dataFormats, spatialAxes } from "./data-format.ts";
import { ForgetBias } from "./forget-bias.ts";
import { knownExtent } from "./known-extent.ts";
import type { CallOptions } from "./layer.ts";
import {
  type ActivationFunction,
  type ActivationIdentifier,
  oneOf,
  type OptionDefaults,
  positiveInteger,
  required,
  spatialTuple,
} from "./layer-options.ts";
import { memoryStep } from "./lstm-cell.ts";
import { penaltyDefaults, type RecurrentWeightOptions, RNNCell, type States, weightDefaults } from "./rnn-cell.ts";

/** Options of a convolutional cell. A number stands for the same number along every spatial axis. */
export interface ConvLSTMCellOptions extends RecurrentWeightOptions {
  /** Number of channels of state and output. */
  readonly filters: number;
  readonly kernelSize: number | readonly number[];
  /** Of the convolution of the inputs. Default 1. */
  readonly strides?: number | readonly number[];
  /** Of the convolution of the inputs; that of the state is always "same". Default "valid". */
  readonly padding?: "valid" | "same";
  readonly dataFormat?: DataFormat | null;
  /** Of the convolution of the inputs. Default 1. */
  readonly dilationRate?: number | readonly number[];
  /** Of the gates. Default "sigmoid". */
  readonly recurrentActivation?: ActivationIdentifier | null;
  /** Whether the bias of the forget gate starts at 1. Default true. */
  readonly unitForgetBias?: boolean;
}

/** Options of the cell, in Keras's order. */
export const convLSTMCellDefaults: OptionDefaults = {
  filters: required,
  kernelSize: required,
  strides: 1,
  padding: "valid",
  dataFormat: null,
  dilationRate: 1,
  activation: "tanh",
  recurrentActivation: "sigmoid",
  useBias: true,
  ...weightDefaults,
  unitForgetBias: true,
  ...penaltyDefaults,
};

/** Options of a convolutional cell as it holds them. */
export interface ConvLSTMGeometry {
  filters: number;
  kernelSize: readonly number[];
  strides: readonly number[];
  padding: "valid" | "same";
  dataFormat: DataFormat;
  dilationRate: readonly number[];
}

/** Checks the geometry in the options of a cell or layer, and brings it into its final form. Throws ValueError. */
export function checkGeometry(where: string, options: ConvLSTMGeometry, spatialRank: number): void {
  // null stands for the default, as in Keras's configurations.
  options.dataFormat = options.dataFormat ?? imageDataFormat();
  positiveInteger(where, "filters", options.filters);
  options.kernelSize = spatialTuple(where, "kernelSize", options.kernelSize, spatialRank);
  options.strides = spatialTuple(where, "strides", options.strides, spatialRank);
  options.dilationRate = spatialTuple(where, "dilationRate", options.dilationRate, spatialRank);
  oneOf(where, "padding", options.padding, ["valid", "same"]);
  oneOf(where, "dataFormat", options.dataFormat, dataFormats);
}

/**
 * An LSTM whose products are convolutions: the gates' sums are `x * kernel + h * recurrent_kernel + bias`. Shi et al.,
 * "Convolutional LSTM Network", 2015 (without its peepholes, as in Keras).
 *
 * Shapes: x `[batch, spatial..., in]`, states [h, c], each `[batch, newSpatial..., filters]` -> `[h', [h', c']]`. Weights:
 * kernel `[...kernelSize, in, 4 filters]`, recurrent_kernel `[...kernelSize, filters, 4 filters]`, bias `[4 filters]`.
 */
export class ConvLSTMCell extends RNNCell<ConvLSTMCellOptions> implements ConvLSTMGeometry {
  static override readonly className: string = "ConvLSTMCell";
  declare filters: number;
  declare kernelSize: readonly number[];
  declare strides: readonly number[];
  declare padding: "valid" | "same";
  declare dataFormat: DataFormat;
  declare dilationRate: readonly number[];
  declare activation: ActivationFunction;
  declare recurrentActivation: ActivationFunction;
  declare useBias: boolean;
  declare unitForgetBias: boolean;
  declare kernelInitializer: Initializer;
  declare recurrentInitializer: Initializer;
  declare biasInitializer: Initializer;
  declare kernelRegularizer: Regularizer | null;
  declare recurrentRegularizer: Regularizer | null;
  declare biasRegularizer: Regularizer | null;
  declare kernelConstraint: Constraint | null;
  declare recurrentConstraint: Constraint | null;
  declare biasConstraint: Constraint | null;
  kernel!: Variable;
  recurrentKernel!: Variable;
  bias: Variable | null = null;
  readonly #spatialRank: number;
  #stateShape: readonly number[] = [];

  constructor(spatialRank: number, options: ConvLSTMCellOptions) {
    super(options, convLSTMCellDefaults);
    this.#spatialRank = spatialRank;
    checkGeometry(this.label, this, spatialRank);
    this.inputSpec = { rank: spatialRank + 2 };
  }

  get stateSize(): readonly number[] {
    return [this.filters, this.filters];
  }

  get outputSize(): number {
    return this.filters;
  }

  override build(inputShape: Shape): void {
    const rank = inputShape.length;
    const channel = channelAxis(this.dataFormat, rank);
    const channels = knownExtent(this.label, inputShape, channel);
    const spatial = spatialAxes(this.dataFormat, rank).map((axis) => knownExtent(this.label, inputShape, axis));
    this.kernel = this.addWeight({
      name: "kernel",
      shape: [...this.kernelSize, channels, 4 * this.filters],
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    this.recurrentKernel = this.addWeight({
      name: "recurrent_kernel",
      shape: [...this.kernelSize, this.filters, 4 * this.filters],
      initializer: this.recurrentInitializer,
      regularizer: this.recurrentRegularizer,
      constraint: this.recurrentConstraint,
    });
    if (this.useBias) {
      this.bias = this.addWeight({
        name: "bias",
        shape: [4 * this.filters],
        initializer: this.unitForgetBias ? new ForgetBias(this.biasInitializer) : this.biasInitializer,
        regularizer: this.biasRegularizer,
        constraint: this.biasConstraint,
      });
    }
    const newSpatial = spatial.map((extent, i) => this.#newExtent(extent, i, inputShape));
    this.#stateShape = this.dataFormat === "channels_last" ? [...newSpatial, this.filters] : [this.filters, ...newSpatial];
    this.inputSpec = {
      rank: this.#spatialRank + 2,
      axes: Object.fromEntries(inputShape.flatMap((extent, axis) => (axis === 0 ? [] : [[axis, extent as number]]))),
    };
  }

  #newExtent(extent: number, i: number, inputShape: Shape): number {
    const stride = this.strides[i]!;
    if (this.padding === "same") return Math.ceil(extent / stride);
    const reach = (this.kernelSize[i]! - 1) * this.dilationRate[i]! + 1;
    if (extent >= reach) return Math.floor((extent - reach) / stride) + 1;
    throw new ShapeError({
      where: this.label,
      problem: "the kernel is larger than the input",
      expected: `at least ${reach} along every spatial axis`,
      received: formatShape(inputShape),
      advice: 'use padding: "same", or a smaller kernelSize',
    });
  }

  /** States of zeros. */
  override getInitialState(batchSize: number): States {
    const zeros = (): Tensor => ops.zeros([batchSize, ...this.#stateShape], { dtype: this.policy.computeDtype });
    return [zeros(), zeros()];
  }

  override call(x: Tensor, states: States, { training }: CallOptions = {}): [Tensor, States] {
    const [h, c] = this.statesOf(x, states);
    const { inputs, state } = this.dropped(x, h!, training);
    const { dataFormat } = this;
    const fromInputs = ops.conv(inputs, this.kernel, {
      strides: this.strides,
      padding: this.padding,
      dataFormat,
      dilationRate: this.dilationRate,
    });
    let sums = ops.add(fromInputs, ops.conv(state, this.recurrentKernel, { padding: "same", dataFormat }));
    const axis = channelAxis(dataFormat, x.rank);
    if (this.bias !== null) {
      const around = axis === 1 ? new Array<number>(this.#spatialRank).fill(1) : [];
      sums = ops.add(sums, ops.reshape(this.bias, [4 * this.filters, ...around]));
    }
    return memoryStep(ops.split(sums, 4, { axis }), c!, this);
  }
}
