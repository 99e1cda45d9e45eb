/** Options objects: unknown names are errors that name the nearest known ones. */
import { nearestNames, UnknownNameError } from "../errors.ts";

/** Throws UnknownNameError where `options` has a key that is not in `known`. */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const near = nearestNames(key, known);
    throw new UnknownNameError({
      where,
      problem: `there is no option "${key}"`,
      expected: near.length > 0 ? `perhaps ${near.map((name) => `"${name}"`).join(" or ")}` : known.map((name) => `"${name}"`).join(", "),
      received: key,
    });
  }
}
