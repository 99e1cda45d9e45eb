/** Weights of a model by their paths, and models given weights by path. */
import { nearestNames, ShapeError, ValueError } from "../errors.ts";
import { formatShape, sameShape, type Tensor, type Variable } from "../graph/index.ts";
import type { Layer } from "../layers/index.ts";
import { cast } from "../ops/index.ts";

/** The weights of a model or layer by path. Equal paths get `:1`, `:2`, ... Throws ValueError before the weights exist. */
export function weightsByPath(where: string, model: Layer): Map<string, Variable> {
  if (!model.built) {
    throw new ValueError({
      where,
      problem: "the weights of the model do not exist yet",
      received: model.label,
      advice: "call the model once, or build(inputShape)",
    });
  }
  const paths = new Map<string, Variable>();
  for (const weight of model.weights) {
    let path = weight.path;
    for (let again = 1; paths.has(path); again++) path = `${weight.path}:${again}`;
    paths.set(path, weight);
  }
  return paths;
}

/** A path without the model's own name, which is counted up for every model that is made. */
function inner(path: string): string {
  return path.includes("/") ? path.slice(path.indexOf("/") + 1) : path;
}

/**
 * Gives every weight of a model the tensor of its path; where the paths differ in nothing but the first part (the name
 * of the model), that part is left out. All weights are checked before the first is set. Throws ValueError for weights
 * without a tensor and tensors without a weight, ShapeError where shapes differ.
 */
export function assignByPath(where: string, model: Layer, tensors: Readonly<Record<string, Tensor>>): void {
  const weights = weightsByPath(where, model);
  const names = Object.keys(tensors);
  const exact = [...weights.keys()].every((path) => path in tensors);
  const key = exact ? (path: string): string => path : inner;
  const found = new Map(names.map((name) => [key(name), tensors[name]!]));
  const wanted = new Map([...weights].map(([path, weight]) => [key(path), weight]));
  const missing = [...wanted.keys()].filter((path) => !found.has(path));
  const extra = [...found.keys()].filter((name) => !wanted.has(name));
  if (missing.length > 0 || extra.length > 0 || found.size !== names.length || wanted.size !== weights.size) {
    const near = missing.length > 0 ? nearestNames(missing[0]!, extra) : [];
    throw new ValueError({
      where,
      problem:
        missing.length > 0
          ? `${missing.length} weights of the model are not in the file`
          : `${extra.length} tensors of the file have no weight in the model`,
      expected: (missing.length > 0 ? missing : [...wanted.keys()]).slice(0, 8).join(", "),
      received: (extra.length > 0 ? extra : names).slice(0, 8).join(", ") || "no tensors",
      advice:
        near.length > 0
          ? `perhaps "${near[0]!}" is meant: layers that are named in the code keep their paths`
          : "name the layers in the code, so that paths do not depend on what was made before",
    });
  }
  const values = [...wanted].map(([path, weight]): [Variable, Tensor] => {
    const tensor = found.get(path)!;
    if (!sameShape(tensor.shape, weight.shape))
      throw new ShapeError({
        where: `${where}: ${weight.path}`,
        problem: "the tensor of the file does not fit the weight",
        expected: formatShape(weight.shape),
        received: formatShape(tensor.shape),
      });
    return [weight, tensor.dtype === weight.dtype ? tensor : cast(tensor, weight.dtype)];
  });
  for (const [weight, tensor] of values) weight.assign(tensor);
}
