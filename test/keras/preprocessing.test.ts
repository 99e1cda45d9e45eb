import { beforeAll, describe, expect, it } from "vitest";
import { layers, setBackend } from "../../src/index.ts";
import { loadCases, testCases, testedBackends } from "./cases.ts";
import { checkAdaptedCase, checkPreprocessingCase } from "./preprocessing-case.ts";

for (const backend of testedBackends) {
  describe(`preprocessing on ${backend}`, () => {
    beforeAll(() => setBackend(backend));

    describe("layers_preprocessing", () => {
      testCases(
        "layers_preprocessing",
        (entry) => String(entry.class_name),
        (name) => layers.layerRegistry.has(name),
        checkPreprocessingCase,
      );
    });

    describe("layers_adapt", () => {
      it.each(loadCases("layers_adapt").map((entry) => [entry.id, entry] as const))("%s learns what Keras learns", async (_, entry) => {
        expect(await checkAdaptedCase(entry)).toBeNull();
      });
    });
  });
}
