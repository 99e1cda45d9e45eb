/** Data in an object: arrays by the names of inputs and outputs. */
import { nearestNames, UnknownNameError, ValueError } from "../errors.ts";
import type { DataPart, Match, Slot } from "./data-binding.ts";

/** See `matchSlots`; `matched` makes a match. Throws UnknownNameError for a name that no slot has, ValueError for a missing one. */
export function matchByName(
  where: string,
  kind: string,
  data: Readonly<Record<string, unknown>>,
  slots: readonly Slot[],
  keys: readonly string[] | null,
  optional: (index: number) => boolean,
  matched: (data: DataPart, slot: Slot) => Match,
): (Match | null)[] {
  const names = slots.map(({ name }) => name);
  const known = new Set([...names, ...(keys ?? [])]);
  for (const key of Object.keys(data)) {
    if (known.has(key)) continue;
    const near = nearestNames(key, known);
    throw new UnknownNameError({
      where,
      problem: `the model has no ${kind === "input" ? "input" : "output"} of this name`,
      expected: names.map((name) => `"${name}"`).join(", "),
      received: JSON.stringify(key),
      ...(near.length > 0 ? { advice: `perhaps "${near[0]!}"` } : {}),
    });
  }
  return slots.map((slot, index) => {
    const part = data[slot.name] ?? (keys === null ? undefined : data[keys[index]!]);
    if (part !== undefined && part !== null) return matched(part as DataPart, slot);
    if (optional(index)) return null;
    throw new ValueError({
      where,
      problem: `the ${kind} "${slot.name}" is missing`,
      expected: names.map((name) => `"${name}"`).join(", "),
      received: Object.keys(data).join(", ") || "an empty object",
    });
  });
}
