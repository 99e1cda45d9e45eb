/** Configurations of Keras 2 (tf.keras up to 2.15, tf_keras, TensorFlow.js) as those of Keras 3. */
import { isPlainObject } from "../../graph/index.ts";
import type { Config } from "../../serialization/index.ts";
import { convertCall, convertPlace, firstCalls } from "./keras2-calls.ts";
import { keras2Operation } from "./keras2-operations.ts";

/** Keys that Keras 2 and TF.js write and that mean nothing any more. */
const dropped: ReadonlySet<string> = new Set([
  "adjustment",
  "batch_input_shape",
  "batch_size",
  "build_input_shape",
  "fused",
  "implementation",
  "input_dtype",
  "input_length",
  "key_shape",
  "keras_version",
  "query_shape",
  "ragged",
  "renorm",
  "renorm_clipping",
  "renorm_momentum",
  "time_major",
  "value_shape",
  "virtual_batch_size",
]);

/** Convolutions that have no groups, or no kernel as a whole, though Keras 2 writes what one would have. */
const ungrouped = /^((Depthwise|Separable)Conv[123]D|Conv[123]DTranspose)$/;
const inParts = /^(Depthwise|Separable)Conv/;
const ofWhole = ["kernel_initializer", "kernel_regularizer", "kernel_constraint"];

/** Keras's JSON of a model, or of a layer of one, in Keras 3's form. What is in that form already stays as it is. */
export function keras2Config(entry: Config): Config {
  const { class_name: name, config, inbound_nodes: nodes, module, build_config: _build, ...rest } = entry;
  const className = String(name);
  const given = Array.isArray(config) ? { layers: config } : isPlainObject(config) ? config : {};
  const operation = keras2Operation(className, given, nodes);
  if (operation !== null) return { ...rest, ...operation };
  // Where a class of Keras's lies has changed since; classes of others are told by their names.
  const known = typeof module === "string" && /^(tf_)?keras\b/.test(module);
  return {
    ...(module === undefined || known ? {} : { module }),
    ...rest,
    class_name: className === "Model" ? "Functional" : className,
    config: convertConfig(className, given),
    ...(nodes === undefined ? {} : { inbound_nodes: Array.isArray(nodes) ? nodes.map((call) => convertCall(className, call)) : nodes }),
  };
}

function convertConfig(className: string, config: Config): Config {
  const kept = Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => !dropped.has(key))
      .map(([key, value]) => [key, key === "dtype" ? dtypeOf(value) : value]),
  );
  if (className === "InputLayer") {
    const { name, dtype, sparse } = kept;
    return {
      batch_shape: config.batch_shape ?? config.batch_input_shape,
      dtype: dtype ?? "float32",
      ...(sparse === undefined ? {} : { sparse }),
      name,
    };
  }
  if (Array.isArray(config.layers)) return modelConfig(className, config, kept);
  // A layer around a layer: TimeDistributed, Bidirectional, RNN.
  for (const key of ["layer", "backward_layer", "cell", "forward_layer"]) {
    const inner = kept[key];
    if (isPlainObject(inner) && typeof inner.class_name === "string") kept[key] = keras2Config(inner);
  }
  for (const [key, value] of Object.entries(kept)) if (key.endsWith("_initializer")) kept[key] = initializerOf(value);
  if (Array.isArray(kept.cells)) kept.cells = (kept.cells as Config[]).map(keras2Config);
  // Keras 2 writes one axis as a list.
  if (className === "BatchNormalization" && Array.isArray(kept.axis) && kept.axis.length === 1) kept.axis = kept.axis[0] as number;
  if (className === "GRU" || className === "GRUCell") kept.reset_after ??= false;
  if (ungrouped.test(className)) delete kept.groups;
  if (inParts.test(className)) for (const key of ofWhole) delete kept[key];
  if (className === "LeakyReLU" && kept.alpha !== undefined) {
    kept.negative_slope = kept.alpha;
    delete kept.alpha;
  }
  return kept;
}

function modelConfig(className: string, config: Config, kept: Config): Config {
  const entries = config.layers as Config[];
  if (className === "Sequential") {
    const layers = entries.map(keras2Config);
    const [first] = entries;
    const shape = isPlainObject(first?.config) ? first.config.batch_input_shape : undefined;
    const input = {
      class_name: "InputLayer",
      config: { batch_shape: shape, dtype: dtypeOf((first?.config as Config | undefined)?.dtype) ?? "float32" },
    };
    return { ...kept, layers: shape === undefined || first?.class_name === "InputLayer" ? layers : [input, ...layers] };
  }
  const first = firstCalls(config);
  const placed = entries.map((entry) => ({ ...entry, inbound_nodes: first.within(entry.inbound_nodes) }));
  return {
    ...kept,
    layers: placed.map(keras2Config),
    input_layers: convertPlace(config.input_layers),
    output_layers: convertPlace(first.ofOutputs(config.output_layers)),
  };
}

/** A policy as an object, by its name alone. */
function dtypeOf(value: unknown): unknown {
  return isPlainObject(value) && isPlainObject(value.config) && /Policy/.test(String(value.class_name)) ? value.config.name : value;
}

function initializerOf(value: unknown): unknown {
  if (!isPlainObject(value)) return value;
  const { dtype: _dtype, ...config } = (value.config ?? {}) as Config;
  if (value.class_name === "VarianceScaling" && config.distribution === "normal") config.distribution = "truncated_normal";
  return { ...value, class_name: String(value.class_name).replace(/^(Orthogonal|Identity)$/, "$1Initializer"), config };
}
