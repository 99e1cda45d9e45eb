/** Models to files and back: `.keras`, legacy `.h5`, and weights alone in `.weights.h5`. */
import { StateError, ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { describe } from "../layers/describe.ts";
import type { Model } from "../models/index.ts";
// A bundle of nabla/core may hold no JSON of models before it writes or reads one.
import "../models/functional-model.ts";
import { platform } from "../platform/index.ts";
import { checkOptions, type CustomObjects } from "../serialization/index.ts";
import { hdf5Start, openHdf5 } from "./hdf5/index.ts";
import { openKerasArchive, readKerasArchive, writeKerasArchive } from "./keras/keras-archive.ts";
import { readLegacyModel, readLegacyWeights, writeLegacyModel, writeLegacyWeights } from "./keras/legacy-h5.ts";
import { lookupOf } from "./keras/read-config.ts";
import { type AnyModel, isModel } from "./keras/state-tree.ts";
import { readWeights, writeWeights } from "./keras/weights.ts";
import { inPlace, isPlace, withEnding } from "./places/index.ts";
import { type FileSource, type FileTarget, FormatError, joinParts, readSource, sourceName, writeTarget } from "./source.ts";
import { isZip } from "./zip/index.ts";

/** What a file holds: a model in Keras's present or legacy format, or weights alone in either. */
export type ModelFormat = "keras" | "h5" | "weights.h5" | "legacy-weights.h5";

/** Any model. */
type ModelLike = Model<never, never> | Model<unknown, unknown> | Model;

/** Options of `toBytes` and `toParts`. */
export interface ModelBytesOptions {
  /** Default "keras". */
  readonly format?: ModelFormat;
}

const writers: Readonly<Record<ModelFormat, (model: AnyModel) => Promise<Uint8Array[]>>> = {
  keras: writeKerasArchive,
  h5: writeLegacyModel,
  "weights.h5": async (model) => (await writeWeights(model)).parts,
  "legacy-weights.h5": writeLegacyWeights,
};

/**
 * The bytes of a model's file as parts that stand one after another: no copy beside that of the weights is made, and
 * `new Blob(parts)` is the file. The values are those of the moment of the call. Throws ValueError.
 */
export async function toParts(model: ModelLike, options: ModelBytesOptions = {}): Promise<Uint8Array[]> {
  const where = "saving.toParts";
  checkOptions(where, options, ["format"]);
  const write = writers[options.format ?? "keras"] as ((model: AnyModel) => Promise<Uint8Array[]>) | undefined;
  if (write === undefined)
    throw new ValueError({
      where,
      problem: "there is no such format",
      expected: Object.keys(writers).join(", "),
      received: describe(options.format),
    });
  return await write(checkedModel(where, model));
}

/** The bytes of a model's file. */
export async function toBytes(model: ModelLike, options: ModelBytesOptions = {}): Promise<Uint8Array> {
  return joinParts("saving.toBytes", await toParts(model, options));
}

function checkedModel(where: string, model: unknown): AnyModel {
  if (!isModel(model)) throw new ValueError({ where, problem: "this is no model", expected: "a model", received: describe(model) });
  if (model.built) return model;
  throw new StateError({
    where: `${model.label}.save`,
    problem: "the weights of the model do not exist yet",
    advice: "give its first layer an inputShape, call it once, or build(inputShape)",
  });
}

/** Options of `saveModel` and `saveWeights`. */
export interface SaveOptions {
  /** Whether a file that is there is replaced. Default true. */
  readonly overwrite?: boolean;
}

/**
 * Saves a model: `.keras` (architecture, weights, state of the optimizer, vocabularies) or legacy `.h5`. In browsers the
 * target is a name in a place: `indexeddb://mine`, `opfs://folder/mine`, `downloads://mine` (`.keras` where it has no
 * ending). The file is replaced at once: where writing fails, what was there is as it was. Throws ValueError for other endings.
 */
export async function saveModel(model: ModelLike, target: FileTarget, options: SaveOptions = {}): Promise<void> {
  await saveAs("model.save", target, options, modelEndings, (format) => writers[format](checkedModel("model.save", model)));
}

/** Formats of whole models by the endings of files; null: of something else. */
export const modelEndings: Readonly<Record<string, ModelFormat | null>> = {
  ".weights.h5": null,
  ".keras": "keras",
  ".h5": "h5",
  ".hdf5": "h5",
};

/** Saves the weights of a model, and the state of its optimizer, to a `.weights.h5` file. Throws ValueError for other endings. */
export async function saveWeights(model: ModelLike, target: FileTarget, options: SaveOptions = {}): Promise<void> {
  await saveAs("model.saveWeights", target, options, { ".weights.h5": "weights.h5" }, (format) =>
    writers[format](checkedModel("model.saveWeights", model)),
  );
}

/** Writes what `write` makes in the format that the target's name tells. */
export async function saveAs(
  where: string,
  target: FileTarget,
  options: SaveOptions,
  formats: Readonly<Record<string, ModelFormat | null>>,
  write: (format: ModelFormat) => Promise<readonly Uint8Array[]>,
): Promise<void> {
  checkOptions(where, options, ["overwrite"]);
  const isKept = typeof target === "string" && isPlace(target);
  const name = isKept ? withEnding(target) : typeof target === "string" ? target : (target as { name?: unknown } | null)?.name;
  const ending = typeof name === "string" ? Object.keys(formats).find((candidate) => name.endsWith(candidate)) : undefined;
  const format = ending === undefined ? null : formats[ending]!;
  if (format === null) {
    throw new ValueError({
      where,
      problem: "the file's name does not tell its format",
      expected: `a name that ends in ${Object.keys(formats)
        .filter((candidate) => formats[candidate] !== null)
        .join(" or ")}`,
      received: describe(name),
      ...(ending === ".weights.h5" ? { advice: "model.saveWeights saves weights alone" } : {}),
    });
  }
  const isThere = async (path: string): Promise<boolean> =>
    isKept ? await inPlace(where, path) : (await platform.files.size(path)) !== null;
  if (options.overwrite === false && typeof target === "string" && (await isThere(target))) {
    throw new ValueError({
      where,
      problem: "there is a file of this name",
      received: target,
      advice: "choose another name, or set overwrite to true",
    });
  }
  await writeTarget(where, target, await write(format));
}

/** Options of `loadModel`. */
export interface LoadModelOptions {
  /** Whether the model is compiled as it was, with the state of its optimizer. Default true. */
  readonly compile?: boolean;
  /** Classes and functions that the file names and nabla does not know, by name. */
  readonly customObjects?: CustomObjects;
  /** Keras's switch for code in files. Nothing from a file is ever executed: false changes nothing. */
  readonly safeMode?: boolean;
}

/**
 * The model of a `.keras` or legacy `.h5` file, ready to go on where it was saved. `source` is a path (in browsers a URL),
 * bytes, a Blob, or `{ name, read() }`. Classes of one's own go into `customObjects`, or are registered by
 * `registerSerializable`. Throws FormatError for broken files, UnknownNameError for classes nobody knows, ValueError for
 * code in the file, which is never executed.
 *
 * @example
 * await model.save("model.keras");
 * const same = await loadModel("model.keras");
 */
export async function loadModel(source: FileSource, options: LoadModelOptions = {}): Promise<Model<Tensor, Tensor>> {
  const where = "loadModel";
  checkOptions(where, options, ["compile", "customObjects", "safeMode"]);
  const lookup = lookupOf(options.customObjects ?? {});
  const bytes = await readSource(where, source);
  const file = `${where}(${sourceName(source)})`;
  const compile = options.compile ?? true;
  const model = isZip(bytes) ? readKerasArchive(bytes, file, lookup, compile) : readLegacyModel(hdf5(bytes, file), file, lookup, compile);
  return model as unknown as Model<Tensor, Tensor>;
}

function hdf5(bytes: Uint8Array, where: string): Uint8Array {
  if (hdf5Start(bytes) !== null) return bytes;
  throw new FormatError({
    where,
    problem: "this is no file of a model",
    expected: "a .keras file (a zip archive), or a .h5 file (HDF5)",
    received:
      bytes.length === 0
        ? "an empty file"
        : `${bytes.length} bytes that begin with ${describe(new TextDecoder().decode(bytes.subarray(0, 16)))}`,
    advice: "JSON of a model is read by modelFromJSON",
  });
}

/** Options of `loadWeights`. */
export interface LoadWeightsOptions {
  /** Whether layers whose weights do not fit keep theirs (and are reported). Default false. */
  readonly skipMismatch?: boolean;
  /** Whether layers are matched by their names: legacy `.h5` files only. Default false. */
  readonly byName?: boolean;
}

/**
 * Gives a model the weights of a `.weights.h5`, `.keras` or legacy `.h5` file, and its optimizer the state. Where something
 * does not fit the error names layer, weight, expected and found shape, and the model keeps all it had.
 */
export async function loadWeights(model: ModelLike, source: FileSource, options: LoadWeightsOptions = {}): Promise<void> {
  checkOptions("model.loadWeights", options, ["skipMismatch", "byName"]);
  const where = `loadWeights(${sourceName(source)})`;
  const target = model as unknown as AnyModel;
  const [skipMismatch, byName] = [options.skipMismatch ?? false, options.byName ?? false];
  const bytes = await readSource("loadWeights", source);
  const present = target.compiled ? [...target.variables, ...target.optimizer.variables] : target.variables;
  const before = new Map(present.map((variable) => [variable, variable.read()]));
  try {
    if (isZip(bytes)) {
      const { weights, assets } = openKerasArchive(bytes, where);
      refuseByName(where, byName);
      return readWeights(target, weights, { where, skipMismatch, assets });
    }
    const root = openHdf5(bytes, where);
    const legacy = root.has("model_weights") || root.attributeNames().some((name) => /^layer_names\d*$/.test(name));
    if (legacy) return readLegacyWeights(target, root, { where, byName, skipMismatch });
    refuseByName(where, byName);
    readWeights(target, bytes, { where, skipMismatch });
  } catch (error) {
    for (const [variable, value] of before) variable.assign(value);
    throw error;
  }
}

function refuseByName(where: string, byName: boolean): void {
  if (!byName) return;
  throw new ValueError({
    where,
    problem: "byName goes with legacy .h5 files only",
    expected: "byName: false",
    received: "true",
    advice: "files of Keras 3 hold no names of layers; skipMismatch: true skips what does not fit",
  });
}
