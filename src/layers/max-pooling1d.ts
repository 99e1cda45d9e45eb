/** Maximum over windows of sequences. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { MaxPoolingLayer, type PoolingOptions } from "./pooling.ts";

/**
 * Maximum over windows of sequences (padding never wins).
 *
 * Shapes: x `[batch, steps, channels]` -> `[batch, newSteps, channels]` (channels_last).
 *
 * @example
 * const y = layers.MaxPooling1D({ poolSize: 2 })(x);
 */
export class MaxPooling1DLayer extends MaxPoolingLayer {
  static override readonly className: string = "MaxPooling1D";

  constructor(options: PoolingOptions = {}) {
    super(1, options);
  }
}

/** Maximum over windows; see {@link MaxPooling1DLayer}. */
export const MaxPooling1D: CallableClass<typeof MaxPooling1DLayer> = /* @__PURE__ */ callableClass(MaxPooling1DLayer);
export type MaxPooling1D = MaxPooling1DLayer;
