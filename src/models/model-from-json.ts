/** Models from Keras's JSON. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { describe } from "../layers/describe.ts";
import { deserialize, layerRegistry } from "../layers/registry.ts";
import { type CustomObjects, isSerialized } from "../serialization/index.ts";
import { parsePythonJson } from "../serialization/python-json.ts";
import { Model } from "./functional-model.ts";
import { Sequential } from "./sequential.ts";

/** Makes Keras's JSON of models known, also inside other models. */
export function registerModels(): void {
  layerRegistry.register(Sequential);
  layerRegistry.register(Model, ["Model", "model"]);
}

/**
 * The model that Keras's JSON (`model.toJSON()`, `to_json()`; text or object) describes, with new weights. Bare NaN and
 * Infinity in the text are read. Classes of your own go into `customObjects` by name.
 *
 * @example
 * const copy = modelFromJSON(JSON.stringify(model));
 */
export function modelFromJSON(json: string | object, options: { readonly customObjects?: CustomObjects } = {}): Model<Tensor, Tensor> {
  const parsed = typeof json === "string" ? parsePythonJson(json, "modelFromJSON") : json;
  if (!isSerialized(parsed)) {
    throw new ValueError({
      where: "modelFromJSON",
      problem: "this does not describe a model",
      expected: '{ "class_name": "Sequential", "config": { ... } }',
      received: describe(parsed),
    });
  }
  const layer = deserialize(parsed, options.customObjects ?? {});
  if (layer instanceof Model) return layer as Model<Tensor, Tensor>;
  throw new ValueError({
    where: "modelFromJSON",
    problem: "this describes a layer, not a model",
    expected: "Sequential or Functional",
    received: layer.className,
    advice: "use layers.deserialize",
  });
}
