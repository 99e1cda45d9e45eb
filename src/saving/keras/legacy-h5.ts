/** Legacy `.h5` files (`keras.src.legacy.saving.legacy_h5_format`): a model, or the weights of one, by names of layers. */
import { NablaError, ValueError } from "../../errors.ts";
import { isPlainObject, type Variable } from "../../graph/index.ts";
import type { Layer } from "../../layers/index.ts";
import { assignStored } from "../../layers/stored-variables.ts";
import { platform } from "../../platform/index.ts";
import type { Config, SerializedObject } from "../../serialization/index.ts";
import { pythonJson } from "../../serialization/python-json.ts";
import { groupAt, groupContent, type H5Attribute, H5Group, type H5GroupContent, openHdf5, putArray, writeHdf5 } from "../hdf5/index.ts";
import { FormatError, parseJson } from "../source.ts";
import { DatasetArray, readVariables, type WrittenVariable } from "./arrays.ts";
import { kerasVersion } from "./keras-archive.ts";
import { compileConfigOf, legacyModelConfig, legacyTrainingConfig } from "./legacy-config.ts";
import { keras2Config } from "./keras2-config.ts";
import { loadKeras2Optimizer } from "./keras2-optimizer.ts";
import { keras2Training } from "./keras2-training.ts";
import { compileFrom, type Lookup, modelFromConfig, named } from "./read-config.ts";
import { type AnyModel, isModel, isWide } from "./state-tree.ts";
import { loadOptimizer } from "./weights.ts";

/** Lists of names longer than this are cut into several attributes: the header of an object holds no more. */
const largestList = 64512;
const topLevel = "top_level_model_weights";
/** The layout of kernels is that of TensorFlow: what Keras looks at this name for. */
const backend = "tensorflow";

/** Weights of a layer in the order of the format: trainable ones first, those of inner layers too. */
function weightsOf(layer: Layer): Variable[] {
  return [...layer.trainableWeights, ...layer.nonTrainableWeights];
}

/** Layers that have weights, and weights that the model holds itself. */
function topLevelWeights(model: AnyModel): Variable[] {
  const ofLayers = new Set(model.layers.flatMap((layer) => layer.weights));
  return weightsOf(model).filter((weight) => !ofLayers.has(weight));
}

/** The bytes of a legacy `.h5` file, in parts: model, weights, and, where it is compiled, optimizer. */
export async function writeLegacyModel(model: AnyModel): Promise<Uint8Array[]> {
  const root = groupContent();
  const { compile_config: compiled, ...json } = model.toJSON() as Config & { compile_config?: Config };
  root.attributes.set("keras_version", kerasVersion);
  root.attributes.set("backend", backend);
  root.attributes.set("model_config", pythonJson(legacyModelConfig(json as unknown as SerializedObject)));
  if (compiled !== undefined) root.attributes.set("training_config", pythonJson(legacyTrainingConfig(compiled)));
  const writing = new Writing();
  describeWeights(groupAt(root, "model_weights"), model, writing);
  if (model.compiled && model.optimizer.variables.length > 0) {
    const { optimizer } = model;
    const group = groupAt(root, "optimizer_weights");
    const paths = distinct(optimizer.variables.map((variable) => variable.path));
    setNames(group, "weight_names", paths);
    optimizer.variables.forEach((variable, i) => writing.add(group, paths[i]!, { variable, wide: isWide(optimizer, variable) }));
  }
  await writing.finish();
  return writeHdf5(root);
}

/** The bytes of a legacy file of weights alone, in parts. */
export async function writeLegacyWeights(model: AnyModel): Promise<Uint8Array[]> {
  const root = groupContent();
  const writing = new Writing();
  describeWeights(root, model, writing);
  await writing.finish();
  return writeHdf5(root);
}

/** Variables that go into groups once their values are known. */
class Writing {
  readonly #variables: (WrittenVariable & { readonly group: H5GroupContent; readonly path: string })[] = [];

  add(group: H5GroupContent, path: string, written: WrittenVariable): void {
    this.#variables.push({ ...written, group, path });
  }

