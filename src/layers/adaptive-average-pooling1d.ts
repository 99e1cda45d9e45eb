/** Mean of sequences over windows, to a given size. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { AdaptiveAveragePoolingLayer, type AdaptivePoolingOptions } from "./adaptive-pooling.ts";

/**
 * Mean over windows whose size follows from `outputSize`; see {@link AdaptivePoolingLayer}.
 *
 * Shapes: x `[batch, steps, channels]` -> `[batch, ...outputSize, channels]` (channels_last).
 *
 * @example
 * const y = layers.AdaptiveAveragePooling1D({ outputSize: 5 })(x);
 */
export class AdaptiveAveragePooling1DLayer extends AdaptiveAveragePoolingLayer {
  static override readonly className: string = "AdaptiveAveragePooling1D";

  constructor(options: AdaptivePoolingOptions) {
    super(1, options);
  }
}

/** Mean of sequences over windows, to a given size; see {@link AdaptiveAveragePooling1DLayer}. */
export const AdaptiveAveragePooling1D: CallableClass<typeof AdaptiveAveragePooling1DLayer> =
  /* @__PURE__ */ callableClass(AdaptiveAveragePooling1DLayer);
export type AdaptiveAveragePooling1D = AdaptiveAveragePooling1DLayer;
