/** How the elements of a data set become the arrays of a step, learnt from one that was matched and checked. */
import type { HostElement, Structure } from "../data/index.ts";
import type { DType } from "../dtype/index.ts";
import { type HostValues, isPlainObject, sameShape } from "../graph/index.ts";
import { stepArrays } from "./step-arrays.ts";
import type { TrainingData } from "./training-data.ts";
import type { ValueCheck } from "./value-checks.ts";

/** One array of a step. */
interface Ingredient {
  /** Position among the leaves of an element. */
  readonly leaf: number;
  readonly dtype: DType;
  /** Shape of a sample in the element and in the step, which may differ in an axis of extent 1. */
  readonly given: readonly number[];
  readonly taken: readonly number[];
  readonly check: ValueCheck | null;
}

/**
 * Elements of one structure, of the same dtypes and sample shapes, are matched with the model once. What depends on the
 * values (class numbers, weights) is checked every time.
 */
export class BatchRecipe {
  /** What the element was that the recipe comes from. */
  readonly layout: TrainingData;
  readonly #structure: Structure;
  readonly #ingredients: readonly Ingredient[];

  private constructor(layout: TrainingData, structure: Structure, ingredients: readonly Ingredient[]) {
    this.layout = layout;
    this.#structure = structure;
    this.#ingredients = ingredients;
  }

  /** The recipe by which `element` became `data`; null where arrays were made of it that are not its own. `checks`: see `valueChecks`. */
  static of(element: HostElement, data: TrainingData, checks: readonly (ValueCheck | null)[]): BatchRecipe | null {
    const ingredients: Ingredient[] = [];
    for (const [i, { values, shape, dtype }] of stepArrays(data).entries()) {
      const own = element.leaves.flatMap((part, position) => (part.values === values ? [position] : []));
      const leaf = own[0];
      // Of two leaves that share an array it cannot be told which one is meant.
      if (leaf === undefined || own.length > 1) return null;
      const given = element.leaves[leaf]!.shape;
      if (given.length === 0) return null;
      ingredients.push({ leaf, dtype, given: given.slice(1), taken: shape.slice(1), check: checks[i] ?? null });
    }
    return new BatchRecipe(data, element.structure, ingredients);
  }

  /** The arrays of a step; null for an element of another kind. Throws ValueError where values are not allowed. */
  arrays({ leaves, structure }: HostElement): HostValues[] | null {
    if (!sameStructure(structure, this.#structure)) return null;
    const arrays: HostValues[] = [];
    let count = -1;
    for (const { leaf, dtype, given, taken, check } of this.#ingredients) {
      const part = leaves[leaf];
      if (part === undefined || part.dtype === "string" || part.dtype !== dtype) return null;
      const { shape } = part;
      if (shape.length !== given.length + 1) return null;
      for (let axis = 0; axis < given.length; axis++) if (shape[axis + 1] !== given[axis]) return null;
      if (count < 0) count = shape[0]!;
      if (shape[0] !== count || count === 0) return null;
      const array = sameShape(given, taken) ? part : { values: part.values, shape: [count, ...taken], dtype };
      check?.(array);
      arrays.push(array);
    }
    return arrays;
  }
}

function sameStructure(a: Structure, b: Structure): boolean {
  if (a === b) return true;
  if (a === "leaf" || b === "leaf") return false;
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((part, i) => sameStructure(part as Structure, b[i] as Structure))
    );
  if (!isPlainObject(a) || !isPlainObject(b)) return false;
  const keys = Object.keys(a);
  const others = b as Readonly<Record<string, Structure>>;
  return (
    keys.length === Object.keys(b).length &&
    // The order of the keys is that of the leaves.
    Object.keys(b).every((key, i) => key === keys[i] && sameStructure((a as Readonly<Record<string, Structure>>)[key]!, others[key]!))
  );
}
