/** Steps through memory that use few sets of a cache. */
import type { CpuTarget } from "../../target.ts";

/**
 * Rows this far apart (or a multiple of it) meet in few sets of the first cache. Loops that are short of nothing else
 * feel it sooner (filter gradient 3x3 256-256, Zen 4: 67 % of peak with rows 1 KB apart, 85 % with 1088 bytes).
 */
const conflictBytes: Readonly<Record<CpuTarget["name"], number>> = { wasm: 2048, avx2: 1024, avx512: 1024 };
/** Whether steps of `elements` float32 fall on the same few cache sets. */
export function stepsConflict(elements: number, target: CpuTarget): boolean {
  return elements !== 0 && (elements * 4) % conflictBytes[target.name] === 0;
}
