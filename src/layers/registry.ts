/** Layers by class name, and Keras's JSON of them. */
import { isPlainObject } from "../graph/index.ts";
import { type Config, type CustomObjects, isSerialized, Registry, type SerializedObject } from "../serialization/index.ts";
import type { Layer } from "./layer.ts";

/** Every known layer class. */
export const layerRegistry: Registry<Layer> = /* @__PURE__ */ new Registry<Layer>("layer", "keras.layers");

/** Keras's JSON of a layer. */
export function serialize(layer: Layer): SerializedObject {
  return layer.toJSON() as unknown as SerializedObject;
}

/** The layer that Keras's JSON describes, built where the JSON says with which shape. Throws UnknownNameError. */
export function deserialize(json: string | object, customObjects: CustomObjects = {}): Layer {
  if (!isSerialized(json)) return layerRegistry.deserialize(json, customObjects);
  const cls = layerRegistry.classFor(json, customObjects) as LayerFactory;
  const layer = cls.fromConfig((json.config ?? {}) as Config, customObjects);
  const { build_config: built } = json as { build_config?: unknown };
  if (isPlainObject(built) && !layer.built) layer.buildFromConfig(built);
  return layer;
}

/** A class whose layers may hold layers: it is told of the user's classes too. */
interface LayerFactory {
  fromConfig(config: Config, customObjects: CustomObjects): Layer;
}

/** The layer of a name, of Keras's JSON, or itself. */
export function get(identifier: string | Layer | SerializedObject, customObjects: CustomObjects = {}): Layer {
  return isSerialized(identifier) ? deserialize(identifier, customObjects) : layerRegistry.get(identifier, customObjects);
}
