/** Mean over windows of sequences. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { AveragePoolingLayer, type PoolingOptions } from "./pooling.ts";

/**
 * Mean over windows of sequences (padding does not count).
 *
 * Shapes: x `[batch, steps, channels]` -> `[batch, newSteps, channels]` (channels_last).
 *
 * @example
 * const y = layers.AveragePooling1D({ poolSize: 2 })(x);
 */
export class AveragePooling1DLayer extends AveragePoolingLayer {
  static override readonly className: string = "AveragePooling1D";

  constructor(options: PoolingOptions = {}) {
    super(1, options);
  }
}

/** Mean over windows; see {@link AveragePooling1DLayer}. */
export const AveragePooling1D: CallableClass<typeof AveragePooling1DLayer> = /* @__PURE__ */ callableClass(AveragePooling1DLayer);
export type AveragePooling1D = AveragePooling1DLayer;
