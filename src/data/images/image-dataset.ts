/** Data sets of image files in folders. */
import { ValueError } from "../../errors.ts";
import type { Tensor } from "../../graph/index.ts";
import { checkOptions } from "../../serialization/index.ts";
import { Dataset } from "../dataset.ts";
import { type FolderDatasetOptions, filesOfParts, folderOptionNames, labelModeOf, oneOf } from "../folders/folder-options.ts";
import type { FileKind, LabelledFiles } from "../folders/labelled-files.ts";
import { checkAugmentation, type ImageAugmentation } from "./augmentation.ts";
import { type ImageSource, imageReader, type UnreadableImage } from "./image-reader.ts";
import { type Interpolation, interpolations } from "./resize-image.ts";

/** Options of `imageDatasetFromDirectory`. */
export interface ImageDatasetOptions extends FolderDatasetOptions {
  /** Default "rgb". */
  readonly colorMode?: "rgb" | "rgba" | "grayscale";
  /** Height and width. Default [256, 256]. */
  readonly imageSize?: readonly [number, number];
  /** Default "bilinear". */
  readonly interpolation?: Interpolation;
  /** Cuts the middle out, so that nothing is distorted. Default false. */
  readonly cropToAspectRatio?: boolean;
  /** Adds black borders, so that nothing is distorted. Default false. */
  readonly padToAspectRatio?: boolean;
  /** Default "channels_last". */
  readonly dataFormat?: "channels_last" | "channels_first" | null;
  /** Random changes, for training; Keras has layers for these, which work on images of one size. */
  readonly augmentation?: ImageAugmentation | null;
}

const optionNames = [
  ...folderOptionNames,
  "colorMode",
  "imageSize",
  "interpolation",
  "cropToAspectRatio",
  "padToAspectRatio",
  "dataFormat",
  "augmentation",
];

const images: FileKind = { plural: "images", endings: [".jpg", ".jpeg", ".png", ".gif", ".webp"] };

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

  /** Files that were left out so far because they could not be read, sorted: threads find them in any order. */
  get unreadable(): readonly UnreadableImage[] {
    return [...this.#source.unreadable.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
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
  const parts = await filesOfParts(where, images, directory, options);
  const [first, second] = parts.files.map((part) => new ImageDataset(sourceOf(where, options, part, parts.seed), part.classNames));
  return (options.subset === "both" ? [first, second] : first) as never;
};

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
  if (cropToAspectRatio && padToAspectRatio)
    throw new ValueError({
      where,
      problem: "images are either cropped or padded",
      expected: "one of cropToAspectRatio and padToAspectRatio",
    });
  if (augmentation !== null) checkAugmentation(where, augmentation);
  const labelMode = labelModeOf(where, options, files);
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
