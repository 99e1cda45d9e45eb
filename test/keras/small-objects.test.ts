import { describe, expect, it } from "vitest";
import * as activations from "../../src/activations/index.ts";
import { evaluate } from "../../src/backends/reference/index.ts";
import * as constraints from "../../src/constraints/index.ts";
import type { NdArray, Tensor } from "../../src/graph/index.ts";
import * as initializers from "../../src/initializers/index.ts";
import * as regularizers from "../../src/regularizers/index.ts";
import { type Case, closeConfig, difference, type StoredArray, testCases } from "./cases.ts";
import { checkActivationCase, checkConstraintCase, checkRegularizerCase } from "./small-case.ts";

activations.registerActivations();
initializers.registerInitializers();
regularizers.registerRegularizers();
constraints.registerConstraints();

const value = (tensor: Tensor): NdArray => evaluate([tensor])[0]!;
const has = (registry: { has(name: string): boolean }) => (name: string) => registry.has(name);
const className = (entry: Case): string => entry["class_name"] as string;

function knows(name: string): boolean {
  try {
    activations.get(name);
    return true;
  } catch {
    return false;
  }
}

describe("activations", () => {
  testCases("activations", (entry) => entry["activation"] as string, knows, checkActivationCase);

  it("names and functions lead to each other", () => {
    expect(activations.serialize(activations.get("swish"))).toBe("silu");
    expect(activations.get(null)).toBe(activations.linear);
    expect(() => activations.get("rellu")).toThrow(/"relu"/);
  });
});

describe("regularizers", () => {
  testCases("regularizers", className, has(regularizers.regularizerRegistry), checkRegularizerCase);
});

describe("constraints", () => {
  testCases("constraints", className, has(constraints.constraintRegistry), checkConstraintCase);
});

/** How a random initializer should be distributed. */
interface Expectation {
  distribution: "uniform" | "normal" | "truncated_normal" | "orthogonal";
  low: number;
  high: number;
  mean: number;
  stddev: number;
  scale: number;
  bound: number;
  stddev_after_truncation?: number;
  gain: number;
}

/** Greatest distance between the distribution of a sample and a distribution function (Kolmogorov). */
function distance(sample: readonly number[], cumulative: (x: number) => number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  return Math.max(
    ...sorted.map((x, i) => Math.max(Math.abs(cumulative(x) - i / sorted.length), Math.abs(cumulative(x) - (i + 1) / sorted.length))),
  );
}
function normalCumulative(z: number): number {
  // Abramowitz and Stegun 7.1.26: error below 1.5e-7.
  const t = 1 / (1 + 0.3275911 * Math.abs(z / Math.SQRT2));
  const erf =
    1 - t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp((-z * z) / 2);
  return (1 + Math.sign(z) * erf) / 2;
}

/** Options that Keras does not save: the recorded configuration lacks them. */
const unsaved: Readonly<Record<string, object>> = { "initializers/IdentityInitializer/2": { gain: 2 } };

describe("initializers", () => {
  testCases("initializers", className, has(initializers.initializerRegistry), (entry) => {
    const cls = initializers.initializerRegistry.classOf(className(entry));
    const shape = entry["shape"] as number[];
    const initializer = cls.fromConfig({ ...(entry["config"] as object), ...unsaved[entry.id] });
    const configured = closeConfig({ ...initializer.getConfig(), ...(entry["config"] as object) }, initializer.getConfig());
    if (configured !== null) return configured;
    const drawn = value(initializer(shape));
    if (entry["value"] !== undefined) return difference(drawn, entry["value"] as StoredArray, { rtol: 2e-6, atol: 1e-6 });
    const expected = entry["expect"] as Expectation;
    if (expected.distribution === "orthogonal") return orthogonal(drawn, expected.gain);
    // Several draws with other seeds: at least 4,000 numbers.
    const size = drawn.data.length;
    const sample: number[] = [...drawn.data];
    for (let seed = 2; sample.length < 4_000; seed++) {
      sample.push(...value(cls.fromConfig({ ...(entry["config"] as object), seed })(shape)).data);
    }
    if (JSON.stringify([...value(initializer(shape)).data]) !== JSON.stringify(sample.slice(0, size)))
      return "the same seed gave other values";
    const mean = expected.mean ?? 0;
    let cumulative: (x: number) => number;
    if (expected.distribution === "uniform")
      cumulative = (x) => Math.min(1, Math.max(0, (x - expected.low) / (expected.high - expected.low)));
    else if (expected.distribution === "normal") cumulative = (x) => normalCumulative((x - mean) / expected.stddev);
    else {
      const tail = normalCumulative(-2);
      if (sample.some((x) => Math.abs(x - mean) > expected.bound * (1 + 1e-6))) return "a value lies outside the bound";
      cumulative = (x) => (normalCumulative((x - mean) / expected.scale) - tail) / (1 - 2 * tail);
    }
    // A true sample is farther away once in 10^5.
    const limit = 2.47 / Math.sqrt(sample.length);
    const found = distance(sample, cumulative);
    return found <= limit ? null : `the distribution is ${found} away (bound ${limit})`;
  });

  it("without a seed, draw something else each time they are made", () => {
    const [a, b] = [initializers.GlorotUniform(), initializers.GlorotUniform()];
    expect(value(a([3, 3])).data).not.toEqual(value(b([3, 3])).data);
    expect(a.getConfig()).toEqual({ seed: null });
  });
});

function orthogonal(drawn: NdArray, gain: number): string | null {
  const columns = drawn.shape.at(-1)!;
  const rows = drawn.data.length / columns;
  const [count, at] =
    rows < columns
      ? [rows, (v: number, i: number) => drawn.data[v * columns + i]!]
      : [columns, (v: number, i: number) => drawn.data[i * columns + v]!];
  const length = Math.max(rows, columns);
  for (let a = 0; a < count; a++) {
    for (let b = 0; b <= a; b++) {
      let product = 0;
      for (let i = 0; i < length; i++) product += at(a, i) * at(b, i);
      const expected = a === b ? gain * gain : 0;
      if (Math.abs(product - expected) > 1e-5) return `vectors ${a} and ${b} have the product ${product}`;
    }
  }
  return null;
}
