/** Keras's public symbols: which have a counterpart, which go by another name, which mean nothing outside of Keras. */
import { readFileSync } from "node:fs";
import * as nabla from "../src/index.ts";
import { camelCase } from "../src/serialization/index.ts";

/** Symbols that mean nothing outside of Python and Keras's own frameworks, and why. */
const bound: readonly (readonly [RegExp, string])[] = [
  [/^keras\.(backend|legacy)\b|\.legacy\b/, "kept by Keras for programs of Keras 1 and 2"],
  [/^keras\.wrappers\b/, "wraps models for scikit-learn"],
  [/^keras\.export\b/, "writes TensorFlow's SavedModel"],
  [/^keras\.tree\b/, "Python's nested tuples; structures are lists and objects here"],
  [/^keras\.layers\.(TorchModuleWrapper|TFSMLayer|JaxLayer|FlaxLayer)$/, "runs another framework"],
  [/^keras\.(KerasTensor|StatelessScope|SymbolicScope|Operation|Function|device|name_scope)$/, "traces for JAX, TensorFlow and PyTorch"],
  [/^keras\.config\..*flash_attention/, "switches a kernel of NVIDIA's libraries"],
  [/^keras\.config\..*(traceback_filtering|nnx)/, "Python's tracebacks; Flax"],
  [/^keras\.config\.enable_unsafe_deserialization$/, "functions are never read from files"],
  [/^keras\.callbacks\.OrbaxCheckpoint$/, "writes with JAX's Orbax"],
  [/^keras\.(__version__|version)$/, "the version of the Python package"],
  [/^keras\.distribution\b/, "places tensors on JAX's and TensorFlow's devices"],
  [/^keras\.utils\.(model_to_dot)$/, "gives an object of pydot; plotModel writes a picture"],
  [/^keras\.utils\.Config$/, "an object literal"],
  [/^keras\.saving\.KerasFileEditor$/, "an editor for a terminal of Python"],
];

/** Symbols whose name here does not follow from Keras's: where they are. */
const renamed: readonly (readonly [RegExp, string])[] = [
  [/^keras\.(Initializer|Loss|Metric|Optimizer|Regularizer|InputSpec|Quantizer|FloatDTypePolicy)$/, "$1"],
  [/^keras\.(?:models|saving)\.(load_model|save_model)$/, "$1"],
  [/^keras\.models\.model_from_json$/, "modelFromJSON"],
  [/^keras\.utils\.Sequence$/, "utils.PyDataset"],
  [/^keras\.preprocessing\.sequence\.(\w+)$/, "utils.$1"],
  [/^keras\.preprocessing\.image\.(\w+)$/, "utils.$1"],
  [/^keras\.preprocessing\.sequence$/, "utils"],
  [/^keras\.preprocessing\.image$/, "utils"],
  [/^keras\.(?:preprocessing|utils)\.(\w+_dataset_from_\w+)$/, "data.$1"],
  [/^keras\.utils\.(get_custom_objects|custom_object_scope|CustomObjectScope|\w*registered\w*|register_keras_serializable)$/, "saving.$1"],
  [/^keras\.utils\.(deserialize_keras_object|serialize_keras_object)$/, "saving.$1"],
];

/** Classes of the root whose home is a namespace. */
const homes: Readonly<Record<string, string>> = {
  Initializer: "initializers",
  Loss: "losses",
  Metric: "metrics",
  Optimizer: "optimizers",
  Regularizer: "regularizers",
  InputSpec: "layers",
  Quantizer: "quantizers",
  FloatDTypePolicy: "dtypePolicies",
};

type Namespace = Readonly<Record<string, unknown>>;

const top = nabla as unknown as Namespace;

function isRoom(value: unknown): value is Namespace {
  return (typeof value === "object" || typeof value === "function") && value !== null;
}

/** Whether a path (`utils.plot_model`) leads to something here, by Keras's or by our spelling. */
function leadsSomewhere(path: string): boolean {
  let room: unknown = top;
  for (const name of path.split(".")) {
    if (!isRoom(room)) return false;
    room = room[name] ?? room[camelCase(name)];
  }
  return room !== undefined;
}

/** Whether a namespace knows a class or function by a name of Keras's, as strings in configurations do. */
function isKnownByName(module: string, name: string): boolean {
  const room = top[camelCase(module)];
  if (!isRoom(room) || typeof room.get !== "function") return false;
  try {
    return (room.get as (name: string) => unknown)(name) !== undefined;
  } catch {
    // A class whose options have no default is there, though it cannot be made by its name.
    return false;
  }
}

function isThere(symbol: string): boolean {
  const path = symbol.replace(/^keras\./, "");
  if (leadsSomewhere(path)) return true;
  for (const [pattern, place] of renamed) {
    const found = symbol.replace(pattern, place);
    if (found === symbol) continue;
    if (leadsSomewhere(found) || leadsSomewhere(`utils.${found.split(".").at(-1)!}`)) return true;
    const home = homes[found];
    if (home !== undefined && leadsSomewhere(`${home}.${found}`)) return true;
  }
  const [module, ...rest] = path.split(".");
  const name = rest.at(-1);
  if (name === undefined) return false;
  // Operations stand in one namespace; models of applications too.
  if (module === "ops" && leadsSomewhere(`ops.${name}`)) return true;
  if (module === "applications" && rest.length > 1 && /^[A-Z]/.test(name) && leadsSomewhere(`applications.${name}`)) return true;
  if (["models", "saving", "utils", "config"].includes(module!) && leadsSomewhere(name)) return true;
  return isKnownByName(module!, name);
}

/** How many of Keras's symbols there are: those that mean something here, and those without a counterpart. */
export interface SymbolCount {
  readonly keras: string;
  readonly all: number;
  readonly here: number;
  readonly missing: readonly string[];
  /** Reason and how many symbols it explains. */
  readonly bound: ReadonlyMap<string, number>;
}

/** Counts the symbols listed in a file. */
export function countSymbols(file: string): SymbolCount {
  const { keras, symbols } = JSON.parse(readFileSync(file, "utf8")) as { keras: string; symbols: string[] };
  const reasons = new Map<string, number>();
  const known = symbols.filter((symbol) => {
    const reason = isThere(symbol) ? undefined : bound.find(([pattern]) => pattern.test(symbol))?.[1];
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    return reason === undefined;
  });
  const missing = known.filter((symbol) => !isThere(symbol));
  return { keras, all: symbols.length, here: known.length - missing.length, missing, bound: reasons };
}

/** Prints the count, reasons, and what is missing by module. */
export function printSymbols(file: string): void {
  const { keras, all, here, missing, bound: reasons } = countSymbols(file);
  console.log(
    `\nKeras ${keras}: ${here} of ${all} public symbols have a counterpart, ${all - here - missing.length} mean nothing here, ${missing.length} are missing`,
  );
  for (const [reason, count] of reasons) console.log(`    ${String(count).padStart(4)} ${reason}`);
  const byModule = new Map<string, string[]>();
  for (const symbol of missing) {
    const at = symbol.lastIndexOf(".");
    byModule.set(symbol.slice(0, at), [...(byModule.get(symbol.slice(0, at)) ?? []), symbol.slice(at + 1)]);
  }
  if (byModule.size > 0) console.log("missing:");
  for (const [module, names] of byModule) console.log(`    ${module}: ${names.join(", ")}`);
}
