/** Boxes drawn into images (`keras.visualization.draw_bounding_boxes`). */
import { type BoxFormat, convertFormat, type LabeledBoxes } from "../bounding-boxes/index.ts";
import { imageDataFormat, type ImageDataFormat } from "../config/index.ts";
import { isFloat } from "../dtype/index.ts";
import { readNumbers } from "../data/samples.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { dataTensor, formatShape, Tensor, Variable } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { transpose } from "../ops/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { type Color, imageBatch } from "./image-batch.ts";
import { forEachDot, glyphHeight } from "./pixel-font.ts";

/** Options of `drawBoundingBoxes`. */
export interface DrawBoundingBoxesOptions {
  /** Names of classes, written beside their boxes. */
  readonly classMapping?: Readonly<Record<number, string>> | null;
  /** Default [128, 128, 128]. */
  readonly color?: Color;
  /** Pixels. Default 2. */
  readonly lineThickness?: number;
  /** Default: `lineThickness`. Thicker letters are of larger dots. */
  readonly textThickness?: number | null;
  /** Default 1: letters about twelve pixels high. */
  readonly fontScale?: number;
  /** Default: `config.imageDataFormat()`. */
  readonly dataFormat?: ImageDataFormat | null;
}

/**
 * Images with boxes drawn into them, uint8 of the images' shape. Floats up to 1 are taken as shares of 255. `boxes`
 * `[n, boxes, 4]` in `boundingBoxFormat`, `labels` `[n, boxes]` (-1: no box), perhaps `confidences` `[n, boxes]`, which are
 * written behind the name. Letters are capitals of dots. Throws ShapeError or ValueError where something is missing or does
 * not fit.
 *
 * @example
 * const seen = await visualization.drawBoundingBoxes(images, { boxes, labels }, "xyxy", { classMapping: { 0: "cat" } });
 */
export async function drawBoundingBoxes(
  images: TensorLike,
  boundingBoxes: LabeledBoxes,
  boundingBoxFormat: BoxFormat,
  options: DrawBoundingBoxesOptions = {},
): Promise<Tensor> {
  const where = "drawBoundingBoxes";
  checkOptions(where, options, ["classMapping", "color", "lineThickness", "textThickness", "fontScale", "dataFormat"]);
  const { color = [128, 128, 128], lineThickness = 2, fontScale = 1, dataFormat } = options;
  const names = options.classMapping ?? {};
  const batch = await imageBatch(where, images, dataFormat);
  const { count, height, width, channels, values } = batch;
  if (typeof boundingBoxes !== "object" || boundingBoxes === null || !("boxes" in boundingBoxes) || !("labels" in boundingBoxes))
    throw new ValueError({
      where,
      problem: "these are no boxes with labels",
      expected: "{ boxes, labels }",
      received: Object.keys(boundingBoxes ?? {}).join(", "),
    });
  const sides = convertFormat(boundingBoxes.boxes, boundingBoxFormat, "xyxy", { height, width });
  const boxes = await readNumbers(where, sides);
  const labels = await readNumbers(where, boundingBoxes.labels as TensorLike);
  const confidences = boundingBoxes.confidences == null ? null : await readNumbers(where, boundingBoxes.confidences as TensorLike);
  const perImage = boxes.shape[1] ?? 0;
  if (boxes.shape.length !== 3 || boxes.shape[0] !== count || labels.values.length !== count * perImage)
    throw new ShapeError({
      where,
      problem: "boxes and labels do not fit the images",
      expected: `boxes [${count}, n, 4], labels [${count}, n]`,
      received: `${formatShape(boxes.shape)}, ${formatShape(labels.shape)}`,
    });
  const canvas = new Canvas(bytesOf(values, holdsFloats(images)), batch, color);
  for (let i = 0; i < count * perImage; i++) {
    const label = Math.trunc(labels.values[i]!);
    if (label === -1) continue;
    const [x1, y1, x2, y2] = Array.from(boxes.values.subarray(4 * i, 4 * i + 4), Math.trunc) as [number, number, number, number];
    const image = Math.floor(i / perImage);
    canvas.frame(image, x1, y1, x2, y2, lineThickness);
    const name = names[label];
    if (name === undefined) continue;
    const text = confidences === null ? name : `${name} | ${confidences.values[i]!.toFixed(2)}`;
    canvas.text(image, x1, y1, text, fontScale, options.textThickness ?? lineThickness);
  }
  const drawn = dataTensor(canvas.pixels, [count, height, width, channels], "uint8");
  return (dataFormat ?? imageDataFormat()) === "channels_first" ? transpose(drawn, [0, 3, 1, 2]) : drawn;
}

function holdsFloats(images: TensorLike): boolean {
  if (images instanceof Tensor || images instanceof Variable) return isFloat(images.dtype);
  return !(images instanceof Uint8Array || images instanceof Int32Array);
}

/** Values as bytes: shares where floats are none above 1, else cut off to 0..255. */
function bytesOf(values: Float64Array, floats: boolean): Uint8Array {
  let most = -Infinity;
  for (const value of values) most = Math.max(most, value);
  const factor = floats && most <= 1 ? 255 : 1;
  return Uint8Array.from(values, (value) => Math.trunc(Math.max(0, Math.min(255, value * factor))));
}

class Canvas {
  readonly pixels: Uint8Array;
  readonly #size: { readonly height: number; readonly width: number; readonly channels: number };
  readonly #color: Color;

  constructor(pixels: Uint8Array, size: { readonly height: number; readonly width: number; readonly channels: number }, color: Color) {
    this.pixels = pixels;
    this.#size = size;
    this.#color = color;
  }

  /** The four sides of a box, each `thickness` pixels around its line. */
  frame(image: number, x1: number, y1: number, x2: number, y2: number, thickness: number): void {
    const before = Math.floor((thickness - 1) / 2);
    const after = Math.floor(thickness / 2);
    for (const y of [y1, y2]) this.fill(image, x1 - before, y - before, x2 + after, y + after);
    for (const x of [x1, x2]) this.fill(image, x - before, y1 - before, x + after, y2 + after);
  }

  /** A text above the box, or in it where there is no room above. */
  text(image: number, x: number, y: number, text: string, scale: number, thickness: number): void {
    const dot = Math.max(1, Math.round(scale * 2 * Math.sqrt(thickness / 2)));
    const high = dot * glyphHeight;
    const above = y - 4 - high;
    const top = above >= 0 ? above : y + thickness + 3;
    const left = above >= 0 ? x : x + thickness + 3;
    forEachDot(text, (column, row) => {
      this.fill(image, left + column * dot, top + row * dot, left + (column + 1) * dot - 1, top + (row + 1) * dot - 1);
    });
  }

  /** Colours a rectangle, its last row and column included; what lies outside the image is left out. */
  fill(image: number, x1: number, y1: number, x2: number, y2: number): void {
    const { height, width, channels } = this.#size;
    for (let y = Math.max(0, y1); y <= Math.min(height - 1, y2); y++) {
      for (let x = Math.max(0, x1); x <= Math.min(width - 1, x2); x++) {
        const at = ((image * height + y) * width + x) * channels;
        const [red, green, blue] = this.#color;
        if (channels < 3) this.pixels[at] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
        else for (let c = 0; c < 3; c++) this.pixels[at + c] = this.#color[c]!;
      }
    }
  }
}
