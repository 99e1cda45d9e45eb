/** Data of autoencoders, checked before anything is trained on it. */
import { hostArrayOf } from "../../data/array-source.ts";
import { ValueError } from "../../errors.ts";
import { isStream } from "../../models/batches.ts";
import type { BatchStream, DataStructure } from "../../models/index.ts";

/**
 * Throws ValueError where the samples hold NaN or infinities: one such value would spread to all weights with the first
 * step. Batches of a stream are not known before they come.
 */
export async function checkFinite(where: string, x: DataStructure | BatchStream): Promise<void> {
  if (isStream(x)) return;
  const { values, shape } = await hostArrayOf(where, x as never, { label: "input", shape: null, dtype: null });
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    const size = values.length / shape[0]!;
    throw new ValueError({
      where,
      problem: `x holds a value that is not finite, in sample ${Math.floor(i / size)}, at place ${i % size} of it`,
      expected: "finite numbers",
      received: String(values[i]),
      advice: "drop such samples, or fill the gaps (with the mean of the feature, say) first",
    });
  }
}
