/** Keras's JSON of whatever has one (`keras.saving.serialize_keras_object`), and back. */
import * as activations from "../activations/index.ts";
import * as constraints from "../constraints/index.ts";
import { type DType, dtypes } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { dataTensor, type HostData, hostValues, isHostTypedArray, isPlainObject, Tensor } from "../graph/index.ts";
import * as initializers from "../initializers/index.ts";
import * as layers from "../layers/index.ts";
import { describe } from "../layers/describe.ts";
import * as losses from "../losses/index.ts";
import * as metrics from "../metrics/index.ts";
import * as optimizers from "../optimizers/index.ts";
import { SeedGenerator } from "../random/index.ts";
import * as regularizers from "../regularizers/index.ts";
import {
  type Config,
  customObject,
  type CustomObjects,
  customObjectScope,
  getRegisteredName,
  isSerialized,
  registeredName,
  type SerializableClass,
  type SerializedObject,
} from "../serialization/index.ts";

/** Where the classes of a module of Keras's are read. */
const rooms: Readonly<Record<string, (json: SerializedObject, customObjects: CustomObjects) => unknown>> = {
  activations: activations.deserialize,
  constraints: constraints.deserialize,
  dtype_policies: (json) => layers.dtypePolicyOf("saving.deserializeKerasObject", json),
  initializers: initializers.deserialize,
  layers: layers.deserialize,
  losses: losses.deserialize,
  metrics: metrics.deserialize,
  models: layers.deserialize,
  optimizers: optimizers.deserialize,
  "optimizers.schedules": optimizers.schedules.deserialize,
  random: (json) => SeedGenerator.fromConfig(json.config as Config),
  regularizers: regularizers.deserialize,
};

/**
 * Keras's JSON of an object: layers, models, losses, metrics, optimizers, schedules, initializers, regularizers,
 * constraints, policies and whatever else has `getConfig`; functions that are built in or registered; tensors whose
 * values are there, and typed arrays. Lists and objects are gone through; numbers, texts and null stay. Throws ValueError
 * for anything else.
 *
 * @example
 * saving.serializeKerasObject(layers.Dense({ units: 2 })); // { module: "keras.layers", class_name: "Dense", config: {...}, ... }
 */
export function serializeKerasObject(object: unknown): unknown {
  const where = "saving.serializeKerasObject";
  if (object === null || object === undefined) return null;
  if (typeof object === "number" || typeof object === "string" || typeof object === "boolean") return object;
  if (object instanceof Tensor) {
    const values = object.node.values[object.index];
    if (values === undefined)
      throw new ValueError({
        where,
        problem: "the tensor has not been computed",
        received: object.toString(),
        advice: "await tensor.data() first",
      });
    return { class_name: "__tensor__", config: { value: nested([...values], object.shape as number[]), dtype: object.dtype } };
  }
  if (isHostTypedArray(object)) {
    const { values, shape, dtype } = hostValues(where, object);
    return { class_name: "__numpy__", config: { value: nested([...values], shape), dtype } };
  }
  if (Array.isArray(object)) return object.map(serializeKerasObject);
  if (isPlainObject(object)) return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, serializeKerasObject(value)]));
  const json = writtenByItsRoom(object);
  if (json !== undefined) return json;
  const own = object as { getConfig?: unknown; constructor: unknown };
  if (typeof own.getConfig === "function") {
    const name = getRegisteredName(own.constructor);
    const { className } = own.constructor as { className?: string };
    return {
      module: null,
      class_name: className ?? name.replace(/^.*>/, ""),
      config: serializeKerasObject((own.getConfig as () => unknown).call(object)),
      registered_name: name,
    };
  }
  if (typeof object === "function" && registeredName(object) !== null)
    return { module: "builtins", class_name: "function", config: object.name, registered_name: registeredName(object) };
  throw new ValueError({
    where,
    problem: "this has no configuration",
    expected: "an object of Keras's, one with getConfig, a registered function, or plain data",
    received: describe(object),
    advice: "give its class a getConfig and a static fromConfig",
  });
}

