/** Networks of keras.applications as scripts/record-applications.py records them, and what nabla's differ in. */
import { applications, Input, type Model, ops, setBackend, tensor } from "../../src/index.ts";
import { resetAutoNames } from "../../src/layers/auto-names.ts";
import { camelCaseKeys } from "../../src/serialization/index.ts";
import { filled, formula } from "./applications.ts";
import { type Case, closeConfig, difference, type StoredArray } from "./cases.ts";

type Described = readonly [name: string, className: string, shape: unknown, parameters: number];

/** The network that a case describes, with names counted from the beginning. */
export function networkOf(entry: Case): Model;
/** The same with the weights of a file, and other options. */
export function networkOf(entry: Case, more: { readonly weights: string; readonly classes?: number }): Promise<Model>;
export function networkOf(entry: Case, more: object = {}): Model | Promise<Model> {
  resetAutoNames();
  const { input_tensor: given, ...kwargs } = entry["kwargs"] as Record<string, unknown>;
  const options = camelCaseKeys(kwargs);
  if (given !== undefined) options["inputTensor"] = Input({ shape: given as number[] });
  return (applications[entry["application"] as "ResNet50"] as (options: object) => Model)({ ...options, ...more });
}

function described(model: Model): Described[] {
  return model.layers.map((layer): Described => {
    const { shape } = model.graph!.callsOf(layer)[0]!.outputs[0]!;
    return [layer.name, layer.className, layer.className === "InputLayer" && isListed(model) ? [shape] : shape, layer.countParams()];
  });
}

function isListed(model: Model): boolean {
  return Array.isArray(model.inputs);
}

/** Everything a network's structure differs in from Keras's: names, classes, shapes, counts, weights and their order. */
export function structureDifferences(model: Model, entry: Case): string[] {
  const weights = model.weights.map((weight) => [weight.path.split("/").slice(-2).join("/"), weight.shape]);
  const trainable = model.trainableWeights.reduce((sum, { size }) => sum + size, 0);
  return [
    ...listDifferences("layer", described(model), entry["layers"] as unknown[]),
    ...listDifferences("weight", weights, entry["weights"] as unknown[]),
    ...listDifferences(
      "total",
      [model.name, model.countParams(), trainable, weights.length],
      [entry["model_name"], entry["total_params"], entry["trainable_params"], entry["weight_count"]],
    ),
  ];
}

/** The first few entries that two lists differ in. */
function listDifferences(what: string, actual: readonly unknown[], wanted: readonly unknown[]): string[] {
  const [a, b] = [actual, wanted].map((list) => list.map((entry) => JSON.stringify(entry))) as [string[], string[]];
  const places = b.map((_, i) => i).filter((i) => a[i] !== b[i]);
  const found = places.slice(0, 3).map((i) => `${what} ${i} is ${a[i]} instead of ${b[i]}`);
  if (a.length !== b.length) found.push(`${a.length} ${what}s instead of ${b.length}`);
  return found;
}

/**
 * Keys that Keras 3.15 writes and 3.4, whose form nabla writes, did not, with the values that say nothing new. What newer
 * versions leave out, shapes that layers without weights were built for, is the other way round.
 */
const newerKeys: Readonly<Record<string, unknown>> = {
  ragged: false,
  optional: false,
  renorm: false,
  renorm_clipping: null,
  renorm_momentum: 0.99,
  input_axes: null,
  output_axes: null,
  quantization_config: null,
};

/** JSON in the common form of both versions: without keys that say nothing, single tensors as lists of one. */
function common(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(common);
  if (typeof json !== "object" || json === null) return json;
  const entries = Object.entries(json)
    .filter(
      ([key, value]) =>
        !(key in newerKeys && newerKeys[key] === value) &&
        key !== "build_config" &&
        !(key === "compile_config" && JSON.stringify(value) === "{}"),
    )
    .map(([key, value]) => [key, (key === "input_layers" || key === "output_layers") && isPlace(value) ? [value] : common(value)]);
  return Object.fromEntries(entries);
}

function isPlace(value: unknown): boolean {
  return Array.isArray(value) && typeof value[0] === "string";
}

/** What the JSON of a network differs in from Keras's. */
export function configDifferences(model: Model, entry: Case): string[] {
  if (entry["config"] === undefined) return [];
  const [ours, keras] = [partsOf(JSON.parse(JSON.stringify(model.toJSON()))), partsOf(entry["config"])];
  const found: string[] = [];
  const compare = (what: string, a: unknown, b: unknown): void => {
    const problem = closeConfig(a, b);
    if (problem !== null) found.push(`${what}: ${problem}`);
  };
  compare("model", ours.json, keras.json);
  compare("model config", ours.config, keras.config);
  keras.layers.forEach((wanted, i) => {
    const actual = ours.layers[i];
    if (actual === undefined) return;
    for (const key of new Set([...Object.keys(wanted), ...Object.keys(actual)]))
      compare(`${String(wanted["class_name"])} ${String(wanted["name"])} ${key}`, actual[key], wanted[key]);
  });
  return found;
}

function partsOf(given: unknown): Parts {
  const json = common(given) as Json;
  const config = json["config"] as Json;
  return {
    json: { ...json, config: null, compile_config: null },
    config: { ...config, layers: null },
    layers: config["layers"] as Json[],
  };
}

type Json = Record<string, unknown>;
interface Parts {
  readonly json: Json;
  readonly config: Json;
  readonly layers: readonly Json[];
}

/** What the outputs of a filled network differ in from Keras's, or null. */
export async function forwardDifference(model: Model, entry: Case): Promise<string | null> {
  await setBackend(process.env["NABLA_BACKEND"] ?? "cpu");
  const gain = entry["gain"] as number;
  for (const [k, weight] of model.weights.entries())
    weight.assign(ops.cast(tensor(filled(weight, k, gain), { shape: weight.shape }), weight.dtype));
  return await outputDifference(model, entry);
}

/** What the outputs of a network as it is differ in from Keras's, or null. */
export async function outputDifference(model: Model, entry: Case): Promise<string | null> {
  const shape = entry["input_shape"] as number[];
  const size = shape.reduce((product, extent) => product * extent, 1);
  let x = Float32Array.from(formula(size, entry["input_index"] as number));
  if (entry["pixels"] === true) x = x.map((value) => 127.5 * value + 127.5);
  const y = await model.predictOnBatch(tensor(x, { shape }));
  return difference({ shape: y.shape, dtype: y.dtype, data: await y.data() }, entry["output"] as StoredArray, { rtol: 5e-5, atol: 1e-5 });
}
