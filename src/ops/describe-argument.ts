/** How errors of operations show what they were given. */
import { isHostTypedArray, StringTensor, Tensor, Variable } from "../graph/index.ts";

/** A short text of any argument. */
export function describe(value: unknown): string {
  if (value instanceof Tensor || value instanceof Variable || value instanceof StringTensor) return value.toString();
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isHostTypedArray(value)) return `${value.constructor.name} of ${value.length}`;
  if (value instanceof Promise) return "a Promise (an `await` is missing)";
  return typeof value === "object" ? `an object with keys ${Object.keys(value).slice(0, 5).join(", ") || "(none)"}` : typeof value;
}
