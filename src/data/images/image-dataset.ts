/** Data sets of image files in folders. */
import { ValueError } from "../../errors.ts";
import type { Tensor } from "../../graph/index.ts";
import { platform } from "../../platform/index.ts";
import { makeDefaultSeed } from "../../random/index.ts";
import { checkOptions } from "../../serialization/index.ts";
import { Dataset } from "../dataset.ts";
import { shuffled } from "../random-indices.ts";
import { checkAugmentation, type ImageAugmentation } from "./augmentation.ts";
import { type ImageSource, imageReader, type LabelMode, type UnreadableImage } from "./image-reader.ts";
import { filesByClass, type LabelledFiles, unlabelledFiles } from "./labelled-files.ts";
import { type Interpolation, interpolations } from "./resize-image.ts";

/** Options of `imageDatasetFromDirectory`. */
export interface ImageDatasetOptions {
  /** "inferred": the folders are the classes; a list: one label per file in order of the sorted paths; null: none. Default "inferred". */
  readonly labels?: "inferred" | readonly number[] | Int32Array | null;
  /** Default "int". */
  readonly labelMode?: LabelMode;
  /** The classes in order, names of the folders. Default: sorted. With a list of labels: names for `dataset.classNames`. */
  readonly classNames?: readonly string[] | null;
  /** Default "rgb". */
  readonly colorMode?: "rgb" | "rgba" | "grayscale";
  /** Default 32; null: single images. */
  readonly batchSize?: number | null;
  /** Height and width. Default [256, 256]. */
  readonly imageSize?: readonly [number, number];
  /** Whether each pass has a random order. Default true; otherwise by class and name. */
  readonly shuffle?: boolean;
  readonly seed?: number | null;
  /** Share of the files that are for validation. */
  readonly validationSplit?: number | null;
  /** Which part `validationSplit` gives; "both" gives a list of the two. */
  readonly subset?: "training" | "validation" | "both" | null;
  /** Default "bilinear". */
  readonly interpolation?: Interpolation;
  /** Cuts the middle out, so that nothing is distorted. Default false. */
  readonly cropToAspectRatio?: boolean;
  /** Adds black borders, so that nothing is distorted. Default false. */
  readonly padToAspectRatio?: boolean;
  /** Default "channels_last". */
  readonly dataFormat?: "channels_last" | "channels_first" | null;
  /** Whether the numbers of files and classes are printed. Default true. */
  readonly verbose?: boolean;
  /** Random changes, for training; Keras has layers for these, which work on images of one size. */
  readonly augmentation?: ImageAugmentation | null;
}

const optionNames = [
  "labels",
  "labelMode",
  "classNames",
  "colorMode",
  "batchSize",
  "imageSize",
  "shuffle",
  "seed",
  "validationSplit",
  "subset",
  "interpolation",
  "cropToAspectRatio",
  "padToAspectRatio",
  "dataFormat",
  "verbose",
  "augmentation",
];

/** What a batch is: images `[batch, height, width, channels]`, from 0 to 255, with labels where there are any. */
export type ImageElement = Tensor | readonly [Tensor, Tensor];

/** A data set of image files: batches of images and labels, with what it was made of. */
export class ImageDataset extends Dataset<ImageElement> {
  /** Name of each class. */
  readonly classNames: readonly string[];
  /** The files, in order of their classes and names (shuffled where the data was split at random). */
  readonly filePaths: readonly string[];
  readonly #source: ImageSource;

  /** Use `imageDatasetFromDirectory`. */
  constructor(source: ImageSource, classNames: readonly string[]) {
    let pass = 0;
    super(
      () => imageReader(source, pass++),
      source.batchSize === null ? source.paths.length : Math.ceil(source.paths.length / source.batchSize),
    );
    this.#source = source;
    this.classNames = classNames;
    this.filePaths = source.paths;
  }

