/** Convolutional long short-term memory over 1 spatial axis. */
import { callableClass } from "../serialization/index.ts";
import type { RecurrentClass } from "./call-types.ts";
import { ConvLSTMLayer, type ConvLSTMOptions } from "./conv-lstm.ts";

/**
 * Convolutional LSTM over 1 spatial axis: inputs and state are convolved where an LSTM multiplies them. Shi et al., 2015.
 *
 * Shapes: x `[batch, steps, width, in]` (channels_last) -> `[batch, newWidth, filters]`, with all steps where
 * `returnSequences`; with `returnState` a list `[output, h, c]`.
 *
 * @example
 * const y = layers.ConvLSTM1D({ filters: 8, kernelSize: 3, padding: "same" })(x);
 */
export class ConvLSTM1DLayer extends ConvLSTMLayer {
  static override readonly className: string = "ConvLSTM1D";

  constructor(options: ConvLSTMOptions) {
    super(1, options);
  }
}

/** Convolutional long short-term memory; see {@link ConvLSTM1DLayer}. */
export const ConvLSTM1D: RecurrentClass<typeof ConvLSTM1DLayer, ConvLSTMOptions> = /* @__PURE__ */ callableClass(ConvLSTM1DLayer) as never;
export type ConvLSTM1D = ConvLSTM1DLayer;
