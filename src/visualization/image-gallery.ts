/** Galleries: many images in one picture, with titles and a legend (`keras.visualization.plot_*_gallery`). */
import type { BoxFormat, LabeledBoxes } from "../bounding-boxes/index.ts";
import type { ImageDataFormat } from "../config/index.ts";
import { readNumbers } from "../data/samples.ts";
import { ShapeError, ValueError } from "../errors.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { drawBoundingBoxes, type DrawBoundingBoxesOptions } from "./draw-bounding-boxes.ts";
import { drawSegmentationMasks, type DrawSegmentationMasksOptions } from "./draw-segmentation-masks.ts";
import { type Color, imageBatch } from "./image-batch.ts";
import { encodePng } from "./png.ts";
import { escaped, short, svgDocument, textAt, textWidth } from "./svg.ts";

/** An entry of a legend. */
export interface LegendEntry {
  readonly label: string;
  /** Red, green, blue, 0 to 255. */
  readonly color: Color;
}

/** Options that galleries share. */
export interface GalleryOptions {
  /** Default: about as many as there are columns. */
  readonly rows?: number | null;
  readonly cols?: number | null;
  /** Values of black and white. Default [0, 255]. */
  readonly valueRange?: readonly [low: number, high: number];
  /** Height of an image's cell, in inches of 96 pixels. Default 2. */
  readonly scale?: number;
  /** Colours and what they mean, below the images. */
  readonly legendHandles?: readonly LegendEntry[] | null;
  /** Default: `config.imageDataFormat()`. */
  readonly dataFormat?: ImageDataFormat | null;
}

/** Options of `plotImageGallery`. */
export interface ImageGalleryOptions extends GalleryOptions {
  /** Classes of the images, and what was predicted: written above them. */
  readonly yTrue?: TensorLike | null;
  readonly yPred?: TensorLike | null;
  /** Names of the classes; needed for `yTrue` and `yPred`. */
  readonly labelMap?: Readonly<Record<number, string>> | null;
}

const galleryNames = ["rows", "cols", "valueRange", "scale", "legendHandles", "dataFormat"];

/**
 * An SVG picture of images `[n, height, width, 1 or 3]` in rows and columns, with `Label: ...  Pred: ...` above each where
 * classes are given. Images that find no place in `rows` times `cols` are left out. Throws ShapeError for other shapes,
 * ValueError where classes have no names.
 *
 * @example
 * writeFileSync("digits.svg", await visualization.plotImageGallery(xTest.slice([0, 0, 0, 0], [9, 28, 28, 1]), { cols: 3 }));
 */
export async function plotImageGallery(images: TensorLike, options: ImageGalleryOptions = {}): Promise<string> {
  const where = "plotImageGallery";
  checkOptions(where, options, [...galleryNames, "yTrue", "yPred", "labelMap"]);
  const { yTrue = null, yPred = null, labelMap = null, valueRange = [0, 255], scale = 2, legendHandles = null } = options;
  if ((yTrue !== null || yPred !== null) && labelMap === null)
    throw new ValueError({
      where,
      problem: "classes have no names",
      expected: 'labelMap: { 0: "cat", 1: "dog" }',
      received: "labelMap null",
    });
  const { count, height, width, channels, values } = await imageBatch(where, images, options.dataFormat);
  if (channels !== 1 && channels !== 3)
    throw new ShapeError({ where, problem: "images have one or three channels", expected: "1 or 3", received: String(channels) });
  const rows = options.rows ?? (options.cols == null ? Math.ceil(Math.sqrt(count)) : Math.ceil(count / options.cols));
  const cols = options.cols ?? Math.ceil(count / rows);
  const named = async (label: string, classes: TensorLike | null): Promise<(string | null)[]> => {
    if (classes === null) return [];
    const { values: numbers } = await readNumbers(where, classes);
    return Array.from(numbers, (number) => `${label}: ${labelMap![number] ?? "Unknown"}`);
  };
  const [labels, predictions] = [await named("Label", yTrue), await named("Pred", yPred)];
  const titled = labels.length + predictions.length > 0;
  const [cellWidth, imageHeight, gap] = [(scale * 96 * width) / height, scale * 96, 6];
  const cellHeight = imageHeight + (titled ? 18 : 0);
  const total = [cols * (cellWidth + gap) + gap, rows * (cellHeight + gap) + gap] as const;
  const parts: string[] = [];
  const size = height * width * channels;
  const [low, high] = valueRange;
  for (let i = 0; i < Math.min(count, rows * cols); i++) {
    const pixels = Uint8Array.from(values.subarray(i * size, (i + 1) * size), (value) =>
      Math.trunc(Math.max(0, Math.min(255, ((value - low) / (high - low)) * 255))),
    );
    const left = gap + (i % cols) * (cellWidth + gap);
    const top = gap + Math.floor(i / cols) * (cellHeight + gap);
    const title = [labels[i], predictions[i]].filter((text) => text != null).join("  ");
    if (title !== "") parts.push(textAt(left + cellWidth / 2, top + 12, title, { size: 11, anchor: "middle" }));
    const png = base64(encodePng(pixels, width, height, channels));
    parts.push(
      `<image x="${short(left)}" y="${short(top + cellHeight - imageHeight)}" width="${short(cellWidth)}" height="${short(imageHeight)}" style="image-rendering:pixelated" href="data:image/png;base64,${png}"/>`,
    );
  }
  parts.push(...legend(legendHandles ?? [], total[1], gap));
  return svgDocument(total[0], total[1] + (legendHandles === null ? 0 : 24), "images", parts);
}

