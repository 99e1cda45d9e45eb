/** Making a class of layers callable without `new`. */
import { callableClass, type CallableClass, type Class } from "../serialization/index.ts";

/**
 * Makes a user's layer class usable like the built-in ones: `const mine = define(Mine); mine({ units: 3 })(x)`.
 *
 * @example
 * class Double extends Layer {
 *   static override readonly className: string = "Double";
 *   override call(x: Tensor): Tensor {
 *     return ops.multiply(x, 2);
 *   }
 * }
 * const double = define(Double);
 * const y = double()(x);
 */
export function define<C extends Class>(cls: C): CallableClass<C> {
  return callableClass(cls);
}
