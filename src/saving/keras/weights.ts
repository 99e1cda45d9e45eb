/** Weights, optimizer state and vocabularies in Keras's layout of version 3: written and read. */
import { type ErrorParts, InternalError, NablaError, ValueError } from "../../errors.ts";
import type { Variable } from "../../graph/index.ts";
import type { Layer } from "../../layers/index.ts";
import { assignStored } from "../../layers/stored-variables.ts";
import type { Optimizer } from "../../optimizers/index.ts";
import { platform } from "../../platform/index.ts";
import { groupAt, groupContent, type H5Group, type H5GroupContent, openHdf5, writeHdf5 } from "../hdf5/index.ts";
import { FormatError } from "../source.ts";
import { DatasetArray, readVariables, type WrittenVariable } from "./arrays.ts";
import { loadKeras2Optimizer } from "./keras2-optimizer.ts";
import { isLayer, isOptimizer, isWide, labelOf, ownVariables, stateEntries } from "./state-tree.ts";

/** Texts beside the weights: by path of the object, then by file name. */
export type Assets = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** A file of weights that is being made. */
export interface WeightsTree {
  readonly root: H5GroupContent;
  readonly assets: Assets;
  /** Puts the values in: those of the moment of this call. */
  readonly finish: () => Promise<void>;
}

/** The groups of a model's weights, the optimizer's state among them, and the texts beside them. */
export function describeWeights(model: Layer): WeightsTree {
  const root = groupContent();
  const assets = new Map<string, Map<string, string>>();
  const written: (WrittenVariable & { readonly group: H5GroupContent; readonly name: string })[] = [];
  for (const { path, object } of stateEntries(model)) {
    const group = groupAt(root, `${path}/vars`);
    if (object === null) continue;
    for (const [name, variable] of ownVariables(object)) written.push({ group, name, variable, wide: isWide(object, variable) });
    if (!isLayer(object)) continue;
    const texts = new Map<string, string>();
    object.saveAssets(texts);
    if (texts.size > 0) assets.set(path, texts);
  }
  const finish = async (): Promise<void> => {
    const arrays = await readVariables(written);
    written.forEach(({ group, name }, index) => group.members.set(name, arrays[index]!));
  };
  return { root, assets, finish };
}

/** The bytes of `model.weights.h5`, in parts, and the texts beside it. */
export async function writeWeights(model: Layer): Promise<{ parts: Uint8Array[]; assets: Assets }> {
  const { root, assets, finish } = describeWeights(model);
  await finish();
  return { parts: writeHdf5(root), assets };
}

/** Options of reading weights. */
export interface ReadWeightsOptions {
  /** Names the file in errors. */
  readonly where: string;
  /** Whether layers whose weights do not fit keep theirs. */
  readonly skipMismatch: boolean;
  readonly assets?: Assets;
  /** Whether Keras 2 wrote the file: the state of optimizers is in another order. */
  readonly isKeras2?: boolean;
}

/** Gives a model the weights of a file, and its optimizer the state where both have one. Throws where something does not fit. */
export function readWeights(model: Layer, bytes: Uint8Array, options: ReadWeightsOptions): void {
  const { where, skipMismatch } = options;
  const root = openHdf5(bytes, where);
  if (root.has("layer_names") || root.attribute("layer_names") !== undefined) throw legacyFile(where);
  for (const { path, object } of stateEntries(model)) {
    if (object === null) continue;
    const group = findGroup(root, path);
    try {
      if (isOptimizer(object)) {
        const store = group === undefined ? new Map<string, DatasetArray>() : storeOf(group, where);
        const trained = model.trainableWeights;
        if (options.isKeras2 === true) loadKeras2Optimizer(object, [...store.keys()], store, trained, trained);
        else if (group !== undefined) loadOptimizer(object, store, model);
        continue;
      }
      const store = group === undefined ? new Map<string, DatasetArray>() : storeOf(group, where);
      if (isLayer(object)) object.loadOwnVariables(store);
      else if (store.size > 0) assignStored(labelOf(object), object.variables, store);
      const texts = options.assets?.get(path);
      if (isLayer(object) && texts !== undefined) object.loadAssets(texts);
    } catch (error) {
      if (!(error instanceof NablaError)) throw error;
      if (!skipMismatch || error instanceof FormatError) throw inFile(error, where, path);
      platform.report(`${where}: skipped ${labelOf(object)}: ${error.parts.problem}`);
    }
  }
}

