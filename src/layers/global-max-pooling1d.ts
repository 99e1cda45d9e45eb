/** Maximum over all positions of sequences. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { GlobalMaxPoolingLayer, type GlobalPoolingOptions } from "./global-pooling.ts";

/**
 * Maximum over all positions of sequences.
 *
 * Shapes: x `[batch, steps, channels]` -> `[batch, channels]`, or with extents of 1 where `keepdims` (channels_last).
 *
 * @example
 * const y = layers.GlobalMaxPooling1D()(x);
 */
export class GlobalMaxPooling1DLayer extends GlobalMaxPoolingLayer {
  static override readonly className: string = "GlobalMaxPooling1D";

  constructor(options: GlobalPoolingOptions = {}) {
    super(1, options);
  }
}

/** Maximum over all positions; see {@link GlobalMaxPooling1DLayer}. */
export const GlobalMaxPooling1D: CallableClass<typeof GlobalMaxPooling1DLayer> = /* @__PURE__ */ callableClass(GlobalMaxPooling1DLayer);
export type GlobalMaxPooling1D = GlobalMaxPooling1DLayer;