  /** Files that were left out so far because they could not be read. */
  get unreadable(): readonly UnreadableImage[] {
    return [...this.#source.unreadable.values()];
  }
}

/** The function with its two results. */
export interface ImageDatasetFromDirectory {
  (directory: string, options: ImageDatasetOptions & { readonly subset: "both" }): Promise<[ImageDataset, ImageDataset]>;
  (directory: string, options?: ImageDatasetOptions): Promise<ImageDataset>;
}

/**
 * The images below a folder that has a folder for each class, as batches `[images, labels]`: images float32
 * `[batch, height, width, channels]` from 0 to 255, labels int32 `[batch]` (or as `labelMode` says). Files are decoded ahead
 * while a step runs, by sharp's threads where sharp is installed. A file that cannot be read is left out with a warning
 * (`dataset.unreadable` lists them). Throws ValueError for missing or empty folders and options that do not fit.
 *
 * @example
 * const flowers = await data.imageDatasetFromDirectory("flowers/train", { imageSize: [128, 128] });
 * await model.fit(flowers, null, { epochs: 5 });
 */
export const imageDatasetFromDirectory: ImageDatasetFromDirectory = async function (
  directory: string,
  options: ImageDatasetOptions = {},
): Promise<never> {
  const where = "imageDatasetFromDirectory";
  checkOptions(where, options, optionNames);
  const { shuffle = true, verbose = true, subset = null } = options;
  const split = options.validationSplit ?? null;
  checkSplit(where, options);
  const files = await filesOf(where, directory, options);
  const seed = options.seed ?? makeDefaultSeed();
  const classCount = files.labels === null ? 0 : files.classNames.length;
  if (verbose && files.labels !== null) platform.report(`Found ${files.paths.length} files belonging to ${classCount} classes.`);
  else if (verbose) platform.report(`Found ${files.paths.length} files.`);
  const make = (part: LabelledFiles): ImageDataset => new ImageDataset(sourceOf(where, options, part, seed), files.classNames);
  if (split === null) return make(files) as never;
  // As Keras: the split is drawn by the seed, so that two calls with one seed fit together.
  const order = shuffle ? shuffled(files.paths.length, seed, 0) : Int32Array.from(files.paths, (_, i) => i);
  const border = files.paths.length - Math.trunc(split * files.paths.length);
  const parts = { training: chosen(files, order.subarray(0, border)), validation: chosen(files, order.subarray(border)) };
  for (const name of ["training", "validation"] as const) {
    if (parts[name].paths.length === 0)
      throw new ValueError({
        where,
        problem: `the part "${name}" would be empty`,
        expected: "a validationSplit that leaves files on both sides",
        received: `${split} of ${files.paths.length} files`,
      });
    if (verbose && (subset === name || subset === "both")) platform.report(`Using ${parts[name].paths.length} files for ${name}.`);
  }
  if (subset === "both") return [make(parts.training), make(parts.validation)] as never;
  return make(parts[subset as "training" | "validation"]) as never;
};

function chosen(files: LabelledFiles, order: Int32Array): LabelledFiles {
  return {
    paths: Array.from(order, (i) => files.paths[i]!),
    labels: files.labels === null ? null : order.map((i) => files.labels![i]!),
    classNames: files.classNames,
  };
}

function checkSplit(
  where: string,
  { validationSplit: split = null, subset = null, shuffle = true, seed = null }: ImageDatasetOptions,
): void {
  const problem =
    split === null
      ? subset === null
        ? null
        : "subset needs a validationSplit"
      : !(split > 0 && split < 1)
        ? "validationSplit is a share"
        : subset === null || !["training", "validation", "both"].includes(subset)
          ? 'validationSplit needs a subset: "training", "validation" or "both"'
          : shuffle && seed === null && subset !== "both"
            ? "a random split needs a seed, so that the two parts do not overlap"
            : null;
  if (problem === null) return;
  throw new ValueError({
    where,
    problem,
    expected: '{ validationSplit: 0.2, subset: "training", seed: 1 } and the same with "validation"',
    received: JSON.stringify({ validationSplit: split, subset, seed }),
  });
}

async function filesOf(where: string, directory: string, options: ImageDatasetOptions): Promise<LabelledFiles> {
  const { labels = "inferred", labelMode = "int", classNames = null } = options;
  if (labels === "inferred" && labelMode !== null) return await filesByClass(where, directory, classNames);
  const files =
    labels === "inferred"
      ? { ...(await filesByClass(where, directory, classNames)), labels: null }
      : await unlabelledFiles(where, directory);
  if (labels === "inferred" || labels === null) return files;
  const given = Int32Array.from(labels);
  const count = classNames?.length ?? given.reduce((most, label) => Math.max(most, label), -1) + 1;
  const outside = given.findIndex((label, i) => label !== labels[i] || label < 0 || label >= count);
  if (given.length !== files.paths.length || outside >= 0) {
    throw new ValueError({
      where,
      problem: "the labels do not fit",
      expected: `${files.paths.length} whole numbers from 0 to ${count - 1}, one for each file`,
      received: outside >= 0 ? `${labels[outside]!} at ${outside}` : `${given.length} labels`,
    });
  }
  return { paths: files.paths, labels: given, classNames: classNames ?? Array.from({ length: count }, (_, i) => String(i)) };
}

function oneOf<T extends string>(where: string, name: string, value: T, known: readonly T[]): T {
  if (known.includes(value)) return value;
  const expected = known.map((entry) => `"${entry}"`).join(", ");
  throw new ValueError({ where, problem: `there is no such ${name}`, expected, received: JSON.stringify(value) });
}

function sourceOf(where: string, options: ImageDatasetOptions, files: LabelledFiles, seed: number): ImageSource {
  const { imageSize = [256, 256], batchSize = 32, augmentation = null } = options;
  const { cropToAspectRatio = false, padToAspectRatio = false } = options;
  const isExtent = (extent: unknown): boolean => Number.isInteger(extent) && (extent as number) > 0;
  if (!Array.isArray(imageSize) || imageSize.length !== 2 || !imageSize.every(isExtent))
    throw new ValueError({
      where,
      problem: "imageSize is a height and a width",
      expected: "[256, 256]",
      received: JSON.stringify(imageSize),
    });
  if (batchSize !== null && !isExtent(batchSize))
    throw new ValueError({
      where,
      problem: "batchSize is a number of images",
      expected: "1, 2, ..., or null",
      received: String(batchSize),
    });
  if (cropToAspectRatio && padToAspectRatio)
    throw new ValueError({
      where,
      problem: "images are either cropped or padded",
      expected: "one of cropToAspectRatio and padToAspectRatio",
    });
  if (augmentation !== null) checkAugmentation(where, augmentation);
  const labelMode =
    files.labels === null ? null : oneOf(where, "labelMode", options.labelMode ?? "int", ["int", "categorical", "binary"] as const);
  if (labelMode === "binary" && files.classNames.length !== 2)
    throw new ValueError({ where, problem: "binary labels need two classes", expected: "2", received: files.classNames.join(", ") });
  const colorMode = oneOf(where, "colorMode", options.colorMode ?? "rgb", ["rgb", "rgba", "grayscale"] as const);
  const dataFormat = oneOf(where, "dataFormat", options.dataFormat ?? "channels_last", ["channels_last", "channels_first"] as const);
  return {
    where,
    paths: files.paths,
    labels: files.labels,
    classCount: files.classNames.length,
    labelMode,
    channels: colorMode === "rgb" ? 3 : colorMode === "rgba" ? 4 : 1,
    imageSize: imageSize as [number, number],
    batchSize,
    shuffle: options.shuffle ?? true,
    seed,
    interpolation: oneOf(where, "interpolation", options.interpolation ?? "bilinear", interpolations),
    fit: cropToAspectRatio ? "crop" : padToAspectRatio ? "pad" : "stretch",
    channelsFirst: dataFormat === "channels_first",
    augmentation,
    unreadable: new Map(),
  };
}
