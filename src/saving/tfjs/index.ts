/** TensorFlow.js layers-models: `model.json` and shards of weights. */
import { ShapeError, ValueError } from "../../errors.ts";
import { formatShape, isPlainObject, sameShape, type Tensor, type Variable } from "../../graph/index.ts";
import type { Layer } from "../../layers/index.ts";
import { Model, modelFromJSON } from "../../models/index.ts";
import { cast } from "../../ops/index.ts";
import { platform } from "../../platform/index.ts";
import type { CustomObjects } from "../../serialization/index.ts";
import { parsePythonJson } from "../../serialization/python-json.ts";
import { type FileSource, FormatError, joinParts, readSource, sourceName } from "../source.ts";
import { storedBytes } from "../stored-array.ts";
import { manifestOf, readGroup } from "./manifest.ts";
import { kerasConfig } from "./read-topology.ts";
import { tfjsConfig } from "./write-topology.ts";

/** Options of `loadTfjs`. */
export interface LoadTfjsOptions {
  /** Bytes of the shards by their names in the manifest, for a model.json that is given as bytes. */
  readonly shards?: Readonly<Record<string, Uint8Array>>;
  readonly customObjects?: CustomObjects;
}

/** Options of `saveTfjs`. */
export interface SaveTfjsOptions {
  /** Bytes of a shard. Default 4 MiB, as TensorFlow.js writes. */
  readonly shardBytes?: number;
}

/** The files of a TF.js model by name. */
export type TfjsFiles = ReadonlyMap<string, Uint8Array>;

/**
 * The model of a TF.js layers-model: its `model.json` (a path, in browsers a URL, or its bytes), of TensorFlow.js itself or
 * of the converter for Keras 2 or 3, quantized or not. Shards are read from its folder, and from nowhere else.
 *
 * @example
 * const model = await saving.loadTfjs("web/model.json");
 */
export async function loadTfjs(source: FileSource, options: LoadTfjsOptions = {}): Promise<Model> {
  const where = `loadTfjs(${sourceName(source)})`;
  const parsed = parsePythonJson(new TextDecoder().decode(await readSource(where, source)), where);
  if (!isPlainObject(parsed))
    throw new FormatError({ where, problem: "the file is no model.json", expected: '{ "modelTopology": ..., "weightsManifest": ... }' });
  const model = modelFromJSON(kerasConfig(where, parsed.modelTopology), { customObjects: options.customObjects ?? {} });
  if (parsed.weightsManifest === undefined) return model;
  const weights = new Map<string, Tensor>();
  for (const group of manifestOf(where, parsed.weightsManifest)) {
    const parts = await Promise.all(group.paths.map((path) => shard(where, source, path, options.shards)));
    for (const [name, tensor] of readGroup(where, group, joinParts(where, parts))) {
      if (weights.has(name))
        throw new FormatError({ where, problem: "a weight stands twice in the manifest", received: JSON.stringify(name) });
      weights.set(name, tensor);
    }
  }
  assign(where, model, weights);
  return model;
}

async function shard(where: string, source: FileSource, path: string, given: LoadTfjsOptions["shards"]): Promise<Uint8Array> {
  const bytes = given !== undefined && Object.hasOwn(given, path) ? given[path] : undefined;
  if (bytes !== undefined) return bytes;
  if (typeof source !== "string" && !(source instanceof URL))
    throw new ValueError({
      where,
      problem: "a shard is missing",
      received: JSON.stringify(path),
      advice: "give the bytes: loadTfjs(json, { shards: { [path]: bytes } })",
    });
  const outside = path === "" || path.startsWith("/") || path.includes("\\") || path.includes(":") || path.split("/").includes("..");
  const folder = String(source).replace(/[^/\\]*$/, "") || "./";
  const file = outside ? null : await platform.pathInside(folder, path);
  if (file === null)
    throw new FormatError({
      where,
      problem: "a shard lies outside the folder of the model",
      expected: `a file inside ${folder}`,
      received: JSON.stringify(path),
    });
  return await readSource(where, file);
}

/** Layers that hold weights of their own, outermost names first. */
function named(model: Layer): { names: readonly string[]; weight: Variable }[] {
  return model.weights.map((weight) => ({ names: weight.path.split("/"), weight }));
}

