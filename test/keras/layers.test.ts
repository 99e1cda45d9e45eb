import { beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/index.ts";
import { layerRegistry } from "../../src/layers/index.ts";
import { testCases, testedBackends } from "./cases.ts";
import { checkLayerCase, type Tolerance } from "./layer-case.ts";

/** The tolerances that the recorded cases recommend. */
const plain = { rtol: 2e-5, atol: 1e-5 };
const loose = { rtol: 5e-5, atol: 2e-5 };

/** Classes of the recorded cases that do not exist here yet. The list shrinks to nothing. */
const missing: readonly string[] = [];

const groups: readonly (readonly [string, Tolerance])[] = [
  ["layers_activations", plain],
  ["layers_convolutional", plain],
  ["layers_core", plain],
  ["layers_merging", plain],
  ["layers_newer", plain],
  ["layers_normalization", loose],
  ["layers_pooling", plain],
  ["layers_regularization", plain],
  ["layers_reshaping", plain],
];

for (const backend of testedBackends) {
  describe(`layers on ${backend}`, () => {
    beforeAll(() => setBackend(backend));
    for (const [group, tolerance] of groups) {
      describe(group, () => {
        testCases(
          group,
          (entry) => String(entry.class_name),
          (name) => !missing.includes(name),
          // The newer layers were recorded with a newer Keras, whose configurations are read but not written.
          (entry) => checkLayerCase(entry, tolerance, { sameConfig: group !== "layers_newer" }),
        );
      });
    }
  });
}

it("every class that exists here has its cases run", () => {
  expect(missing.filter((name) => layerRegistry.has(name))).toEqual([]);
});
