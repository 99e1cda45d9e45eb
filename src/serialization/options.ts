/** Options objects: unknown names are errors that name the nearest known ones. */
import { nearestNames, UnknownNameError, ValueError } from "../errors.ts";
import { camelCaseKeys } from "./names.ts";

/** Marks options that a configuration gave; what spreads them keeps it. */
const ofConfiguration: unique symbol = Symbol("of a configuration");

/**
 * A configuration's entries as options of a constructor. Newer versions of Keras write further keys, null or false where
 * what they stand for is not used: such keys are passed over, so that files of those versions open.
 */
export function optionsOfConfig(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.defineProperty(camelCaseKeys(config), ofConfiguration, { value: true, enumerable: true });
}

/** Whether options come from a configuration. */
export function isOfConfig(options: object): boolean {
  return ofConfiguration in options;
}

/** Throws ValueError where `options` is no object, UnknownNameError where it has a key that is not in `known`. */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  if (options === null || (typeof options !== "object" && typeof options !== "function")) {
    const [first] = known;
    throw new ValueError({
      where,
      problem: "options are one object",
      expected: first === undefined ? "{}" : `{ ${first}: ... }, with any of ${known.join(", ")}`,
      received: typeof options === "string" ? JSON.stringify(options) : String(options),
    });
  }
  for (const [key, value] of Object.entries(options)) {
    if (known.includes(key) || (isOfConfig(options) && (value === null || value === false))) continue;
    const near = nearestNames(key, known);
    throw new UnknownNameError({
      where,
      problem: `there is no option "${key}"`,
      expected: near.length > 0 ? `perhaps ${near.map((name) => `"${name}"`).join(" or ")}` : known.map((name) => `"${name}"`).join(", "),
      received: key,
    });
  }
}
