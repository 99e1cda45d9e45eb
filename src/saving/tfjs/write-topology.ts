/** Configurations of Keras 3 as TensorFlow.js reads them: those of Keras 2, without what it does not know. */
import { ValueError } from "../../errors.ts";
import { isPlainObject } from "../../graph/index.ts";
import type { Config } from "../../serialization/index.ts";

/** Classes that TensorFlow.js 4.22 has. */
const known: ReadonlySet<string> = new Set([
  "Activation", "Add", "AlphaDropout", "Average", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "BatchNormalization",
  "Bidirectional", "CategoryEncoding", "CenterCrop", "Concatenate", "Conv1D", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose",
  "ConvLSTM2D", "Cropping2D", "Dense", "DepthwiseConv2D", "Dot", "Dropout", "ELU", "Embedding", "Flatten", "Functional", "GaussianDropout",
  "GaussianNoise", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GRU", "GRUCell",
  "InputLayer", "LayerNormalization", "LeakyReLU", "LSTM", "LSTMCell", "Masking", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "Maximum",
  "Minimum", "Multiply", "Permute", "PReLU", "ReLU", "RepeatVector", "Rescaling", "Reshape", "Resizing", "SeparableConv2D", "Sequential",
  "SimpleRNN", "SimpleRNNCell", "Softmax", "SpatialDropout1D", "StackedRNNCells", "ThresholdedReLU", "TimeDistributed", "UpSampling2D",
  "ZeroPadding2D",
]); // prettier-ignore

/** The model's JSON for TensorFlow.js. Throws ValueError for what it does not have. */
export function tfjsConfig(where: string, json: Config): Config {
  return { class_name: json.class_name, config: modelConfig(where, json.config as Config) };
}

function modelConfig(where: string, config: Config): Config {
  const { name, layers, input_layers: inputs, output_layers: outputs } = config;
  const entries = layers as Config[];
  // There the graph of a model within a model is its first call; Keras 3 counts so for outputs of functional models alone.
  const inner = new Map(entries.filter(isModelEntry).map((entry) => [String(entry.name), entry.class_name === "Sequential"]));
  const written = entries.map((layer) => layerJson(where, layer, (called) => (inner.has(called) ? 1 : 0)));
  if (inputs === undefined) return { name, layers: written };
  const places = (listed(where, outputs) as [string, number, number][]).map(([layer, call, output]) => [
    layer,
    inner.get(layer) === true ? call + 1 : call,
    output,
  ]);
  return { name, layers: written, input_layers: listed(where, inputs), output_layers: places };
}

function isModelEntry({ config }: Config): boolean {
  return isPlainObject(config) && Array.isArray(config.layers);
}

/** Inputs and outputs are lists of places there. */
function listed(where: string, structure: unknown): unknown[] {
  if (Array.isArray(structure)) return typeof structure[0] === "string" ? [structure] : structure.flatMap((part) => listed(where, part));
  throw new ValueError({
    where,
    problem: "inputs and outputs by name are not known to TensorFlow.js",
    expected: "lists of tensors",
    advice: "make the model from lists: new Model({ inputs: [a, b], outputs: [y] })",
  });
}

/** `first`: the number of a layer's first call beyond the model's own. */
function layerJson(where: string, layer: Config, first: (layer: string) => number = () => 0): Config {
  const { class_name: className, config, name, inbound_nodes: nodes } = layer;
  const label = `${where}: ${String(className)} "${String(name ?? (config as Config).name)}"`;
  if (!known.has(String(className)))
    throw new ValueError({
      where: label,
      problem: "TensorFlow.js has no layer of this class",
      expected: [...known].join(", "),
      advice: "write ONNX instead: saving.exportOnnx(model, path)",
    });
  const inner = Array.isArray((config as Config).layers)
    ? modelConfig(where, config as Config)
    : layerConfig(label, String(className), config as Config);
  return {
    class_name: className,
    config: inner,
    ...(name === undefined ? {} : { name }),
    ...(nodes === undefined ? {} : { inbound_nodes: (nodes as Config[]).map((call) => legacyCall(label, call, first)) }),
  };
}

function layerConfig(label: string, className: string, config: Config): Config {
  const written: Config = {};
  for (const [key, value] of Object.entries(config))
    if (key !== "build_config" && key !== "quantization_config") written[key] = plain(value);
  if (className === "InputLayer") {
    const { batch_shape: shape, ...rest } = written;
    return { ...rest, batch_input_shape: shape, sparse: false };
  }
  if ((className === "GRU" || className === "GRUCell") && config.reset_after === true)
    throw new ValueError({
      where: label,
      problem: "TensorFlow.js has no GRU that resets after the product",
      expected: "resetAfter: false",
      advice: "make the layer with resetAfter: false, or write ONNX",
    });
  if (typeof config.groups === "number" && config.groups > 1)
    throw new ValueError({
      where: label,
      problem: "TensorFlow.js has no grouped convolution",
      expected: "groups: 1",
      received: String(config.groups),
    });
  delete written.groups;
  for (const key of ["layer", "cell"]) {
    const inner = config[key];
    if (isPlainObject(inner) && typeof inner.class_name === "string") written[key] = layerJson(label, inner);
  }
  delete written.backward_layer;
  if (Array.isArray(config.cells)) written.cells = (config.cells as Config[]).map((cell) => layerJson(label, cell));
  return written;
}

/** Objects by class name alone; dtype policies by name; both norms are L1L2 there. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isPlainObject(value)) return value;
  if (typeof value.class_name !== "string") return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
  const config = (value.config ?? {}) as Config;
  if (value.class_name === "DTypePolicy") return config.name;
  if (value.class_name === "L1" || value.class_name === "L2")
    return { class_name: "L1L2", config: { l1: config.l1 ?? 0, l2: config.l2 ?? 0 } };
  return { class_name: value.class_name.replace(/^(Orthogonal|Identity)Initializer$/, "$1"), config: plain(config) };
}

function legacyCall(label: string, call: Config, first: (layer: string) => number): unknown {
  const place = (value: unknown): unknown[] => {
    const history = isPlainObject(value) && isPlainObject(value.config) ? value.config.keras_history : undefined;
    if (Array.isArray(history)) {
      const [layer, number, output] = history as [string, number, number];
      return [layer, number + first(layer), output];
    }
    throw new ValueError({ where: label, problem: "a call with this argument is not known to TensorFlow.js", expected: "tensors" });
  };
  const args = call.args as unknown[];
  const inputs = args.length === 1 && Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  const kwargs = Object.fromEntries(
    Object.entries((call.kwargs ?? {}) as Config)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, isPlainObject(value) && value.class_name === "__keras_tensor__" ? place(value) : value]),
  );
  return inputs.map((input) => [...place(input), kwargs]);
}
