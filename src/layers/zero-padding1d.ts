/** Adds zeros at the ends of sequences. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ZeroPaddingLayer, type ZeroPaddingOptions } from "./zero-padding.ts";

/**
 * Zeros added at the ends of the spatial axes; see {@link ZeroPaddingLayer}.
 *
 * Shapes: x `[batch, steps, channels]` -> `[batch, newSteps, channels]` (channels_last).
 *
 * @example
 * const y = layers.ZeroPadding1D({ padding: [1, 0] })(x);
 */
export class ZeroPadding1DLayer extends ZeroPaddingLayer {
  static override readonly className: string = "ZeroPadding1D";

  constructor(options: ZeroPaddingOptions = {}) {
    super(1, options);
  }
}

/** Adds zeros at the ends of sequences; see {@link ZeroPadding1DLayer}. */
export const ZeroPadding1D: CallableClass<typeof ZeroPadding1DLayer> = /* @__PURE__ */ callableClass(ZeroPadding1DLayer);
export type ZeroPadding1D = ZeroPadding1DLayer;
