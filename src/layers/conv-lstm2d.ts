/** Convolutional long short-term memory over 2 spatial axes. */
import { callableClass } from "../serialization/index.ts";
import type { RecurrentClass } from "./call-types.ts";
import { ConvLSTMLayer, type ConvLSTMOptions } from "./conv-lstm.ts";

/**
 * Convolutional LSTM over 2 spatial axes: inputs and state are convolved where an LSTM multiplies them. Shi et al., 2015.
 *
 * Shapes: x `[batch, steps, height, width, in]` (channels_last) -> `[batch, newHeight, newWidth, filters]`, with all steps where
 * `returnSequences`; with `returnState` a list `[output, h, c]`.
 *
 * @example
 * const y = layers.ConvLSTM2D({ filters: 8, kernelSize: 3, padding: "same" })(x);
 */
export class ConvLSTM2DLayer extends ConvLSTMLayer {
  static override readonly className: string = "ConvLSTM2D";

  constructor(options: ConvLSTMOptions) {
    super(2, options);
  }
}

/** Convolutional long short-term memory; see {@link ConvLSTM2DLayer}. */
export const ConvLSTM2D: RecurrentClass<typeof ConvLSTM2DLayer, ConvLSTMOptions> = /* @__PURE__ */ callableClass(ConvLSTM2DLayer) as never;
export type ConvLSTM2D = ConvLSTM2DLayer;