/** Gives every weight the tensor whose name ends like it and shares most of its path. All are checked before one is set. */
function assign(where: string, model: Model, tensors: ReadonlyMap<string, Tensor>): void {
  const free = new Map([...tensors].map(([name, tensor]) => [name, { parts: name.split("/"), tensor }]));
  const found: [Variable, Tensor][] = [];
  for (const { names, weight } of named(model)) {
    const last = names.at(-1);
    const score = (parts: readonly string[]): number =>
      parts.at(-1) === last ? names.slice(0, -1).filter((name) => parts.slice(0, -1).includes(name)).length : 0;
    const best = [...free].map(([name, { parts }]) => ({ name, points: score(parts) })).filter(({ points }) => points > 0);
    const most = Math.max(0, ...best.map(({ points }) => points));
    const fits = best.filter(({ points }) => points === most);
    if (fits.length !== 1) {
      throw new ValueError({
        where,
        problem: fits.length === 0 ? "a weight of the model is not in the manifest" : "several weights of the manifest may be meant",
        expected: weight.path,
        received: (fits.length === 0 ? [...free.keys()] : fits.map(({ name }) => name)).slice(0, 8).join(", ") || "no weights",
      });
    }
    const { tensor } = free.get(fits[0]!.name)!;
    free.delete(fits[0]!.name);
    if (!sameShape(tensor.shape, weight.shape))
      throw new ShapeError({
        where: `${where}: ${weight.path}`,
        problem: "the weight of the file does not fit",
        expected: formatShape(weight.shape),
        received: formatShape(tensor.shape),
      });
    found.push([weight, tensor.dtype === weight.dtype ? tensor : cast(tensor, weight.dtype)]);
  }
  if (free.size > 0)
    throw new ValueError({
      where,
      problem: `${free.size} weights of the file have no place in the model`,
      received: [...free.keys()].slice(0, 8).join(", "),
    });
  for (const [weight, tensor] of found) weight.assign(tensor);
}

/** Name under which TensorFlow.js looks for a weight: its layer's, without cells and models around it. */
function tfjsNames(model: Layer): Map<Variable, string> {
  const names = new Map<Variable, string>();
  const visit = (layer: Layer): void => {
    const inner = layer instanceof Model ? layer.layers : null;
    if (inner !== null) {
      inner.forEach(visit);
      return;
    }
    for (const weight of layer.weights) {
      const parts = weight.path.split("/");
      const way = parts.find((part) => /^(forward|backward)_/.test(part) && part !== layer.name);
      names.set(weight, [...(way === undefined ? [layer.name] : [layer.name, way]), weight.name].join("/"));
    }
  };
  visit(model);
  return names;
}

/** The files of a TF.js layers-model: model.json and shards. Throws ValueError for what TensorFlow.js does not have. */
export async function encodeTfjs(model: Model<never, never> | Model, options: SaveTfjsOptions = {}): Promise<TfjsFiles> {
  const subject = model as unknown as Model;
  const where = `saveTfjs: ${subject.label}`;
  const shardBytes = options.shardBytes ?? 4 * 2 ** 20;
  if (!Number.isInteger(shardBytes) || shardBytes < 1024)
    throw new ValueError({ where, problem: "shardBytes is no size", expected: "a whole number from 1024", received: String(shardBytes) });
  const topology = tfjsConfig(where, subject.toJSON());
  const entries: object[] = [];
  const parts: Uint8Array[] = [];
  for (const [weight, name] of tfjsNames(subject)) {
    entries.push({ name, shape: weight.shape, dtype: weight.dtype === "float64" ? "float32" : weight.dtype });
    const values = await weight.data();
    parts.push(weight.dtype === "float64" ? storedBytes(Float32Array.from(values), "float32") : storedBytes(values, weight.dtype));
  }
  const all = joinParts(where, parts);
  const count = Math.max(1, Math.ceil(all.length / shardBytes));
  const paths = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  const json = {
    format: "layers-model",
    generatedBy: "nabla",
    convertedBy: null,
    modelTopology: { keras_version: "2.15.0", backend: "nabla", model_config: topology },
    weightsManifest: [{ paths, weights: entries }],
  };
  const files = new Map<string, Uint8Array>(paths.map((path, i) => [path, all.subarray(i * shardBytes, (i + 1) * shardBytes)]));
  files.set("model.json", new TextEncoder().encode(JSON.stringify(json)));
  return files;
}

/**
 * Writes a TF.js layers-model into a folder, which `tf.loadLayersModel` reads: the shards, and at last `model.json`.
 *
 * @example
 * await saving.saveTfjs(model, "web");
 */
export async function saveTfjs(model: Model<never, never> | Model, folder: string, options: SaveTfjsOptions = {}): Promise<void> {
  const base = folder.replace(/\/?(model\.json)?$/, "");
  for (const [name, bytes] of await encodeTfjs(model, options)) await platform.files.write(`${base}/${name}`, bytes);
}
