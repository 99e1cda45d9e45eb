/** A layer that does nothing. */
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import type { LayerOptions } from "./layer-options.ts";

/**
 * `y = x`.
 *
 * Shapes: any -> the same; also lists and objects of tensors.
 *
 * @example
 * const y = layers.Identity()(x);
 */
export class IdentityLayer extends Layer {
  static override readonly className: string = "Identity";

  constructor(options: LayerOptions = {}) {
    super(options, {});
    this.supportsMasking = true;
  }

  override call<T>(x: T): T {
    return x;
  }
}

/** What goes in comes out. */
export interface IdentityLayer {
  <T>(x: T): T;
}

/** Does nothing; see {@link IdentityLayer}. */
export const Identity: CallableClass<typeof IdentityLayer> = /* @__PURE__ */ callableClass(IdentityLayer);
export type Identity = IdentityLayer;
