/** Loops of unknown length. */
import { isFloat } from "../dtype/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import {
  apply,
  type Attributes,
  formatShape,
  type GradientContext,
  type NdArray,
  parameterTensor,
  type Primitive,
  type Sample,
  Subgraph,
  Substitution,
  type Tensor,
  type TensorType,
  typeOf,
} from "../graph/index.ts";
import { add } from "./add.ts";
import { cond } from "./cond.ts";
import { constant } from "./constant.ts";
import { definePrimitive, expectExactDType, nd, whereOf } from "./define.ts";
import { less } from "./less.ts";
import { multiply } from "./multiply.ts";
import { expectBound, expectCount, scan } from "./scan.ts";
import { withGradient } from "./with-gradient.ts";

/** Attributes of a while node; inputs are the first carries, then the constants (which condition and body both take). */
export type WhileAttributes = {
  readonly condition: Subgraph;
  readonly body: Subgraph;
  readonly maximumIterations: number | null;
};

const NAME = "while";

function loopOf(attributes: Attributes): WhileAttributes {
  return attributes as WhileAttributes;
}

function infer(inputs: readonly TensorType[], attributes: Attributes): TensorType[] {
  const { condition, body, maximumIterations } = loopOf(attributes);
  if (maximumIterations !== null && (!Number.isInteger(maximumIterations) || maximumIterations < 0)) {
    throw new ValueError({
      where: whereOf(NAME),
      problem: "the largest number of iterations is no count",
      expected: "an integer from 0, or null for no limit",
      received: String(maximumIterations),
      advice: "give a whole number",
    });
  }
  for (const [what, graph] of [
    ["the condition", condition],
    ["the body", body],
  ] as const) {
    expectCount(NAME, `parameters of ${what}`, inputs.length, graph.parameters.length);
    graph.parameters.forEach((parameter, i) =>
      expectBound(NAME, `what parameter ${i} of ${what} is bound to`, typeOf(parameter), inputs[i]!),
    );
  }
  expectCount(NAME, "results of the condition", 1, condition.results.length);
  const test = typeOf(condition.results[0]!);
  expectExactDType(NAME, test, "bool", "the condition's result");
  if (test.shape.length !== 0) {
    throw new ShapeError({
      where: whereOf(NAME),
      problem: "the condition is no scalar",
      expected: "[]",
      received: formatShape(test.shape),
      advice: "reduce it (ops.any, ops.all)",
    });
  }
  if (body.results.length > inputs.length) expectCount(NAME, "carries that the body returns", inputs.length, body.results.length);
  return body.results.map((result, i) => {
    expectBound(NAME, `carry ${i}`, inputs[i]!, typeOf(result));
    return typeOf(result);
  });
}

function reference(
  inputs: readonly NdArray[],
  attributes: Attributes,
  _types: readonly TensorType[],
  run: Parameters<Primitive["reference"]>[3],
): NdArray[] {
  const { condition, body, maximumIterations } = loopOf(attributes);
  const carries = body.results.length;
  let state = inputs.slice(0, carries);
  const constants = inputs.slice(carries);
  for (let i = 0; maximumIterations === null || i < maximumIterations; i++) {
    if (run(condition, [...state, ...constants])[0]!.data[0] === 0) break;
    state = [...run(body, [...state, ...constants])];
  }
  return state;
}

/** The same loop as `maximumIterations` steps, of which those after the last change nothing: the condition stays false. */
function masked({ condition, body, maximumIterations }: WhileAttributes): { body: Subgraph; length: number } {
  const parameters = body.parameters.map((parameter) => {
    const { shape, dtype } = typeOf(parameter);
    return parameterTensor(shape, dtype);
  });
  const carries = body.results.length;
  const test = new Substitution();
  condition.parameters.forEach((parameter, i) => test.set(parameter, parameters[i]!));
  const stay = new Subgraph(body.parameters, body.parameters.slice(0, carries));
  const next = cond(test.of(condition.results[0]!), body, stay, parameters);
  return { body: new Subgraph(parameters, next), length: maximumIterations! };
}

function gradient({ inputs, attributes, cotangents, needed, differentiate }: GradientContext): (Tensor | null)[] {
  const loop = loopOf(attributes);
  if (loop.maximumIterations === null) {
    throw new ValueError({
      where: whereOf(NAME),
      problem: "a loop of unknown length has no gradient: the values of its steps would need memory without bound",
      expected: "a loop with maximumIterations, or a scan",
      received: "maximumIterations null",
      advice: "give the loop maximumIterations, or cut it off with ops.stopGradient",
    });
  }
  const carries = cotangents.length;
  const { body, length } = masked(loop);
  // Nodes of their own: one tensor may be several inputs, and an input may depend on another.
  const own = inputs.map((input) => withGradient(input, [input], (cotangent) => [cotangent]));
  const finals = scan(body, { init: own.slice(0, carries), xs: [], constants: own.slice(carries), length });
  const sources = own.filter((input, i) => needed[i]! && isFloat(input.dtype));
  const found = differentiate(finals, sources, cotangents);
  return own.map((input) => found[sources.indexOf(input)] ?? null);
}

function samples(): Sample[] {
  const scalar = (): Tensor => parameterTensor([], "float32");
  const [x, factor, y, other] = [scalar(), scalar(), scalar(), scalar()] as [Tensor, Tensor, Tensor, Tensor];
  const condition = new Subgraph([x, factor], [less(x, constant(100, "float32"))]);
  const body = new Subgraph([y, other], [add(multiply(y, other), constant(1, "float32"))]);
  return [null, 3, 0].map((maximumIterations) => ({
    inputs: [nd([1], []), nd([2], [])],
    attributes: { condition, body, maximumIterations },
    differentiable: maximumIterations !== null,
  }));
}

/** `while (condition(carries, constants)) carries = body(carries, constants)`, at most `maximumIterations` times. */
export const whilePrimitive: Primitive = definePrimitive({
  name: NAME,
  infer,
  gradient,
  reference,
  lowering: { kind: "while" },
  samples,
});

/**
 * Repeats `body` while `condition` holds, at most `maximumIterations` times. Has gradients only with
 * `maximumIterations`, by a loop of so many steps.
 * Shapes: init [c...], constants; condition (c..., constants...) -> bool [], body (c..., constants...) -> (c...) -> [c...].
 * Throws ShapeError, DTypeError or ValueError where parameters and results do not fit.
 */
export function whileLoop(
  condition: Subgraph,
  body: Subgraph,
  init: readonly Tensor[],
  constants: readonly Tensor[] = [],
  maximumIterations: number | null = null,
): Tensor[] {
  if (body.results.length !== init.length) expectCount(NAME, "carries that the body returns", init.length, body.results.length);
  return apply(whilePrimitive, [...init, ...constants], { condition, body, maximumIterations });
}
