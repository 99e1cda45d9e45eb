import { DTypeError, ShapeError, ValueError } from "../errors.ts";
import { applyOne, formatShape, type GradientRule, type Primitive, sameShape, type Tensor } from "../graph/index.ts";
import { definePrimitive, whereOf } from "./define.ts";

/** Cotangents of the inputs that `withGradient` was given, from the cotangent of its result; null where nothing flows. */
export type CustomGradient = (cotangent: Tensor) => readonly (Tensor | null)[];

/** The first input, without a gradient: all that is not of one use. */
const identity: Primitive = /* @__PURE__ */ definePrimitive({
  name: "withGradient",
  infer: (types) => [types[0]!],
  gradient: null,
  reference: ([value]) => [value!],
  lowering: { kind: "identity" },
  samples: () => [],
});

/**
 * y, with another gradient: what flows back goes to `inputs` by `rule` and not into y. This is how a composite operation
 * declares a closed form. Not in the list of primitives, since each use is one of its own: it holds its rule.
 * Shapes: y any -> the same; `rule` returns one cotangent per input, of the input's shape and dtype, else taking the
 * gradient throws ValueError, ShapeError or DTypeError.
 */
export function withGradient(y: Tensor, inputs: readonly Tensor[], rule: CustomGradient): Tensor {
  const gradient: GradientRule = ({ cotangents }) => [null, ...checked(rule(cotangents[0]!), inputs)];
  const primitive: Primitive = { ...identity, gradient, severed: identity };
  return applyOne(primitive, [y, ...inputs]);
}

function checked(cotangents: readonly (Tensor | null)[], inputs: readonly Tensor[]): readonly (Tensor | null)[] {
  const where = whereOf("withGradient");
  if (cotangents.length !== inputs.length) {
    throw new ValueError({
      where,
      problem: "the custom gradient gave the wrong number of cotangents",
      expected: `${inputs.length}, one per input`,
      received: String(cotangents.length),
      advice: "return null for an input that has no gradient",
    });
  }
  cotangents.forEach((cotangent, i) => {
    const input = inputs[i]!;
    if (cotangent === null) return;
    const parts = {
      where,
      problem: `the custom gradient of input ${i} does not have the input's type`,
      expected: `${input.dtype} ${formatShape(input.shape)}`,
      received: `${cotangent.dtype} ${formatShape(cotangent.shape)}`,
      advice: "a gradient has one element per element of its input",
    };
    if (!sameShape(cotangent.shape, input.shape)) throw new ShapeError(parts);
    if (cotangent.dtype !== input.dtype) throw new DTypeError(parts);
  });
  return cotangents;
}
