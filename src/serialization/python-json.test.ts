import { expect, it } from "vitest";
import { layers, optimizers } from "../index.ts";
import { parsePythonJson, pythonJson } from "./python-json.ts";

it("floats of Keras's classes are written as floats, other numbers as they are", () => {
  const text = pythonJson(optimizers.serialize(optimizers.SGD({ learningRate: 1, momentum: 0 })));
  expect(text).toContain('"learning_rate": 1.0');
  expect(text).toContain('"momentum": 0.0');
  expect(parsePythonJson(text, "test")).toEqual(
    JSON.parse(JSON.stringify(optimizers.serialize(optimizers.SGD({ learningRate: 1, momentum: 0 })))),
  );
  expect(pythonJson(layers.Dense({ units: 4, name: "d" }))).toContain('"units": 4,');
  expect(pythonJson({ module: "mine", class_name: "Mine", config: { rate: 2 } })).toContain('"rate": 2}');
});

it("keys of newer versions of Keras that are not used are passed over in configurations, and refused where a program writes them", () => {
  const { config, ...json } = layers.serialize(layers.Dense({ units: 2 }));
  const newer = { ...(config as object), quantization_config: null, newer_switch: false };
  expect(layers.deserialize({ ...json, config: newer }).getConfig()).toEqual({ ...(config as object) });
  expect(() => layers.deserialize({ ...json, config: { ...(config as object), newer_switch: true } })).toThrow(/newerSwitch/);
  expect(() => layers.Dense({ units: 2, newerSwitch: false } as never)).toThrow(/newerSwitch/);
});
