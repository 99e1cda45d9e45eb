/** Inputs, targets and sample weights as one list, and back (`keras.utils`). */
import { ValueError } from "../errors.ts";

/** `x`, `[x, y]` or `[x, y, sampleWeight]`: as short as it can be. */
export function packXYSampleWeight(x: unknown, y: unknown = null, sampleWeight: unknown = null): unknown {
  if (y === null) return Array.isArray(x) ? [x] : x;
  return sampleWeight === null ? [x, y] : [x, y, sampleWeight];
}

/** `[x, y, sampleWeight]` of what `packXYSampleWeight` gives, null for what is missing. Throws ValueError for longer lists. */
export function unpackXYSampleWeight(data: unknown): [x: unknown, y: unknown, sampleWeight: unknown] {
  if (!Array.isArray(data)) return [data, null, null];
  const parts: readonly unknown[] = data;
  if (parts.length === 0 || parts.length > 3)
    throw new ValueError({
      where: "unpackXYSampleWeight",
      problem: "a batch has one to three parts",
      expected: "[x], [x, y] or [x, y, sampleWeight]",
      received: `a list of ${parts.length}`,
    });
  return [parts[0], parts[1] ?? null, parts[2] ?? null];
}
