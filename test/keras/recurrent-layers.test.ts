/** Recurrent and attention layers against Keras: outputs, states, masks, gradients and configurations, on two back-ends. */
import { beforeAll, describe } from "vitest";
import { setBackend } from "../../src/index.ts";
import { layerRegistry } from "../../src/layers/index.ts";
import { testCases, testedBackends } from "./cases.ts";
import { checkRecurrentCase } from "./recurrent-case.ts";

for (const backend of testedBackends) {
  describe(backend, () => {
    beforeAll(async () => {
      await setBackend(backend);
    });
    for (const group of ["layers_recurrent", "layers_attention"])
      describe(group, () => {
        testCases(
          group,
          (entry) => String(entry.class_name),
          (name) => layerRegistry.has(name),
          (entry) => checkRecurrentCase(entry),
        );
      });
  });
}
