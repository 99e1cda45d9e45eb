/** Weights of classes as weights of samples. */
import { ValueError } from "../errors.ts";
import { describe } from "../layers/describe.ts";
import type { NamedArray } from "./data-binding.ts";

/** A weight per sample: that of its class, times the sample's own. */
export function withClassWeights(
  where: string,
  classWeight: Readonly<Record<number, number>>,
  targets: readonly (NamedArray | null)[],
  weights: readonly (NamedArray | null)[],
): NamedArray {
  const target = targets[0];
  if (targets.length !== 1 || target === null || target === undefined) {
    throw new ValueError({
      where,
      problem: "classWeight needs a model with one output",
      expected: "one output, or sampleWeight instead",
      received: `${targets.length} outputs`,
    });
  }
  for (const [key, weight] of Object.entries(classWeight)) {
    if (!Number.isInteger(Number(key)) || typeof weight !== "number" || !(weight >= 0)) {
      throw new ValueError({
        where,
        problem: "classWeight maps class numbers to weights",
        expected: "{ 0: 1, 1: 2.5 }",
        received: describe(classWeight),
      });
    }
  }
  const { values, shape } = target.host;
  const count = shape[0]!;
  const width = values.length / count;
  const own = weights[0]?.host.values;
  const out = new Float32Array(count);
  for (let sample = 0; sample < count; sample++) {
    let label = values[sample * width]!;
    if (width > 1) {
      let best = 0;
      for (let i = 1; i < width; i++) if (values[sample * width + i]! > values[sample * width + best]!) best = i;
      label = best;
    }
    out[sample] = (classWeight[label] ?? 1) * (own?.[sample] ?? 1);
  }
  return { label: "class weight", host: { values: out, shape: [count], dtype: "float32" } };
}
