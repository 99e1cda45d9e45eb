/** Maximum of sequences over windows, to a given size. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { AdaptiveMaxPoolingLayer, type AdaptivePoolingOptions } from "./adaptive-pooling.ts";

/**
 * Maximum over windows whose size follows from `outputSize`; see {@link AdaptivePoolingLayer}.
 *
 * Shapes: x `[batch, steps, channels]` -> `[batch, ...outputSize, channels]` (channels_last).
 *
 * @example
 * const y = layers.AdaptiveMaxPooling1D({ outputSize: 5 })(x);
 */
export class AdaptiveMaxPooling1DLayer extends AdaptiveMaxPoolingLayer {
  static override readonly className: string = "AdaptiveMaxPooling1D";

  constructor(options: AdaptivePoolingOptions) {
    super(1, options);
  }
}

/** Maximum of sequences over windows, to a given size; see {@link AdaptiveMaxPooling1DLayer}. */
export const AdaptiveMaxPooling1D: CallableClass<typeof AdaptiveMaxPooling1DLayer> =
  /* @__PURE__ */ callableClass(AdaptiveMaxPooling1DLayer);
export type AdaptiveMaxPooling1D = AdaptiveMaxPooling1DLayer;
