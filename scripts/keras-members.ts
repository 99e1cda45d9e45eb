/** Methods and properties of Keras's classes: which are here, and why others are not. */
import { readFileSync } from "node:fs";
import * as nabla from "../src/index.ts";
import { camelCase } from "../src/serialization/index.ts";

/** Classes that mean nothing here; `keras-symbols.ts` says why. */
const classes =
  /^keras\.(Function|KerasTensor|StatelessScope|Operation|distribution\b|export\b|wrappers\b|layers\.TorchModuleWrapper|callbacks\.OrbaxCheckpoint|saving\.KerasFileEditor|utils\.Config$|Quantizer$)/;

/** Members that are left out deliberately, and why. */
const absent: readonly (readonly [RegExp, string])[] = [
  [
    /\.(convert_weight|get_random_transformation|transform_\w+|get_\w+_params|get_shifted_bbox|get_transformed_x_y|get_clipped_bbox)$/,
    "the inside of an image layer: it transforms what its call is given",
  ],
  [/\.(reset|get)(_recurrent)?_dropout_mask$/, "masks of dropout are drawn in the loop that uses them"],
  [
    /\.(convolution_op|inner_loop|variable_serialization_spec|quantized_build|linear_to_mel_weight_matrix|normalized_weights|output_dtype)$/,
    "the inside of a layer",
  ],
  [
    /^keras\.Layer\.(add_metric|add_variable|metrics|metrics_variables)$/,
    "metrics are found where properties hold them, and shown by the model",
  ],
  [/^keras\.Layer\.input_dtype$|\.DTypePolicy\.convert_input$/, "inputs are converted by the call"],
  [
    /^keras\.Loss\.dtype$|^keras\.Metric\.dtype$/,
    "losses follow config.floatx(), metrics count in float32; dtype stands in configurations",
  ],
  [/^keras\.Model\.export$/, "writes TensorFlow's SavedModel; saving exports ONNX"],
  [/^keras\.Model\.(run_eagerly|jit_compile)$/, "every step is one compiled program"],
  [/^keras\.Variable\.(aggregation|synchronization)$/, "places variables on several devices"],
  [/^keras\.Variable\.numpy$/, "values are awaited: data(), array(), item()"],
  [/^keras\.Variable\.ndim$/, "rank"],
  [/^keras\.Variable\.overwrite_with_gradient$/, "overwrittenByGradient"],
  [/^keras\.Variable\.regularizer$/, "the layer knows what its weights add to the loss"],
  [/^keras\.Optimizer\.(add_optimizer_variables|add_variable_from_reference|add_variable)$/, "states are made by addSlot and addState"],
  [
    /^keras\.Optimizer\.(save_own_variables|load_own_variables|set_weights)$/,
    "files hold an optimizer's variables in their order; each can be assigned",
  ],
  [/^keras\.optimizers\.(Muon|MultiOptimizer)\.|\.LossScaleOptimizer\.check_finite$/, "the inside of the optimizer"],
  [/^keras\.callbacks\.Callback\.set_params$/, "setParameters"],
  [/^keras\.callbacks\.(EarlyStopping\.get_monitor_value|ReduceLROnPlateau\.in_cooldown)$/, "the inside of the callback"],
  [/^keras\.callbacks\.TensorBoard\.summary$/, "TensorFlow's summary module"],
  [/^keras\.metrics\.AUC\.interpolate_pr_auc$/, "the inside of the metric"],
  [/^keras\.distillation\./, "the inside of the distiller"],
  [
    /^keras\.(Initializer\.clone|InputSpec\.(from_config|get_config)|DTypePolicy\.from_config)$/,
    "plain values: made again from their options",
  ],
  [/^keras\.layers\.Normalization\.finalize_state$/, "statistics are read where they are used"],
  [/\.QuantizedFloat8DTypePolicy\.default_amax_history_length$/, "amaxHistoryLength is 1024 by default"],
  [/^keras\.quantizers\.\w+Config\./, "the inside of quantize; serialize and deserialize write and read configurations"],
  [/^keras\.utils\.PyDataset\.num_batches$/, "abstract: every class of one's own defines it"],
  [/^keras\.utils\.FeatureSpace\.save$/, "it is saved as the model from getInputs() to getEncodedFeatures()"],
  [/^keras\.utils\.PyDataset\.(max_queue_size|use_multiprocessing|workers)$/, "threads and processes of Python"],
];

/** Classes that stand for the abstract ones. */
const stands: Readonly<Record<string, string>> = {
  "keras.Optimizer": "keras.optimizers.Adam",
  "keras.Metric": "keras.metrics.Mean",
  "keras.Loss": "keras.losses.MeanSquaredError",
  "keras.Initializer": "keras.initializers.GlorotUniform",
  "keras.layers.RNN": "keras.layers.LSTM",
};

