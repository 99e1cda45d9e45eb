/** Options that say how much to add or cut at both ends of spatial axes. */
import { ValueError } from "../errors.ts";
import { describe } from "./layer-options.ts";

/** Before and behind. */
export type Pair = readonly [before: number, behind: number];

/**
 * One pair per spatial axis: from one number for all, one number per axis, or one pair per axis (for one axis, the pair
 * itself). Throws ValueError for anything else.
 */
export function edgePairs(where: string, name: string, value: unknown, spatialRank: number): Pair[] {
  if (isNatural(value)) return Array.from({ length: spatialRank }, (): Pair => [value, value]);
  if (spatialRank === 1 && isPair(value)) return [value];
  if (Array.isArray(value) && value.length === spatialRank) {
    const pairs = value.map((entry: unknown): Pair | null => (isNatural(entry) ? [entry, entry] : isPair(entry) ? entry : null));
    if (pairs.every((pair) => pair !== null)) return pairs;
  }
  throw new ValueError({
    where,
    problem: `${name} is a whole number of at least 0${spatialRank === 1 ? ", or a pair of them" : `, or a list of ${spatialRank} of them, or of ${spatialRank} pairs`}`,
    expected:
      spatialRank === 1
        ? "1, or [0, 2]"
        : `1, [${new Array(spatialRank).fill("1").join(", ")}], or [${new Array(spatialRank).fill("[0, 2]").join(", ")}]`,
    received: describe(value),
  });
}

function isNatural(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function isPair(value: unknown): value is Pair {
  return Array.isArray(value) && value.length === 2 && value.every(isNatural);
}
