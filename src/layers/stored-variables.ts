/** Variables as files hold them: arrays by name, checked before they are taken. */
import type { DType } from "../dtype/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, sameShape, type Tensor, type Variable } from "../graph/index.ts";

/** An array of a file. */
export interface StoredArray {
  readonly shape: readonly number[];
  /** The file's name of its element type: `float32`, `int64`, ... */
  readonly dtype: string;
  /** Its values in a dtype. Throws where they do not fit into it. */
  tensor(dtype: DType): Tensor;
}

/** Puts variables into a store under their positions. */
export function storeVariables(variables: readonly (Variable | Tensor)[], store: Map<string, Variable | Tensor>): void {
  variables.forEach((variable, index) => store.set(String(index), variable));
}

/** Assigns to variables what a store holds under their positions. `owner` and the weight are named in errors. */
export function assignStored(owner: string, variables: readonly Variable[], store: ReadonlyMap<string, StoredArray>, built = true): void {
  if (store.size !== variables.length) {
    throw new ValueError({
      where: owner,
      problem: "the file holds another number of weights for this layer",
      expected: `${variables.length}: ${variables.map((variable) => `${variable.name} ${formatShape(variable.shape)}`).join(", ") || "none"}`,
      received: `${store.size}: ${[...store.values()].map(({ shape }) => formatShape(shape)).join(", ") || "none"}`,
      advice: built
        ? "load it into a model of the same architecture, or with skipMismatch: true"
        : "the layer has no weights before it is built: call the model once, or build(inputShape), before loading weights",
    });
  }
  const values = variables.map((variable, index) => {
    const stored = store.get(String(index));
    if (stored === undefined) {
      throw new ValueError({
        where: owner,
        problem: `the file holds no weight "${variable.name}"`,
        expected: `an array named ${index}`,
        received: [...store.keys()].join(", "),
      });
    }
    return storedValue(owner, variable, stored);
  });
  variables.forEach((variable, index) => variable.assign(values[index]!));
}

/** The value of an array for a variable. Throws ShapeError that names both shapes. */
export function storedValue(owner: string, variable: Variable, stored: StoredArray): Tensor {
  if (sameShape(stored.shape, variable.shape)) return stored.tensor(variable.dtype);
  throw new ShapeError({
    where: owner,
    problem: `the weight "${variable.path}" has another shape in the file`,
    expected: formatShape(variable.shape),
    received: formatShape(stored.shape),
    advice: "load it into a model of the same architecture, or with skipMismatch: true",
  });
}
