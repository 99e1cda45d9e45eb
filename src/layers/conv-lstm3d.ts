/** Convolutional long short-term memory over 3 spatial axes. */
import { callableClass } from "../serialization/index.ts";
import type { RecurrentClass } from "./call-types.ts";
import { ConvLSTMLayer, type ConvLSTMOptions } from "./conv-lstm.ts";

/**
 * Convolutional LSTM over 3 spatial axes: inputs and state are convolved where an LSTM multiplies them. Shi et al., 2015.
 *
 * Shapes: x `[batch, steps, depth, height, width, in]` (channels_last) -> `[batch, newDepth, newHeight, newWidth, filters]`, with all steps where
 * `returnSequences`; with `returnState` a list `[output, h, c]`.
 *
 * @example
 * const y = layers.ConvLSTM3D({ filters: 8, kernelSize: 3, padding: "same" })(x);
 */
export class ConvLSTM3DLayer extends ConvLSTMLayer {
  static override readonly className: string = "ConvLSTM3D";

  constructor(options: ConvLSTMOptions) {
    super(3, options);
  }
}

/** Convolutional long short-term memory; see {@link ConvLSTM3DLayer}. */
export const ConvLSTM3D: RecurrentClass<typeof ConvLSTM3DLayer, ConvLSTMOptions> = /* @__PURE__ */ callableClass(ConvLSTM3DLayer) as never;
export type ConvLSTM3D = ConvLSTM3DLayer;
