/** What a model that is a class of its own takes and gives: told from data. */
import { floatx } from "../config/index.ts";
import { ValueError } from "../errors.ts";
import { type Shape, symbolicTensor, Tensor } from "../graph/index.ts";
import { flattenStructure, mapStructure, packStructure } from "../layers/structure.ts";
import { inferSymbolic } from "../ops/symbolic.ts";
import type { NamedArray } from "./data-binding.ts";
import { hostDataOf } from "./input-structure.ts";
import type { Model } from "./model.ts";

type AnyModel = Model<unknown, unknown>;

/** Finds out what a model that is no graph takes and gives, by tracing it once on data, which builds it. */
export async function inferFrom(where: string, model: AnyModel, x: unknown): Promise<void> {
  const { structure, arrays } = await hostDataOf(where, x);
  const shapes = arrays.map(({ host }) => [null, ...host.shape.slice(1)]);
  if (
    model.buildFor(
      shapes,
      arrays.map(({ texts }) => texts !== undefined),
    )
  )
    return;
  if (arrays.some(({ texts }) => texts !== undefined)) {
    throw new ValueError({
      where,
      problem: "a model that is a class of its own does not take texts",
      expected: "numbers",
      received: "texts",
      advice: 'turn them into numbers first (dataset.map with TextVectorization), or make the model from Input({ dtype: "string" })',
    });
  }
  infer(model, structure, arrays);
}

function infer(model: AnyModel, structure: unknown, arrays: readonly NamedArray[]): void {
  const { session } = model;
  const shapes = arrays.map(({ host }): Shape => [null, ...host.shape.slice(1)]);
  const key = JSON.stringify([shapes, arrays.map(({ host }) => host.dtype)]);
  if (session.inferred?.key === key) return;
  const tensors = arrays.map(({ host }, index) => symbolicTensor(shapes[index]!, host.dtype, undefined));
  const x = structure === null ? tensors[0]! : packStructure(structure, tensors);
  // Of a model without a call, one array of targets is given to its steps as it is.
  const result = model.hasCall ? inferSymbolic([x], ([inputs]) => model(inputs)) : symbolicTensor([null], floatx(), undefined);
  const leaves = flattenStructure(result) as Tensor[];
  const names = outputNamesOf(result);
  session.inferred = {
    key,
    inputs: arrays.map(({ host }, index) => ({ name: `input_${index + 1}`, shape: null, dtype: host.dtype })),
    structure,
    outputs: leaves.map((leaf, index) => ({ name: names[index]!, shape: leaf.shape, dtype: leaf.dtype })),
  };
  session.compiled?.resolve(names);
}

/** Names of the outputs of a model that is no graph: the keys of an object, else `output_1`, ... */
function outputNamesOf(result: unknown): string[] {
  const names: string[] = [];
  const leaves = flattenStructure(result);
  if (typeof result === "object" && result !== null && !Array.isArray(result) && !(result instanceof Tensor)) {
    const keys = Object.keys(result).sort();
    if (keys.length === leaves.length) return keys;
  }
  mapStructure(result, () => names.push(`output_${names.length + 1}`));
  return names;
}