/** What the namespace of an object makes of it; undefined where no namespace knows it. */
function writtenByItsRoom(object: unknown): unknown {
  if (object instanceof layers.Layer) return object.toJSON();
  if (object instanceof losses.Loss) return losses.serialize(object);
  if (object instanceof metrics.Metric) return metrics.serialize(object);
  if (object instanceof optimizers.Optimizer) return optimizers.serialize(object);
  if (object instanceof optimizers.LearningRateSchedule) return optimizers.schedules.serialize(object);
  if (object instanceof initializers.Initializer) return initializers.serialize(object);
  if (object instanceof regularizers.Regularizer) return regularizers.serialize(object);
  if (object instanceof constraints.Constraint) return constraints.serialize(object);
  if (object instanceof layers.DTypePolicy) return object.toJSON();
  if (object instanceof SeedGenerator)
    return { module: "keras.random", class_name: "SeedGenerator", config: object.getConfig(), registered_name: null };
  if (typeof object !== "function") return undefined;
  const activation = Object.entries(activations).find(([, known]) => known === object)?.[0];
  if (activation === undefined) return undefined;
  const name = activations.serialize(object as never);
  return { module: "builtins", class_name: "function", config: name, registered_name: "function" };
}

/**
 * The object that Keras's JSON describes, of whatever namespace; plain data, and lists and objects of JSON, become what
 * they describe. Classes and functions of one's own are found in `customObjects`, in open scopes, or registered. Throws
 * UnknownNameError or ValueError for what nobody knows.
 */
export function deserializeKerasObject(config: unknown, options: { readonly customObjects?: CustomObjects | null } = {}): unknown {
  const customObjects = options.customObjects ?? {};
  if (Array.isArray(config)) return config.map((part) => deserializeKerasObject(part, options));
  if (typeof config === "string") return customObject([config], customObjects) ?? config;
  if (!isPlainObject(config)) return config;
  if (!isSerialized(config))
    return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, deserializeKerasObject(value, options)]));
  return customObjectScope(customObjects, () => described(config, customObjects));
}

function described(json: SerializedObject, customObjects: CustomObjects): unknown {
  const where = "saving.deserializeKerasObject";
  if (json.class_name === "__tensor__" || json.class_name === "__numpy__") {
    const { value, dtype } = json.config as { value: HostData; dtype: string };
    const known = dtype === "int64" ? "int32" : dtype;
    if (dtypes[known as DType] === undefined)
      throw new ValueError({ where, problem: "this dtype does not exist here", expected: Object.keys(dtypes).join(", "), received: dtype });
    const host = hostValues(where, value, { dtype: known as DType });
    return dataTensor(host.values, host.shape, host.dtype);
  }
  if (json.class_name === "__tuple__") return (json.config as { items?: unknown[] }).items ?? [];
  const own = customObject([json.registered_name ?? json.class_name, json.class_name], customObjects);
  if (json.class_name === "function") {
    const name = String(json.config);
    const f = customObject([json.registered_name ?? name, name], customObjects);
    return f ?? activations.get(name);
  }
  const module = (json.module ?? "").replace(/^(keras\.(src\.)?|nabla\.)/, "");
  const room = Object.keys(rooms)
    .filter((name) => module === name || module.startsWith(`${name}.`))
    .sort((a, b) => b.length - a.length)[0];
  if (own !== undefined && room === undefined) return (own as SerializableClass<unknown>).fromConfig((json.config ?? {}) as Config);
  if (room !== undefined) return rooms[room]!(json, customObjects);
  if (json.module === "keras" || json.module === null || json.module === undefined || json.module.startsWith("nabla.")) {
    if (json.class_name === "DTypePolicy") return rooms.dtype_policies!(json, customObjects);
    return layers.deserialize(json, customObjects);
  }
  throw new ValueError({
    where,
    problem: "nobody knows this class",
    expected: `a module of Keras's (${Object.keys(rooms).join(", ")}), or a class in customObjects`,
    received: `${json.module}.${json.class_name}`,
    advice: "pass { customObjects: { Name: Class } }, or register the class",
  });
}

/** Values in row-major order as nested lists. */
function nested(values: readonly number[], shape: readonly number[]): unknown {
  if (shape.length === 0) return values[0];
  const [extent, ...rest] = shape as [number, ...number[]];
  const size = rest.reduce((product, n) => product * n, 1);
  return Array.from({ length: extent }, (_, i) => nested(values.slice(i * size, (i + 1) * size), rest));
}
