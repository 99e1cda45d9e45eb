/** `.keras` files: a zip of metadata.json, config.json, model.weights.h5 and vocabularies under assets/. */
import { isPlainObject } from "../../graph/index.ts";
import type { Config } from "../../serialization/index.ts";
import { pythonJson } from "../../serialization/python-json.ts";
import { FormatError, parseJson } from "../source.ts";
import { writeZip, ZipArchive } from "../zip/index.ts";
import { keras2Config } from "./keras2-config.ts";
import { keras2Training } from "./keras2-training.ts";
import { type Lookup, modelFromConfig, named } from "./read-config.ts";
import type { AnyModel } from "./state-tree.ts";
import { type Assets, readWeights, writeWeights } from "./weights.ts";

/** The version of Keras whose files these are. */
export const kerasVersion = "3.4.1";

const names = { metadata: "metadata.json", config: "config.json", weights: "model.weights.h5", assets: "assets/" };
/** A configuration this large describes no network that a machine holds. */
const largestConfig = 2 ** 28;
const encoder = new TextEncoder();

/** The bytes of a `.keras` file, in parts. */
export async function writeKerasArchive(model: AnyModel): Promise<Uint8Array[]> {
  const config = pythonJson(model.toJSON());
  const { parts, assets } = await writeWeights(model);
  const metadata = pythonJson({ keras_version: kerasVersion, date_saved: dateText(new Date()) });
  const text = (name: string, content: string): { name: string; parts: Uint8Array[] } => ({ name, parts: [encoder.encode(content)] });
  return writeZip([
    text(names.metadata, metadata),
    text(names.config, config),
    { name: names.weights, parts },
    ...[...assets].flatMap(([path, files]) => [...files].map(([file, content]) => text(`${names.assets}${path}/${file}`, content))),
  ]);
}

/** `2026-11-23@18:07:14`. */
function dateText(date: Date): string {
  const iso = new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString();
  return `${iso.slice(0, 10)}@${iso.slice(11, 19)}`;
}

/** A `.keras` file that is open. */
export interface KerasArchive {
  /** Keras's JSON of the model, `compile_config` included, in the form of Keras 3. */
  readonly config: unknown;
  /** Whether Keras 2 (2.12 to 2.15) wrote it. */
  readonly isKeras2: boolean;
  readonly weights: Uint8Array;
  readonly assets: Assets;
}

/** Reads a `.keras` file; the weights are a view of the bytes. Throws FormatError. */
export function openKerasArchive(bytes: Uint8Array, where: string): KerasArchive {
  const archive = new ZipArchive(bytes, where);
  const required = (name: string, limit?: number): Uint8Array => {
    const found = archive.read(name, limit);
    if (found !== undefined) return found;
    throw new FormatError({
      where,
      problem: `the archive holds no ${name}`,
      expected: `a .keras file: ${names.metadata}, ${names.config}, ${names.weights}`,
      received: archive.names.slice(0, 8).join(", ") || "an empty archive",
    });
  };
  const decoder = new TextDecoder();
  const json = parseJson(where, decoder.decode(required(names.config, largestConfig)));
  const isKeras2 = archive.has(names.metadata) && isVersion2(parseJson(where, decoder.decode(required(names.metadata, largestConfig))));
  const config = isKeras2 && isPlainObject(json) ? named(where, () => keras2Model(json)) : json;
  const assets = new Map<string, Map<string, string>>();
  for (const name of archive.names) {
    if (!name.startsWith(names.assets)) continue;
    const at = name.lastIndexOf("/");
    const path = name.slice(names.assets.length, Math.max(at, names.assets.length));
    const files = assets.get(path) ?? new Map<string, string>();
    files.set(name.slice(at + 1), decoder.decode(archive.read(name)));
    assets.set(path, files);
  }
  return { config, isKeras2, weights: required(names.weights), assets };
}

function isVersion2(metadata: unknown): boolean {
  return isPlainObject(metadata) && typeof metadata.keras_version === "string" && metadata.keras_version.startsWith("2.");
}

/** A model with what it was compiled with. */
function keras2Model({ compile_config: compiled, build_config: _build, ...json }: Config): Config {
  const model = keras2Config(json);
  if (!isPlainObject(compiled)) return model;
  const places = isPlainObject(json.config) && Array.isArray(json.config.output_layers) ? (json.config.output_layers as unknown[]) : [];
  const outputs = places.map((place) => String((place as unknown[] | null)?.[0]));
  return { ...model, compile_config: keras2Training({ ...compiled, optimizer_config: compiled.optimizer }, outputs) };
}

/** The model of a `.keras` file. */
export function readKerasArchive(bytes: Uint8Array, where: string, lookup: Lookup, compile: boolean): AnyModel {
  const { config, isKeras2, weights, assets } = openKerasArchive(bytes, where);
  const model = modelFromConfig(where, config, lookup, compile);
  readWeights(model, weights, { where, skipMismatch: false, assets, isKeras2 });
  return model;
}
