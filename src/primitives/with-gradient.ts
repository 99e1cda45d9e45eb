import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { definePrimitive } from "./define.ts";

/** Cotangents of the inputs that `withGradient` was given, from the cotangent of its result; null where nothing flows. */
export type CustomGradient = (cotangent: Tensor) => readonly (Tensor | null)[];

/**
 * y, with another gradient: what flows back goes to `inputs` by `rule` and not into y. This is how a composite operation
 * declares a closed form. Not in the list of primitives, since each use is one of its own: it holds its rule.
 * Shapes: y any -> the same; `rule` returns one cotangent per input, of the input's shape and dtype.
 */
export function withGradient(y: Tensor, inputs: readonly Tensor[], rule: CustomGradient): Tensor {
  const primitive: Primitive = definePrimitive({
    name: "withGradient",
    infer: (types) => [types[0]!],
    gradient: ({ cotangents }) => [null, ...rule(cotangents[0]!)],
    reference: ([value]) => [value!],
    lowering: { kind: "identity" },
    samples: () => [],
  });
  return applyOne(primitive, [y, ...inputs]);
}
