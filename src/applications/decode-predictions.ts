/** Names for what an ImageNet network says. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { platform } from "../platform/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { type Checkpoint, fetchCheckpoint, fetchUrl, isUrl } from "./checkpoints.ts";

/** A class and its score: synset, name, score. */
export type DecodedPrediction = readonly [synset: string, name: string, score: number];

/** Options of `decodePredictions`. */
export interface DecodePredictionsOptions {
  /** Number of classes. Default 5. */
  readonly top?: number;
  /** The file of ImageNet's classes, `{ "0": ["n01440764", "tench"], ... }`: a path or an address. Default: Keras's, downloaded once. */
  readonly classIndex?: string | null;
}

const official: Checkpoint = {
  file: "imagenet_class_index.json",
  url: "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json",
  checksum: "md5:c2c37ea517e94d9795004a39431a14cb",
};

const known = new Map<string, ReadonlyMap<number, readonly [string, string]>>();

/**
 * The classes with the largest scores for every sample, the largest first. Shapes: predictions `[batch, classes]`, as many
 * classes as the file has. Throws ShapeError, ValueError for a file that is none of classes, DownloadError, saying where to put
 * the file, where it cannot be had.
 *
 * @example
 * const [[[synset, name, score]]] = await applications.vgg16.decodePredictions(await model.predict(images), { top: 3 });
 */
export async function decodePredictions(predictions: TensorLike, options: DecodePredictionsOptions = {}): Promise<DecodedPrediction[][]> {
  const where = "decodePredictions";
  checkOptions(where, options, ["top", "classIndex"]);
  const scores = ops.convertToTensor(predictions);
  const classes = await classIndex(where, options.classIndex ?? null);
  if (scores.rank !== 2 || scores.shape[1] !== classes.size) {
    throw new ShapeError({
      where,
      problem: "the predictions are not over the classes of the file",
      expected: `[batch, ${classes.size}]`,
      received: formatShape(scores.shape),
    });
  }
  const top = Math.min(options.top ?? 5, classes.size);
  const [values, places] = ops.topK(scores, top);
  const [data, labels] = await Promise.all([values.data(), places.data()]);
  return Array.from({ length: scores.dim(0) }, (_, sample) =>
    Array.from({ length: top }, (_, rank): DecodedPrediction => {
      const at = sample * top + rank;
      return [...classes.get(labels[at]!)!, data[at]!];
    }),
  );
}

async function classIndex(where: string, source: string | null): Promise<ReadonlyMap<number, readonly [string, string]>> {
  const key = source ?? "";
  const found = known.get(key);
  if (found !== undefined) return found;
  const bytes =
    source === null
      ? await fetchCheckpoint(where, official)
      : isUrl(source)
        ? await fetchUrl(where, source)
        : await platform.readFile(source);
  const broken = (received: string): ValueError =>
    new ValueError({
      where,
      problem: "this is no file of classes",
      expected: '{ "0": ["n01440764", "tench"], "1": ... }',
      received,
      advice: `take ${official.url}`,
    });
  if (bytes === null) throw broken(`no file ${source ?? ""}`);
  let entries: [string, unknown][];
  try {
    entries = Object.entries(JSON.parse(new TextDecoder().decode(bytes)) as object);
  } catch {
    throw broken("a file that is no JSON");
  }
  const isClass = (entry: unknown): entry is [string, string] =>
    Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === "string");
  const classes = new Map<number, readonly [string, string]>();
  for (const [number, entry] of entries) {
    if (!isClass(entry)) throw broken(`${JSON.stringify(number)}: ${JSON.stringify(entry)}`);
    classes.set(Number(number), entry);
  }
  for (let label = 0; label < classes.size; label++) if (!classes.has(label)) throw broken(`no entry "${label}"`);
  known.set(key, classes);
  return classes;
}
