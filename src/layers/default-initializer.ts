/** What a weight begins with that has no initializer. */
import { isFloat } from "../dtype/index.ts";
import type { ConcreteShape, Tensor } from "../graph/index.ts";
import { GlorotUniform, Initializer, type InitializerDType, Zeros } from "../initializers/index.ts";
import { dtypeOf } from "../initializers/initializer.ts";

/**
 * Stands where an option of a layer is null: Glorot's uniform distribution for floats, zeros for other numbers. Every weight
 * is drawn anew. Configurations say null.
 */
export class DefaultInitializer extends Initializer {
  static override readonly className: string = "DefaultInitializer";

  override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    return (isFloat(dtypeOf(dtype)) ? GlorotUniform() : Zeros())(shape, dtype);
  }

  protected override options(): Record<string, unknown> {
    return {};
  }
}
