/** Loops and branches: bodies are vectorized, and examples that are done stand still. */
import { apply, concreteShape, parameterTensor, Subgraph, type Tensor, typeOf } from "../graph/index.ts";
import * as P from "../primitives/index.ts";
import type { CondAttributes } from "../primitives/cond.ts";
import { plainScan } from "../primitives/scan.ts";
import type { WhileAttributes } from "../primitives/while.ts";
import { type Batched, type BatchRule, moveAxis, spread } from "./batched.ts";

function parameterLike(x: Tensor): Tensor {
  const { shape, dtype } = typeOf(x);
  return parameterTensor(shape, dtype);
}

/** The node applied to one example after another: a scan. For primitives that have no batched form. */
export const eachExample: BatchRule = ({ node, inputs }) => {
  const xs = inputs.filter((input) => input.mapped).map((input) => input.tensor);
  const constants = inputs.filter((input) => !input.mapped).map((input) => input.tensor);
  const slices = xs.map((x) => {
    const { shape, dtype } = typeOf(x);
    return parameterTensor(shape.slice(1), dtype);
  });
  const fixed = constants.map(parameterLike);
  let [slice, constant] = [0, 0];
  const operands = inputs.map((input) => (input.mapped ? slices[slice++]! : fixed[constant++]!));
  return P.scan(new Subgraph([...slices, ...fixed], apply(node.primitive, operands, node.attributes)), { init: [], xs, constants });
};

export const scan: BatchRule = ({ node, inputs, size, vectorizeBody }) => {
  const { body, carries, xs, length, reverse } = P.scanAttributes(node.attributes);
  // Whatever a carry begins as, a step may make it differ between examples.
  const init = inputs.slice(0, carries).map((input) => spread(input, size));
  const sequences = inputs.slice(carries, carries + xs);
  const constants = inputs.slice(carries + xs);
  const arrays = sequences.map(({ tensor, mapped }) => (mapped ? moveAxis(tensor, 0, 1) : tensor));
  const parameters: Batched[] = [
    ...init.map((tensor) => ({ tensor: parameterLike(tensor), mapped: true })),
    ...arrays.map((tensor, i) => {
      const { shape, dtype } = typeOf(tensor);
      return { tensor: parameterTensor(shape.slice(1), dtype), mapped: sequences[i]!.mapped };
    }),
    ...constants.map(({ tensor, mapped }) => ({ tensor: parameterLike(tensor), mapped })),
  ];
  const results = vectorizeBody(body, parameters);
  const outputs = plainScan({
    body: new Subgraph(
      parameters.map((parameter) => parameter.tensor),
      results,
    ),
    init,
    xs: arrays,
    constants: constants.map((constant) => constant.tensor),
    length,
    reverse,
  });
  return outputs.map((output, i) => (i < carries ? output : moveAxis(output, 1, 0)));
};

export const whileLoop: BatchRule = ({ node, inputs, size, vectorizeBody }) => {
  const { condition, body, maximumIterations } = node.attributes as WhileAttributes;
  const carries = body.results.length;
  const init = inputs.slice(0, carries).map((input) => spread(input, size));
  const constants = inputs.slice(carries);
  const fresh = (): Batched[] => [
    ...init.map((tensor) => ({ tensor: parameterLike(tensor), mapped: true })),
    ...constants.map(({ tensor, mapped }) => ({ tensor: parameterLike(tensor), mapped })),
  ];
  const tensors = (list: readonly Batched[]): Tensor[] => list.map(({ tensor }) => tensor);
  const asked = fresh();
  const goesOn = vectorizeBody(condition, asked)[0]!;
  const given = fresh();
  const active = vectorizeBody(condition, given)[0]!;
  const next = vectorizeBody(body, given).map((result, i) =>
    P.select(P.broadcastInDim(active, concreteShape(result), [0]), result, given[i]!.tensor),
  );
  return P.whileLoop(
    new Subgraph(tensors(asked), [P.reduceAny(goesOn, [0])]),
    new Subgraph(tensors(given), next),
    init,
    constants.map((constant) => constant.tensor),
    maximumIterations,
  );
};

export const cond: BatchRule = ({ node, inputs, vectorizeBody }) => {
  const { then, else: otherwise } = node.attributes as CondAttributes;
  const [predicate, ...operands] = inputs;
  if (predicate!.mapped) {
    // Both branches run, and each example takes what is its own.
    const [yes, no] = [vectorizeBody(then, operands), vectorizeBody(otherwise, operands)];
    return yes.map((result, i) => P.select(P.broadcastInDim(predicate!.tensor, concreteShape(result), [0]), result, no[i]!));
  }
  const branch = (body: Subgraph): Subgraph => {
    const parameters = operands.map(({ tensor, mapped }): Batched => ({ tensor: parameterLike(tensor), mapped }));
    return new Subgraph(
      parameters.map(({ tensor }) => tensor),
      vectorizeBody(body, parameters),
    );
  };
  return P.cond(
    predicate!.tensor,
    branch(then),
    branch(otherwise),
    operands.map(({ tensor }) => tensor),
  );
};
