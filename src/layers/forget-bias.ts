/** The first bias of cells with a forget gate. */
import type { ConcreteShape, Tensor } from "../graph/index.ts";
import { Initializer, type InitializerDType, Ones } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";

/**
 * Ones for the forget gate (the second of four), `inner` for the others: the memory is kept until the network learns
 * otherwise. Jozefowicz, Zaremba, Sutskever, "An Empirical Exploration of Recurrent Network Architectures", 2015.
 */
export class ForgetBias extends Initializer {
  static override readonly className: string = "ForgetBias";
  readonly #inner: Initializer;

  constructor(inner: Initializer) {
    super();
    this.#inner = inner;
  }

  override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    const units = shape[0]! / 4;
    return ops.concatenate([this.#inner([units], dtype), Ones()([units], dtype), this.#inner([2 * units], dtype)]);
  }

  protected override options(): Record<string, unknown> {
    return {};
  }
}
