/** What functional models are made of, and what they are called on. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, isPlainObject, isSymbolic, isText, sameSamples, StringTensor, Tensor } from "../graph/index.ts";
import { describe } from "../layers/describe.ts";
import { flattenStructure } from "../layers/structure.ts";
import * as ops from "../ops/index.ts";
import type { FunctionalGraph } from "./functional-graph.ts";
import { modelForms } from "./model-forms.ts";
import { borderValuesOf } from "./on-host.ts";

/** The symbolic tensors that a model is made of. Throws ValueError for anything else. */
export function symbolicLeaves(where: string, what: "inputs" | "outputs", part: unknown): Tensor[] {
  const leaves = flattenStructure(part);
  const odd = leaves.length === 0 ? "nothing" : leaves.find((leaf) => !(leaf instanceof Tensor) || !isSymbolic(leaf));
  if (odd === undefined) return leaves as Tensor[];
  throw new ValueError({
    where,
    problem: `the ${what} of a model are symbolic tensors`,
    expected: what === "inputs" ? "what Input({ shape }) gives" : "what layers give when they are called on inputs",
    received: odd instanceof Tensor ? `${odd.toString()} with values` : describe(odd),
  });
}

/**
 * Inputs of a call as a graph wants them: dtype, and a missing or superfluous last axis of extent 1. `named`: the model is
 * made of an object of inputs; others take one, too, by the names of their input layers.
 */
export function fittedInputs(where: string, graph: FunctionalGraph, named: boolean, inputs: unknown): (Tensor | StringTensor)[] {
  const wanted = graph.inputs;
  const given = ordered(where, graph, named, inputs);
  if (given.length !== wanted.length) {
    throw new ValueError({
      where,
      problem: "the number of inputs does not fit the model",
      expected: `${wanted.length}: ${graph.inputLayers.map(({ name }) => name).join(", ")}`,
      received: String(given.length),
    });
  }
  return given.map((tensor, index) => {
    const reference = wanted[index]!;
    const { name } = graph.inputLayers[index]!;
    if (isText(reference)) return modelForms.get(`${where}.call`).fittedTexts(where, name, tensor, reference.shape);
    if (tensor instanceof StringTensor || borderValuesOf(tensor) !== undefined) return tensor;
    let x = tensor.dtype === reference.dtype ? tensor : ops.cast(tensor, reference.dtype);
    if (x.rank === reference.rank + 1 && x.shape.at(-1) === 1) x = ops.squeeze(x, -1);
    else if (x.rank === reference.rank - 1 && reference.shape.at(-1) === 1) x = ops.expandDims(x, -1);
    if (sameSamples(x.shape, reference.shape)) return x;
    throw new ShapeError({
      where,
      problem: `the input "${name}" has the wrong shape`,
      expected: formatShape(reference.shape),
      received: formatShape(tensor.shape),
    });
  });
}

/** Inputs by name become a list in the model's order. */
function ordered(where: string, graph: FunctionalGraph, named: boolean, inputs: unknown): (Tensor | StringTensor)[] {
  if (!isPlainObject(inputs) || named) return flattenStructure(inputs) as (Tensor | StringTensor)[];
  return graph.inputLayers.map(({ name }) => {
    const tensor = inputs[name];
    if (tensor instanceof Tensor || tensor instanceof StringTensor) return tensor;
    throw new ValueError({ where, problem: `the input "${name}" is missing`, received: Object.keys(inputs).join(", ") });
  });
}
