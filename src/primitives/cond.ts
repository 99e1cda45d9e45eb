/** Branches: one of two bodies runs. */
import { isFloat } from "../dtype/index.ts";
import { ShapeError } from "../errors.ts";
import {
  apply,
  type Attributes,
  formatShape,
  type GradientContext,
  parameterTensor,
  type Primitive,
  type Sample,
  Subgraph,
  type Tensor,
  type TensorType,
  typeOf,
} from "../graph/index.ts";
import { add } from "./add.ts";
import { definePrimitive, expectExactDType, nd, whereOf } from "./define.ts";
import { filled } from "./filled.ts";
import { zerosLike } from "./full.ts";
import { multiply } from "./multiply.ts";
import { expectBound, expectCount } from "./scan.ts";

/** Attributes of a cond node; inputs are the predicate and the operands of both branches. */
export type CondAttributes = {
  readonly then: Subgraph;
  readonly else: Subgraph;
};

const NAME = "cond";

function branches(attributes: Attributes): CondAttributes {
  return attributes as CondAttributes;
}

function infer([predicate, ...operands]: readonly TensorType[], attributes: Attributes): TensorType[] {
  const { then, else: otherwise } = branches(attributes);
  expectExactDType(NAME, predicate!, "bool", "the predicate");
  if (predicate!.shape.length !== 0) {
    throw new ShapeError({
      where: whereOf(NAME),
      problem: "the predicate is no scalar",
      expected: "[]",
      received: formatShape(predicate!.shape),
      advice: "reduce it (ops.any, ops.all), or choose elementwise (ops.where)",
    });
  }
  for (const [what, branch] of [
    ["first branch", then],
    ["second branch", otherwise],
  ] as const) {
    expectCount(NAME, `operands of the ${what}`, operands.length, branch.parameters.length);
    branch.parameters.forEach((parameter, i) => expectBound(NAME, `operand ${i} of the ${what}`, typeOf(parameter), operands[i]!));
  }
  expectCount(NAME, "results of the second branch", then.results.length, otherwise.results.length);
  return then.results.map((result, i) => {
    expectBound(NAME, `result ${i} of the second branch`, typeOf(result), typeOf(otherwise.results[i]!));
    return typeOf(result);
  });
}

/** Both branches get their gradients; the one that ran runs again with them. */
function gradient({ inputs, attributes, cotangents, needed, differentiate }: GradientContext): (Tensor | null)[] {
  const { then, else: otherwise } = branches(attributes);
  const [predicate, ...operands] = inputs;
  const arriving = cotangents.flatMap((cotangent, i) => (cotangent !== undefined && isFloat(cotangent.dtype) ? [i] : []));
  const wanted = operands.flatMap((operand, i) => (needed[i + 1]! && isFloat(operand.dtype) ? [i] : []));
  const backward = (branch: Subgraph): Subgraph => {
    const given = arriving.map((i) => {
      const { shape, dtype } = typeOf(cotangents[i]!);
      return parameterTensor(shape, dtype);
    });
    const sources = wanted.map((i) => branch.parameters[i]!);
    const found = differentiate(
      branch.results,
      sources,
      branch.results.map((_, i) => given[arriving.indexOf(i)]),
    );
    return new Subgraph(
      [...branch.parameters, ...given],
      found.map((gradient, i) => gradient ?? zerosLike(sources[i]!)),
    );
  };
  const results = cond(predicate!, backward(then), backward(otherwise), [...operands, ...arriving.map((i) => cotangents[i]!)]);
  return [null, ...operands.map((_, i) => results[wanted.indexOf(i)] ?? null)];
}

function samples(): Sample[] {
  const branch = (combine: (x: Tensor, y: Tensor) => Tensor): Subgraph => {
    const [x, y] = [parameterTensor([2, 3], "float32"), parameterTensor([2, 3], "float32")] as [Tensor, Tensor];
    return new Subgraph([x, y], [combine(x, y), x]);
  };
  const attributes = { then: branch(add), else: branch(multiply) };
  return [0, 1].map((predicate) => ({ inputs: [nd([predicate], [], "bool"), filled([2, 3], 1), filled([2, 3], 2)], attributes }));
}

/** `predicate ? then(operands) : else(operands)`; only one of them runs. Attributes: `then`, `else`. */
export const condPrimitive: Primitive = definePrimitive({
  name: NAME,
  infer,
  gradient,
  reference: ([predicate, ...operands], attributes, _types, run) => {
    const { then, else: otherwise } = branches(attributes);
    return run(predicate!.data[0] !== 0 ? then : otherwise, operands);
  },
  lowering: { kind: "cond" },
  samples,
});

/**
 * The results of `then` where `predicate` is true, else those of `otherwise`; only one of them runs.
 * Shapes: predicate bool []; both branches take the operands and give results of the same types.
 * Throws ShapeError, DTypeError or ValueError where parameters or results do not fit.
 */
export function cond(predicate: Tensor, then: Subgraph, otherwise: Subgraph, operands: readonly Tensor[]): Tensor[] {
  return apply(condPrimitive, [predicate, ...operands], { then, else: otherwise });
}
