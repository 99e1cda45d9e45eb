/** Calls that take the values of variables and give their new ones: functions without state, for loops in JAX's manner. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, sameShape, type Tensor, traceWith, type Variable } from "../graph/index.ts";
import { asTensor, type TensorLike } from "./as-tensor.ts";
import type { GivenValues, WithValues } from "./stateless-calls.ts";

/** See {@link WithValues}. Throws ValueError or ShapeError where values do not fit the variables. */
export const withValues: WithValues = (where, given, f) => {
  const values = new Map<Variable, Tensor>();
  for (const group of given) for (const [variable, tensor] of pairsOf(where, group)) values.set(variable, tensor);
  const { result, updates } = traceWith(values, f);
  const after = given.map(({ variables }) => variables.map((variable) => updates.get(variable) ?? values.get(variable)!));
  return { result, after };
};

function pairsOf(where: string, { name, variables, values }: GivenValues): (readonly [Variable, Tensor])[] {
  if (!Array.isArray(values) || values.length !== variables.length) {
    throw new ValueError({
      where,
      problem: `${name} are one value per variable`,
      expected: `${variables.length}: ${variables
        .slice(0, 5)
        .map(({ path }) => path)
        .join(", ")}${variables.length > 5 ? ", ..." : ""}`,
      received: Array.isArray(values) ? `a list of ${values.length}` : typeof values,
      ...(variables.length === 0 ? { advice: "build it first: variables are made by the first call, or by build" } : {}),
    });
  }
  return variables.map((variable, index) => {
    const tensor = asTensor((values as readonly TensorLike[])[index]!, variable.dtype);
    if (!sameShape(tensor.shape, variable.shape)) {
      throw new ShapeError({
        where,
        problem: `the value for ${variable.path} has another shape`,
        expected: formatShape(variable.shape),
        received: formatShape(tensor.shape),
      });
    }
    return [variable, tensor] as const;
  });
}