  async finish(): Promise<void> {
    const arrays = await readVariables(this.#variables);
    this.#variables.forEach(({ group, path }, index) => putArray(group, path, arrays[index]!));
  }
}

function describeWeights(root: H5GroupContent, model: AnyModel, writing: Writing): void {
  const { layers } = model;
  setNames(
    root,
    "layer_names",
    layers.map(({ name }) => name),
  );
  root.attributes.set("backend", backend);
  root.attributes.set("keras_version", kerasVersion);
  const put = (name: string, weights: readonly Variable[]): void => {
    const group = groupAt(root, name);
    const paths = distinct(weights.map((weight) => weight.path));
    setNames(group, "weight_names", paths);
    weights.forEach((variable, i) => writing.add(group, paths[i]!, { variable, wide: false }));
  };
  for (const layer of [...layers].sort((a, b) => (a.name < b.name ? -1 : 1))) put(layer.name, weightsOf(layer));
  put(topLevel, topLevelWeights(model));
}

/** Names with `_1`, `_2`, ... after those that were there before: the list tells their order, which is all that counts. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let again = 1; taken.has(free); again++) free = `${name}_${again}`;
    taken.add(free);
    return free;
  });
}

/** A list of names as Keras writes it: none as an empty list of numbers, many in pieces `name0`, `name1`, ... */
function setNames(group: H5GroupContent, name: string, values: readonly string[]): void {
  if (values.length === 0) {
    group.attributes.set(name, { dtype: "float64", shape: [0], bytes: new Uint8Array(0) });
    return;
  }
  const encoder = new TextEncoder();
  const longest = Math.max(...values.map((value) => encoder.encode(value).length));
  if (values.length * Math.max(longest, 16) <= largestList) {
    group.attributes.set(name, values);
    return;
  }
  const each = Math.max(1, Math.floor(largestList / longest));
  for (let first = 0; first < values.length; first += each)
    group.attributes.set(`${name}${first / each}`, { fixed: values.slice(first, first + each) } satisfies H5Attribute);
}

/** A list of names; null where there is none. */
function namesIn(group: H5Group, name: string): string[] | null {
  const asTexts = (value: unknown): string[] | null => (Array.isArray(value) ? (value as string[]) : value === undefined ? null : []);
  const whole = asTexts(group.attribute(name));
  if (whole !== null) return whole;
  const pieces: string[] = [];
  let index = 0;
  for (; group.attribute(`${name}${index}`) !== undefined; index++) pieces.push(...(asTexts(group.attribute(`${name}${index}`)) ?? []));
  return index === 0 ? null : pieces;
}

/** Whether an HDF5 file holds a whole model in the legacy format. */
export function holdsLegacyModel(root: H5Group): boolean {
  return root.attribute("model_config") !== undefined;
}

/** The model of a legacy `.h5` file. */
export function readLegacyModel(bytes: Uint8Array, where: string, lookup: Lookup, compile: boolean): AnyModel {
  const root = openHdf5(bytes, where);
  const config = root.attribute("model_config");
  if (typeof config !== "string") {
    throw new FormatError({
      where,
      problem: "the file holds weights alone, without a model",
      expected: "a file written by model.save",
      received: root.names().slice(0, 8).join(", "),
      advice: "make the model in the program, and call model.loadWeights(path)",
    });
  }
  const older = isKeras2(root);
  const json = parseJson(where, config);
  const model = modelFromConfig(where, older && isPlainObject(json) ? named(where, () => keras2Config(json)) : json, lookup, false);
  const weights = root.group("model_weights");
  if (weights === undefined) throw new FormatError({ where, problem: "the file holds no weights", expected: "a group model_weights" });
  readLegacyWeights(model, weights, { where, byName: false, skipMismatch: false });
  const training = root.attribute("training_config");
  if (!compile || typeof training !== "string") return model;
  const compiled = parseJson(where, training) as Config;
  const { outputNames } = model;
  const trained =
    older && isPlainObject(compiled) ? named(where, () => keras2Training(compiled, outputNames ?? [])) : compileConfigOf(compiled);
  compileFrom(where, model, trained, lookup);
  const group = root.group("optimizer_weights");
  const names = group === undefined ? null : namesIn(group, "weight_names");
  if (group === undefined || names === null || names.length === 0) return model;
  const arrays = arraysIn(group, names, where);
  if (older)
    loadKeras2Optimizer(model.optimizer, names, arrays, model.trainableWeights, weightsInOrder(model, namesIn(weights, "layer_names")));
  else loadOptimizer(model.optimizer, arrays, model);
  return model;
}

/** Whether Keras 2 wrote a file. */
function isKeras2(root: H5Group): boolean {
  const version = root.attribute("keras_version");
  return typeof version === "string" && /^2\./.test(version);
}

/** The weights that are trained, layers in the order in which the file names them. */
function weightsInOrder(model: AnyModel, names: readonly string[] | null): readonly Variable[] {
  const layers = (names ?? []).flatMap((name) => model.layers.find((layer) => layer.name === name) ?? []);
  const weights = layers.flatMap((layer) => layer.trainableWeights);
  return weights.length === model.trainableWeights.length ? weights : model.trainableWeights;
}

/** Options of reading weights by layers. */
export interface LegacyWeightsOptions {
  /** Names the file in errors. */
  readonly where: string;
  /** Whether layers are matched by their names; else by their order. */
  readonly byName: boolean;
  /** Whether layers whose weights do not fit keep theirs. */
  readonly skipMismatch: boolean;
}

/** Gives the layers of a model the weights of a group in the legacy layout. Throws ValueError or ShapeError where they do not fit. */
export function readLegacyWeights(model: Layer, file: H5Group, options: LegacyWeightsOptions): void {
  const { where, byName, skipMismatch } = options;
  if (!isModel(model)) throw new ValueError({ where, problem: "this format holds weights of models", received: model.label });
  const group = namesIn(file, "layer_names") === null ? (file.group("model_weights") ?? file) : file;
  const saved = namesIn(group, "layer_names");
  if (saved === null) throw new FormatError({ where, problem: "the file holds no list of layers", expected: "the attribute layer_names" });
  const stored = saved.map((name) => {
    const member = group.group(name);
    if (member === undefined) throw new FormatError({ where, problem: `the weights of the layer "${name}" are missing` });
    return { name, store: arraysIn(member, namesIn(member, "weight_names") ?? [], where) };
  });
  const load = (layer: Layer, weights: Variable[], store: ReadonlyMap<string, DatasetArray>): void => {
    try {
      assignStored(`${where}: ${layer.label}`, weights, store, layer.built);
    } catch (error) {
      if (!skipMismatch || !(error instanceof NablaError) || error instanceof FormatError) throw error;
      platform.report(`${where}: skipped ${layer.label}: ${error.parts.problem}`);
    }
  };
  if (byName) {
    for (const layer of model.layers) {
      const found = stored.find(({ name }) => name === layer.name);
      if (found !== undefined && found.store.size > 0) load(layer, weightsOf(layer), found.store);
    }
  } else {
    const layers = model.layers.filter((layer) => layer.weights.length > 0);
    const filled = stored.filter(({ store }) => store.size > 0);
    if (layers.length !== filled.length) {
      throw new ValueError({
        where,
        problem: "the file holds weights of another number of layers",
        expected: `${layers.length}${placeOf(layers, filled)}`,
        received: `${filled.length}${placeOf(filled, layers)}`,
        advice: "load it into the model it was saved from, or by names: byName: true",
      });
    }
    // Keras 2 may have had them in another order.
    const byNames = layers.map((layer) => filled.find(({ name }) => name === layer.name));
    const same = new Set(byNames).size === layers.length && !byNames.includes(undefined);
    layers.forEach((layer, index) => load(layer, weightsOf(layer), (same ? byNames : filled)[index]!.store));
  }
  const top = group.group(topLevel);
  const own = topLevelWeights(model);
  if (top !== undefined && own.length > 0) load(model, own, arraysIn(top, namesIn(top, "weight_names") ?? [], where));
}

/** Where the names of two lists begin to differ, as the first list has them: one list of a large network is a page long. */
function placeOf(named: readonly { readonly name: string }[], others: readonly { readonly name: string }[]): string {
  const place = named.findIndex(({ name }, index) => name !== others[index]?.name);
  return place < 0 ? "" : `; the first that differs is number ${place + 1}, "${named[place]!.name}"`;
}

function arraysIn(group: H5Group, names: readonly string[], where: string): Map<string, DatasetArray> {
  return new Map(
    names.map((name, index) => {
      const dataset = group.get(name);
      if (dataset === undefined || dataset instanceof H5Group)
        throw new FormatError({ where, problem: `the array "${name}" of ${group.path} is missing` });
      return [String(index), new DatasetArray(dataset, where)];
    }),
  );
}
