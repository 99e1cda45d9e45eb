import { expect, it } from "vitest";
import { Input, layers, Model } from "../../index.ts";
import type { SerializedObject } from "../../serialization/index.ts";
import { legacyModelConfig } from "./legacy-config.ts";

it("classes that Python calls otherwise than Keras exports them go by Python's name in legacy files, which have no modules", () => {
  const x = Input({ shape: [5, 4] });
  const attention = layers.GroupQueryAttention({ headDim: 3, numQueryHeads: 4, numKeyValueHeads: 2 });
  const model = new Model({ inputs: x, outputs: layers.Dense({ units: 1 })(attention(x, x)) });
  const { layers: written } = legacyModelConfig(model.toJSON() as unknown as SerializedObject).config as { layers: object[] };
  expect(written.map((layer) => (layer as SerializedObject).class_name)).toEqual(["InputLayer", "GroupedQueryAttention", "Dense"]);
});
