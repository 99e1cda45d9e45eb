/** Layers by class name, and Keras's JSON of them. */
import { type Config, type CustomObjects, isSerialized, Registry, type SerializedObject } from "../serialization/index.ts";
import { Activation } from "./activation.ts";
import { Add } from "./add.ts";
import { Average } from "./average.ts";
import { AveragePooling1D } from "./average-pooling1d.ts";
import { AveragePooling2D } from "./average-pooling2d.ts";
import { AveragePooling3D } from "./average-pooling3d.ts";
import { BatchNormalization } from "./batch-normalization.ts";
import { Concatenate } from "./concatenate.ts";
import { Conv1D } from "./conv1d.ts";
import { Conv2D } from "./conv2d.ts";
import { Conv3D } from "./conv3d.ts";
import { Dense } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import { ELU } from "./elu.ts";
import { Embedding } from "./embedding.ts";
import { Flatten } from "./flatten.ts";
import { GlobalAveragePooling1D } from "./global-average-pooling1d.ts";
import { GlobalAveragePooling2D } from "./global-average-pooling2d.ts";
import { GlobalAveragePooling3D } from "./global-average-pooling3d.ts";
import { GlobalMaxPooling1D } from "./global-max-pooling1d.ts";
import { GlobalMaxPooling2D } from "./global-max-pooling2d.ts";
import { GlobalMaxPooling3D } from "./global-max-pooling3d.ts";
import { InputLayer } from "./input-layer.ts";
import type { Layer } from "./layer.ts";
import { LeakyReLU } from "./leaky-relu.ts";
import { Maximum } from "./maximum.ts";
import { MaxPooling1D } from "./max-pooling1d.ts";
import { MaxPooling2D } from "./max-pooling2d.ts";
import { MaxPooling3D } from "./max-pooling3d.ts";
import { Minimum } from "./minimum.ts";
import { Multiply } from "./multiply.ts";
import { ReLU } from "./relu.ts";
import { Rescaling } from "./rescaling.ts";
import { Reshape } from "./reshape.ts";
import { Resizing } from "./resizing.ts";
import { SimpleRNN } from "./simple-rnn.ts";
import { Softmax } from "./softmax.ts";
import { Subtract } from "./subtract.ts";

/** Every known layer class. */
export const layerRegistry: Registry<Layer> = /* @__PURE__ */ new Registry<Layer>("layer", "keras.layers");

/** Registers every built-in layer under Keras's names. */
export function registerLayers(): void {
  const classes = [
    Activation,
    Add,
    Average,
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    BatchNormalization,
    Concatenate,
    Conv1D,
    Conv2D,
    Conv3D,
    Dense,
    Dropout,
    ELU,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
    InputLayer,
    LeakyReLU,
    Maximum,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
    Minimum,
    Multiply,
    ReLU,
    Rescaling,
    Reshape,
    Resizing,
    SimpleRNN,
    Softmax,
    Subtract,
  ];
  for (const cls of classes) layerRegistry.register(cls);
}

/** Keras's JSON of a layer. */
export function serialize(layer: Layer): SerializedObject {
  return layer.toJSON() as unknown as SerializedObject;
}

/** The layer that Keras's JSON describes, built where the JSON says with which shape. Throws UnknownNameError. */
export function deserialize(json: string | object, customObjects: CustomObjects = {}): Layer {
  if (!isSerialized(json)) return layerRegistry.deserialize(json, customObjects);
  const registered = json.registered_name ?? json.class_name;
  const known = customObjects[json.class_name] === undefined && layerRegistry.has(registered);
  const cls = layerRegistry.classOf(known ? registered : json.class_name, customObjects) as LayerFactory;
  const layer = cls.fromConfig((json.config ?? {}) as Config, customObjects);
  const shape = (json as { build_config?: { input_shape?: unknown } | null }).build_config?.input_shape;
  if (Array.isArray(shape) && !layer.built) (layer.build as (shape: unknown) => void)(shape);
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
