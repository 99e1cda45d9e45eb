/** The configurations of legacy `.h5` files: Keras's JSON without modules, where Keras leaves them out. */
import { layerRegistry } from "../../layers/index.ts";
import { type Config, isSerialized, type SerializedObject } from "../../serialization/index.ts";

/** Names alone: what is a class of the user's goes by the name it is registered under, Keras's own by what they are called in Python. */
function legacyObject(json: SerializedObject): Config {
  const { class_name: name, registered_name: registered, config } = json;
  if (registered?.includes(">") === true) return { class_name: registered, config };
  const known = layerRegistry.has(name) ? (layerRegistry.classOf(name) as { readonly pythonName?: string | null }) : null;
  return { class_name: known?.pythonName ?? name, config };
}

/** Keras's JSON of a model, or of a layer of one: layers of models lose their modules, what other layers hold does not. */
export function legacyModelConfig(json: SerializedObject): Config {
  const config = json.config as Config;
  if (!Array.isArray(config.layers) || (json.module ?? "").startsWith("keras.layers")) return legacyObject(json);
  return { ...legacyObject(json), config: { ...config, layers: config.layers.map((layer) => legacyLayer(layer as Config)) } };
}

function legacyLayer(layer: Config): Config {
  // Keras writes operations without their modules too, and finds them no more: with them it does.
  if (typeof layer.module === "string" && /^keras\.src\.ops\b/.test(layer.module))
    return { ...layer, inbound_nodes: withoutEllipses(layer.inbound_nodes) };
  const { name, inbound_nodes: nodes } = layer;
  return {
    ...legacyModelConfig(layer as unknown as SerializedObject),
    ...(nodes === undefined ? {} : { name, inbound_nodes: nodes }),
  };
}

/** What Keras reads back of an ellipsis is none: whole axes stand in its place. */
function withoutEllipses(calls: unknown): unknown {
  if (!Array.isArray(calls)) return calls;
  return (calls as Config[]).map((call) => {
    const [x, key, ...rest] = call.args as unknown[];
    const parts = Array.isArray(key) ? (key as unknown[]) : [key];
    const shape = isSerialized(x) ? (x.config as Config).shape : undefined;
    if (!Array.isArray(shape) || !parts.some(isEllipsis)) return call;
    const taken = parts.filter((part) => part !== null && !isEllipsis(part)).length;
    const whole = { class_name: "__slice__", config: { start: null, stop: null, step: null } };
    const filled = parts.flatMap((part) => (isEllipsis(part) ? Array.from({ length: shape.length - taken }, () => whole) : [part]));
    return { ...call, args: [x, filled, ...rest] };
  });
}

function isEllipsis(part: unknown): boolean {
  return isSerialized(part) && part.class_name === "__ellipsis__";
}

/** `training_config`: what the model was compiled with, the optimizer apart. */
export function legacyTrainingConfig(compiled: Config): Config {
  const { optimizer, ...rest } = compiled;
  return { ...(bare(rest) as Config), optimizer_config: legacyObject(optimizer as SerializedObject) };
}

/** `compile_config` of a `training_config`. */
export function compileConfigOf(training: Config): Config {
  const { optimizer_config: optimizer, ...rest } = training;
  return { ...rest, optimizer };
}

/** Losses and metrics without their modules, inside lists and objects too. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== "object" || value === null) return value;
  if (isSerialized(value)) return value.class_name === "function" ? value.config : legacyObject(value);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, bare(part)]));
}
