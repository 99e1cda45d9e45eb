/** The configurations of TF.js files, of Keras 2 or 3, as those of Keras 3. */
import { isPlainObject } from "../../graph/index.ts";
import { type Config, snakeCase } from "../../serialization/index.ts";
import { FormatError } from "../source.ts";

/** Keys that Keras 2 and TF.js write and that mean nothing any more. */
const dropped: ReadonlySet<string> = new Set([
  "adjustment",
  "batch_input_shape",
  "batch_size",
  "fused",
  "implementation",
  "input_dtype",
  "keras_version",
  "ragged",
  "renorm",
  "time_major",
  "virtual_batch_size",
]);

/** Keys in snake_case, all the way down: TF.js writes some in camelCase. */
function snake(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snake);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [snakeCase(key), snake(part)]));
}

/** The model's JSON in Keras 3's form. Throws FormatError where the topology is none. */
export function kerasConfig(where: string, topology: unknown): Config {
  const whole = isPlainObject(topology) ? (snake(topology) as Config) : {};
  const config = isPlainObject(whole.model_config) ? whole.model_config : whole;
  if (typeof config.class_name !== "string")
    throw new FormatError({
      where,
      problem: "the file describes no model of layers",
      expected: '"modelTopology": { "class_name": ..., "config": ... } (a layers-model)',
      received: Object.keys(whole).slice(0, 8).join(", "),
      advice: "graph-models hold no layers: convert the Keras model with --output_format tfjs_layers_model",
    });
  return convertLayer(where, config);
}

function convertLayer(where: string, entry: Config): Config {
  const { class_name: className, config, inbound_nodes: nodes, ...rest } = entry;
  const given = Array.isArray(config) ? { layers: config } : isPlainObject(config) ? config : {};
  const converted = convertConfig(where, String(className), given);
  return {
    ...rest,
    class_name: className === "Model" ? "Functional" : className,
    config: converted,
    ...(nodes === undefined ? {} : { inbound_nodes: Array.isArray(nodes) ? nodes.map(convertCall) : nodes }),
  };
}

function convertConfig(where: string, className: string, config: Config): Config {
  const kept = Object.fromEntries(Object.entries(config).filter(([key]) => !dropped.has(key)));
  if (className === "InputLayer") {
    const { name, dtype, sparse } = kept;
    return {
      batch_shape: config.batch_shape ?? config.batch_input_shape,
      dtype: dtype ?? "float32",
      ...(sparse === undefined ? {} : { sparse }),
      name,
    };
  }
  if (Array.isArray(config.layers)) {
    const layers = (config.layers as Config[]).map((layer) => convertLayer(where, layer));
    if (className !== "Sequential") return { ...kept, layers };
    const [first] = config.layers as Config[];
    const shape = isPlainObject(first?.config) ? first.config.batch_input_shape : undefined;
    const input = {
      class_name: "InputLayer",
      config: { batch_shape: shape, dtype: (first?.config as Config | undefined)?.dtype ?? "float32" },
    };
    return { ...kept, layers: shape === undefined || first?.class_name === "InputLayer" ? layers : [input, ...layers] };
  }
  // A layer around a layer: TimeDistributed, Bidirectional, RNN.
  for (const key of ["layer", "backward_layer", "cell", "forward_layer"]) {
    const inner = kept[key];
    if (isPlainObject(inner) && typeof inner.class_name === "string") kept[key] = convertLayer(where, inner);
  }
  for (const [key, value] of Object.entries(kept)) {
    if (!key.endsWith("_initializer") || !isPlainObject(value)) continue;
    kept[key] = { ...value, class_name: String(value.class_name).replace(/^(Orthogonal|Identity)$/, "$1Initializer") };
  }
  if (Array.isArray(kept.cells)) kept.cells = (kept.cells as Config[]).map((cell) => convertLayer(where, cell));
  // Keras 2 writes one axis as a list.
  if (className === "BatchNormalization" && Array.isArray(kept.axis) && kept.axis.length === 1) kept.axis = kept.axis[0] as number;
  if (className === "GRU" || className === "GRUCell") kept.reset_after ??= false;
  return kept;
}

type LegacyInput = readonly [name: string, node: number, tensor: number, kwargs?: Config];

/** `[["dense", 0, 0, {}], ...]` becomes `{ args, kwargs }` of placeholders. */
function convertCall(call: unknown): unknown {
  if (!Array.isArray(call)) return call;
  const inputs = (typeof call[0] === "string" ? [call] : call) as LegacyInput[];
  const tensor = ([name, node, index]: LegacyInput): Config => ({
    class_name: "__keras_tensor__",
    config: { keras_history: [name, node, index] },
  });
  const tensors = inputs.map(tensor);
  const kwargs = Object.fromEntries(
    Object.entries(inputs[0]?.[3] ?? {}).map(([key, value]) => [key, isHistory(value) ? tensor(value as LegacyInput) : value]),
  );
  return { args: [tensors.length === 1 ? tensors[0] : tensors], kwargs };
}

function isHistory(value: unknown): boolean {
  return Array.isArray(value) && value.length === 3 && typeof value[0] === "string" && typeof value[1] === "number";
}
