/** Cuts off the ends of sequences. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { CroppingLayer, type CroppingOptions } from "./cropping.ts";

/**
 * Elements at the ends of the spatial axes cut off; see {@link CroppingLayer}.
 *
 * Shapes: x `[batch, steps, channels]` -> `[batch, newSteps, channels]`.
 *
 * @example
 * const y = layers.Cropping1D({ cropping: [1, 0] })(x);
 */
export class Cropping1DLayer extends CroppingLayer {
  static override readonly className: string = "Cropping1D";

  constructor(options: Omit<CroppingOptions, "dataFormat"> = {}) {
    super(1, options);
  }
}

/** Cuts off the ends of sequences; see {@link Cropping1DLayer}. */
export const Cropping1D: CallableClass<typeof Cropping1DLayer> = /* @__PURE__ */ callableClass(Cropping1DLayer);
export type Cropping1D = Cropping1DLayer;
