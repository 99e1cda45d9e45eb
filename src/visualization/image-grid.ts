/** Many small images in one PNG picture. */
import { ShapeError } from "../errors.ts";
import { formatShape } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { checkOptions } from "../serialization/index.ts";
import { readNumbers } from "../data/samples.ts";
import { encodePng } from "./png.ts";

/** Options of `imageGrid`. */
export interface ImageGridOptions {
  /** Images per row. Default: about as many as there are rows. */
  readonly columns?: number;
  /** Values of black and white; "each": those of each image on its own; default: those of all images. */
  readonly range?: readonly [low: number, high: number] | "each";
  /** Side of the square that a pixel becomes. Default 2. */
  readonly scale?: number;
  /** Pixels between images. Default 2. */
  readonly gap?: number;
}

/**
 * A PNG picture of images beside and below each other, in rows. Shapes: [n, height, width], or with 1 or 3 channels at
 * the end. Throws ShapeError for other shapes.
 *
 * @example
 * writeFileSync("digits.png", await imageGrid(xTest.slice([0, 0, 0, 0], [40, 28, 28, 1]), { columns: 10 }));
 */
export async function imageGrid(images: TensorLike, options: ImageGridOptions = {}): Promise<Uint8Array> {
  const where = "imageGrid";
  checkOptions(where, options, ["columns", "range", "scale", "gap"]);
  const { shape, values } = await readNumbers(where, images);
  const channels = shape.length === 3 ? 1 : shape[3];
  if ((shape.length !== 3 && shape.length !== 4) || (channels !== 1 && channels !== 3) || values.length === 0)
    throw new ShapeError({
      where,
      problem: "these are no images",
      expected: "[n, height, width], or with 1 or 3 channels at the end",
      received: formatShape(shape),
    });
  const [count, height, width] = shape as [number, number, number];
  const { columns = Math.ceil(Math.sqrt((count * height) / width)), range, scale = 2, gap = 2 } = options;
  const across = Math.min(columns, count);
  const down = Math.ceil(count / across);
  const totalWidth = across * (width * scale + gap) + gap;
  const totalHeight = down * (height * scale + gap) + gap;
  const pixels = new Uint8Array(totalWidth * totalHeight * channels).fill(255);
  const size = height * width * channels;
  const all = range === undefined ? extremes(values) : null;
  for (let image = 0; image < count; image++) {
    const own = values.subarray(image * size, (image + 1) * size);
    const [low, high] = all ?? (range === "each" ? extremes(own) : (range as readonly [number, number]));
    const factor = high > low ? 255 / (high - low) : 0;
    const left = (image % across) * (width * scale + gap) + gap;
    const top = Math.floor(image / across) * (height * scale + gap) + gap;
    for (let y = 0; y < height * scale; y++) {
      for (let x = 0; x < width * scale; x++) {
        const from = (Math.floor(y / scale) * width + Math.floor(x / scale)) * channels;
        const to = ((top + y) * totalWidth + left + x) * channels;
        for (let c = 0; c < channels; c++) pixels[to + c] = Math.max(0, Math.min(255, Math.round((own[from + c]! - low) * factor)));
      }
    }
  }
  return encodePng(pixels, totalWidth, totalHeight, channels);
}

function extremes(values: Float64Array): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
