/** Data of several arrays: in an object by the names of inputs and outputs, or in a list. */
import { nearestNames, UnknownNameError, ValueError } from "../errors.ts";
import { isPlainObject, Tensor } from "../graph/index.ts";
import { describe } from "../layers/describe.ts";
import { type DataPart, isListOfArrays, type Match, type Matching } from "./data-binding.ts";

/** See `matchSlots`. Throws UnknownNameError for a name that no slot has, ValueError for what is missing or too much. */
export function matchSeveral(data: unknown, matching: Matching): (Match | null)[] {
  if (isPlainObject(data)) return matchByName(data, matching);
  const { where, kind, slots, optional, matched } = matching;
  const wanted = slots.filter((_, index) => !optional(index));
  const list = (Array.isArray(data) && slots.length > 1) || isListOfArrays(data) ? (data as readonly (DataPart | null)[]) : null;
  if (list === null) {
    const only = slots.length === 1 ? slots[0] : wanted.length === 1 ? wanted[0] : undefined;
    if (only !== undefined) return slots.map((slot) => (slot === only ? matched(data as DataPart, slot) : null));
    throw new ValueError({
      where,
      problem: `the model has ${slots.length} ${kind === "input" ? "inputs" : "outputs"}`,
      expected: `a list of ${slots.length} arrays, or an object: ${slots.map(({ name }) => name).join(", ")}`,
      received: data instanceof Tensor ? data.toString() : describe(data),
    });
  }
  if (list.length !== slots.length && list.length !== wanted.length) {
    throw new ValueError({
      where,
      problem: `the number of arrays does not fit the ${kind === "input" ? "inputs" : "outputs"} of the model`,
      expected: `${slots.length}: ${slots.map(({ name }) => name).join(", ")}`,
      received: String(list.length),
    });
  }
  let next = 0;
  return slots.map((slot, index) => {
    if (list.length !== slots.length && optional(index)) return null;
    const part = list[next++];
    return part === null || part === undefined ? null : matched(part, slot);
  });
}

function matchByName(data: Readonly<Record<string, unknown>>, { where, kind, slots, keys, optional, matched }: Matching): (Match | null)[] {
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
