/** Static arguments of ops: given by position or in one options object; axes. */
import { ShapeError, ValueError } from "../errors.ts";
import { currentScope, normalizeAxis } from "../graph/index.ts";
import { isPlainObject } from "../graph/tree.ts";
import { checkOptions } from "../serialization/index.ts";

/** One axis, several, or all (null). */
export type Axis = number | readonly number[] | null;

/**
 * Static arguments by position, in one options object, or by position and then in an object: `f(x, { axis: 1 })` and
 * `f(x, 1)` mean the same. `names` gives the order; unknown keys of the object are errors.
 */
export function options<O extends object>(names: readonly (keyof O & string)[], given: readonly unknown[]): Partial<O> {
  const out: Record<string, unknown> = {};
  given.forEach((value, position) => {
    if (isPlainObject(value)) {
      checkOptions(currentScope(), value, names);
      for (const name of names) if (value[name] !== undefined) out[name] = value[name];
    } else if (value !== undefined) {
      const name = names[position];
      if (name !== undefined) out[name] = value;
    }
  });
  return out as Partial<O>;
}

/** Axes from the front, sorted, without duplicates; null is all axes. Throws ShapeError for one that does not exist, ValueError for no axis. */
export function normalizeAxes(axis: Axis | undefined, rank: number): number[] {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, position) => position);
  if (typeof axis !== "number" && !Array.isArray(axis)) {
    throw new ValueError({
      where: currentScope(),
      problem: "an axis is a whole number",
      expected: "a number, a list of numbers, or null for all axes",
      received: typeof axis === "string" ? JSON.stringify(axis) : typeof axis,
    });
  }
  const list = (typeof axis === "number" ? [axis] : (axis as readonly number[])).map((a) => normalizeAxis(currentScope(), a, rank));
  if (new Set(list).size !== list.length) {
    throw new ShapeError({ where: currentScope(), problem: "an axis is named twice", received: `[${list.join(", ")}]` });
  }
  return list.sort((a, b) => a - b);
}
