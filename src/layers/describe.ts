/** How errors show a value. Apart from the options of layers: who describes a value need not know their classes. */
import { isPlainObject } from "../graph/index.ts";

/** A short text of any value, for errors. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !isPlainObject(value)) return textOf(value);
  return (JSON.stringify(value) ?? String(value)).slice(0, 120);
}

/** A tensor, say, tells its shape; an object that tells nothing of itself, its class. */
function textOf(value: object): string {
  // eslint-disable-next-line @typescript-eslint/no-base-to-string -- the line before rules out what has no text
  return value.toString === Object.prototype.toString ? `an object of ${value.constructor.name}` : String(value).slice(0, 120);
}