/** How objects are made of classes whose options have no default. */
const options: Readonly<Record<string, readonly unknown[]>> = {
  "keras.Variable": [[1]],
  "keras.Input": [{ shape: [1] }],
  "keras.DTypePolicy": ["float32"],
  "keras.dtype_policies.QuantizedFloat8DTypePolicy": ["float8"],
  "keras.utils.FeatureSpace": [{ features: { x: "float" } }],
  "keras.optimizers.schedules.LearningRateSchedule": [],
};

type Room = Readonly<Record<string, unknown>>;
const top = nabla as unknown as Room;

const homes: readonly string[] = [
  "",
  "layers",
  "losses",
  "metrics",
  "optimizers",
  "initializers",
  "regularizers",
  "quantizers",
  "utils",
  "dtypePolicies",
];

/** The class here that a path of Keras's names. */
function classAt(path: string): (new (...args: unknown[]) => object) | null {
  const names = path.split(".").slice(1);
  for (const home of names.length === 1 ? homes : [""]) {
    let room: unknown = top;
    for (const name of home === "" ? names : [home, ...names])
      room = (room as Room | undefined)?.[name] ?? (room as Room | undefined)?.[camelCase(name)];
    if (typeof room === "function") return room as new (...args: unknown[]) => object;
  }
  return null;
}

/** An object of a class, where it can be made. */
function instanceOf(path: string, cls: new (...args: unknown[]) => object): object | null {
  for (const given of [options[path] ?? [], [{}], ...samples]) {
    try {
      return new cls(...given);
    } catch {
      // Other options may do.
    }
  }
  return null;
}

const samples: readonly (readonly unknown[])[] = [
  [{ units: 1 }],
  [{ filters: 1, kernelSize: 1 }],
  [{ inputDim: 1, outputDim: 1 }],
  [{ cell: nabla.layers.LSTMCell({ units: 1 }) }],
  [{ cells: [nabla.layers.LSTMCell({ units: 1 })] }],
  [{ layer: nabla.layers.LSTM({ units: 1 }) }],
  [{ layer: nabla.layers.Dense({ units: 1 }) }],
  [{ numHeads: 1, keyDim: 1 }],
  [{ equation: "ab,bc->ac", outputShape: 1 }],
  [{ shape: [1] }],
  [{ binBoundaries: [1] }],
  [{ layers: [nabla.layers.Identity()] }],
  [{ optimizers: [[nabla.optimizers.SGD(), []]] }],
  [nabla.optimizers.SGD()],
];

/** What is missing, by class, and how much is there and explained. */
export interface MemberCount {
  readonly keras: string;
  readonly here: number;
  readonly explained: ReadonlyMap<string, number>;
  readonly missing: readonly string[];
}

/** Compares the members that a file lists with what is here. */
export function countMembers(file: string): MemberCount {
  const { keras, members } = JSON.parse(readFileSync(file, "utf8")) as { keras: string; members: Record<string, string[]> };
  const explained = new Map<string, number>();
  const missing: string[] = [];
  let here = 0;
  for (const [path, names] of Object.entries(members)) {
    if (classes.test(path)) continue;
    const cls = classAt(stands[path] ?? path);
    const prototype = (cls as { prototype?: object } | null)?.prototype ?? {};
    let instance: object | null | undefined;
    for (const name of names) {
      const ours = camelCase(name);
      const known = (object: object | null): boolean => object !== null && (ours in object || name in object);
      if (cls !== null && (known(prototype) || known(cls) || known((instance ??= instanceOf(path, cls))))) here++;
      else {
        const reason = absent.find(([pattern]) => pattern.test(`${path}.${name}`))?.[1];
        if (reason === undefined) missing.push(`${path}.${name}`);
        else explained.set(reason, (explained.get(reason) ?? 0) + 1);
      }
    }
  }
  return { keras, here, explained, missing };
}

/** Prints the comparison; where something is missing without a reason the process fails. */
export function printMembers(file: string): void {
  const { keras, here, explained, missing } = countMembers(file);
  const left = [...explained.values()].reduce((sum, count) => sum + count, 0);
  console.log(`\nKeras ${keras}: ${here} members of public classes are here, ${left} are left out, ${missing.length} are missing`);
  for (const [reason, count] of explained) console.log(`    ${String(count).padStart(4)} ${reason}`);
  if (missing.length > 0) {
    console.log("missing:");
    for (const name of missing) console.log(`    ${name}`);
    process.exitCode = 1;
  }
}