/** The error of an object, with the file and the place in it. */
function inFile(error: NablaError, where: string, path: string): NablaError {
  if (error.parts.where.startsWith(where)) return error;
  if (error instanceof InternalError) return error;
  const cls = error.constructor as new (parts: ErrorParts) => NablaError;
  return new cls({ ...error.parts, where: `${where}: ${error.parts.where} (${path === "" ? "/" : path})` });
}

function legacyFile(where: string): FormatError {
  return new FormatError({
    where,
    problem: "this is a file of the older layout of weights",
    expected: "a .weights.h5 file of Keras 3",
    received: "a file with layer_names",
    advice: "give it the ending .h5: loadWeights then reads the older layout",
  });
}

/** The group of an object: by its exact path, or by names that differ in nothing but capitals and underscores (`dense_1`, `dense1`). */
function findGroup(root: H5Group, path: string): H5Group | undefined {
  let group: H5Group | undefined = root;
  for (const name of path.split("/").filter((part) => part !== "")) {
    if (group === undefined) return undefined;
    const exact: H5Group | undefined = group.group(name);
    const near: string | undefined = exact === undefined ? group.names().find((candidate) => plain(candidate) === plain(name)) : undefined;
    group = exact ?? (near === undefined ? undefined : group.group(near));
  }
  return group;
}

function plain(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

function storeOf(group: H5Group, where: string): Map<string, DatasetArray> {
  const vars = group.group("vars");
  const names = vars?.names() ?? [];
  names.sort((a, b) => Number(a) - Number(b));
  return new Map(
    names.map((name) => {
      const dataset = vars!.dataset(name);
      if (dataset === undefined) throw new FormatError({ where, problem: `${vars!.path}/${name} is no dataset` });
      return [name, new DatasetArray(dataset, where)];
    }),
  );
}

/** State of an optimizer; one that was saved before its first step has its count of steps and its rate only, and so have those in it. */
export function loadOptimizer(optimizer: Optimizer, store: ReadonlyMap<string, DatasetArray>, model: Layer): void {
  if (!optimizer.built && store.size > optimizer.variables.length && model.built) optimizer.build(model.trainableWeights);
  if (optimizer.built) optimizer.orderAs(Array.from({ length: store.size }, (_, index) => store.get(String(index))?.shape ?? []));
  const variables = optimizer.variables;
  const label = labelOf(optimizer);
  const early = variables.filter((variable) => variable.name === "iteration" || variable.name === "learning_rate");
  if (store.size < variables.length && store.size === early.length) {
    assignStored(label, early, store);
    return;
  }
  if (store.size !== variables.length) {
    throw new ValueError({
      where: label,
      problem: "the file holds the state of another optimizer",
      expected: `${variables.length} variables`,
      received: String(store.size),
      advice: "compile with the optimizer that was saved, or load with compile: false, or with skipMismatch: true",
    });
  }
  assignStored(label, variables, store);
  syncRate(optimizer, store, variables);
}

/** Configurations that are written later tell the learning rate that was loaded, as in Keras. */
function syncRate(optimizer: Optimizer, store: ReadonlyMap<string, DatasetArray>, variables: readonly Variable[]): void {
  // One of several optimizers has a rate of its own; all of them together have none.
  const { optimizers } = optimizer as { readonly optimizers?: readonly Optimizer[] };
  if (optimizers !== undefined) {
    for (const inner of optimizers) syncRate(inner, store, variables);
    return;
  }
  const index = variables.findIndex((variable) => variable === optimizer.learningRate);
  const rate = index < 0 ? undefined : store.get(String(index))?.tensor("float32").node.values[0]?.[0];
  if (rate !== undefined) optimizer.learningRate = rate;
}
