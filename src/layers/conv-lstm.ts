/** What ConvLSTM1D, ConvLSTM2D and ConvLSTM3D share. */
import { checkGeometry, ConvLSTMCell, convLSTMCellDefaults, type ConvLSTMCellOptions, type ConvLSTMGeometry } from "./conv-lstm-cell.ts";
import type { Shape } from "../graph/index.ts";
import type { DataFormat } from "./data-format.ts";
import { knownExtent } from "./known-extent.ts";
import type { ActivationFunction } from "./layer-options.ts";
import { cellOptions, RecurrentLayer, type RecurrentOptions, shareOptions } from "./recurrent-layer.ts";
import { checkRate } from "./rnn-cell.ts";

/** Options of a convolutional LSTM. */
export interface ConvLSTMOptions extends RecurrentOptions, ConvLSTMCellOptions {}

const shared = Object.keys(convLSTMCellDefaults);

/** An LSTM over images whose products are convolutions over `spatialRank` axes; see ConvLSTMCell for the formula. */
export abstract class ConvLSTMLayer extends RecurrentLayer<ConvLSTMOptions> implements ConvLSTMGeometry {
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
  declare dropout: number;
  declare recurrentDropout: number;
  override readonly cell: ConvLSTMCell;

  constructor(spatialRank: number, options: ConvLSTMOptions) {
    super(options, convLSTMCellDefaults);
    checkGeometry(this.label, this, spatialRank);
    checkRate(this.label, "dropout", this.dropout);
    checkRate(this.label, "recurrentDropout", this.recurrentDropout);
    this.cell = new ConvLSTMCell(spatialRank, cellOptions(this, "conv_lstm_cell", shared) as unknown as ConvLSTMCellOptions);
    shareOptions(this, this.cell, shared);
    this.inputSpec = { rank: spatialRank + 3 };
  }

  override build(inputShape: Shape): void {
    for (let axis = 2; axis < inputShape.length; axis++) knownExtent(this.label, inputShape, axis);
    super.build(inputShape);
  }
}
