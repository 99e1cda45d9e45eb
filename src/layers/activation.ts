/** A layer that applies an activation function. */
import type { Tensor } from "../graph/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import { type ActivationFunction, type ActivationIdentifier, type LayerOptions, required } from "./layer-options.ts";

/** Options of Activation. */
export interface ActivationOptions extends LayerOptions {
  /** Name or function. */
  readonly activation: ActivationIdentifier;
}

/**
 * `y = activation(x)`.
 *
 * Shapes: x `[...]` -> `[...]`.
 *
 * @example
 * const y = layers.Activation({ activation: "relu" })(x);
 */
export class ActivationLayer extends Layer<ActivationOptions> {
  static override readonly className: string = "Activation";
  declare activation: ActivationFunction;

  constructor(options: ActivationOptions) {
    super(options, { activation: required });
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    return this.activation(x);
  }
}

/** Applies an activation function; see {@link ActivationLayer}. */
export const Activation: CallableClass<typeof ActivationLayer> = /* @__PURE__ */ callableClass(ActivationLayer);
export type Activation = ActivationLayer;