function legend(entries: readonly LegendEntry[], top: number, gap: number): string[] {
  let left = gap;
  return entries.flatMap(({ label, color }) => {
    const at = left;
    left += 32 + textWidth(label, 12);
    return [
      `<rect x="${short(at)}" y="${short(top + 4)}" width="12" height="12" fill="rgb(${escaped(color.join(","))})"/>`,
      textAt(at + 16, top + 14, label),
    ];
  });
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** Options of `plotBoundingBoxGallery`. */
export interface BoundingBoxGalleryOptions
  extends GalleryOptions, Pick<DrawBoundingBoxesOptions, "lineThickness" | "textThickness" | "fontScale" | "classMapping"> {
  /** What is there, and what was found. */
  readonly yTrue?: LabeledBoxes | null;
  readonly yPred?: LabeledBoxes | null;
  /** Default [0, 188, 212]. */
  readonly trueColor?: Color;
  /** Default [255, 235, 59]. */
  readonly predColor?: Color;
  /** Names of classes for one of both only. Default: `classMapping`. */
  readonly groundTruthMapping?: Readonly<Record<number, string>> | null;
  readonly predictionMapping?: Readonly<Record<number, string>> | null;
  /** Whether the two colours are explained below. Default false. */
  readonly legend?: boolean;
}

/** An SVG gallery of images with their boxes, those that are there and those that were found in colours of their own. */
export async function plotBoundingBoxGallery(
  images: TensorLike,
  boundingBoxFormat: BoxFormat,
  options: BoundingBoxGalleryOptions = {},
): Promise<string> {
  const where = "plotBoundingBoxGallery";
  const own = ["yTrue", "yPred", "trueColor", "predColor", "lineThickness", "textThickness", "fontScale", "classMapping", "groundTruthMapping", "predictionMapping", "legend"]; // prettier-ignore
  checkOptions(where, options, [...galleryNames, ...own]);
  const { yTrue = null, yPred = null, trueColor = [0, 188, 212], predColor = [255, 235, 59], classMapping = null } = options;
  if (options.legend === true && options.legendHandles != null)
    throw new ValueError({ where, problem: "there is one legend", expected: "legend or legendHandles", received: "both" });
  const style = {
    ...(options.lineThickness === undefined ? {} : { lineThickness: options.lineThickness }),
    ...(options.textThickness === undefined ? {} : { textThickness: options.textThickness }),
    ...(options.fontScale === undefined ? {} : { fontScale: options.fontScale }),
  };
  let drawn = options.dataFormat === "channels_first" ? ops.transpose(images, [0, 2, 3, 1]) : ops.convertToTensor(images);
  const draw = async (boxes: LabeledBoxes | null, color: Color, names: DrawBoundingBoxesOptions["classMapping"]): Promise<void> => {
    if (boxes === null) return;
    drawn = await drawBoundingBoxes(drawn, boxes, boundingBoxFormat, {
      ...style,
      color,
      classMapping: names ?? null,
      dataFormat: "channels_last",
    });
  };
  await draw(yTrue, trueColor, options.groundTruthMapping ?? classMapping);
  await draw(yPred, predColor, options.predictionMapping ?? classMapping);
  const explained: readonly LegendEntry[] | null = options.legend === true ? [{ label: "Ground Truth", color: trueColor }, { label: "Prediction", color: predColor }] : (options.legendHandles ?? null); // prettier-ignore
  return await plotImageGallery(drawn, { ...shared(options), legendHandles: explained, dataFormat: "channels_last" });
}

/** Options of `plotSegmentationMaskGallery`. */
export interface SegmentationMaskGalleryOptions
  extends Omit<GalleryOptions, "rows" | "cols">, Omit<DrawSegmentationMasksOptions, "numClasses" | "dataFormat"> {
  readonly yTrue?: TensorLike | null;
  readonly yPred?: TensorLike | null;
}

/** An SVG gallery with a row per image: the image, then it with the masks that are true, and that were predicted. */
export async function plotSegmentationMaskGallery(
  images: TensorLike,
  numClasses: number,
  options: SegmentationMaskGalleryOptions = {},
): Promise<string> {
  const where = "plotSegmentationMaskGallery";
  checkOptions(where, options, [...galleryNames.slice(2), "yTrue", "yPred", "colorMapping", "alpha", "blend", "ignoreIndex"]);
  const { yTrue = null, yPred = null, colorMapping = null, alpha = 0.8, blend = true, ignoreIndex = -1 } = options;
  const plain = options.dataFormat === "channels_first" ? ops.transpose(images, [0, 2, 3, 1]) : ops.convertToTensor(images);
  const columns = [ops.cast(plain, "float32")];
  for (const masks of [yTrue, yPred]) {
    if (masks === null) continue;
    const drawn = await drawSegmentationMasks(plain, masks, {
      numClasses,
      colorMapping,
      alpha,
      blend,
      ignoreIndex,
      dataFormat: "channels_last",
    });
    columns.push(ops.cast(drawn, "float32"));
  }
  const rows = plain.dim(0);
  const [height, width, channels] = plain.shape.slice(1) as [number, number, number];
  const all = ops.reshape(ops.stack(columns, { axis: 1 }), [rows * columns.length, height, width, channels]);
  return await plotImageGallery(all, { ...shared(options), rows, cols: columns.length, dataFormat: "channels_last" });
}

function shared(options: GalleryOptions): GalleryOptions {
  const { rows = null, cols = null, valueRange, scale, legendHandles = null } = options;
  return { rows, cols, legendHandles, ...(valueRange === undefined ? {} : { valueRange }), ...(scale === undefined ? {} : { scale }) };
}
