/** Images with words: captions below them, and where a network looked for each word. */
import { readNumbers } from "../data/samples.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { checkOptions } from "../serialization/index.ts";
import { encodePng } from "./png.ts";
import { escaped, short, svgDocument, textAt } from "./svg.ts";

/** Options of `captionedImages`. */
export interface CaptionedImagesOptions {
  /** Images per row. Default 4. */
  readonly columns?: number;
  /** Width of an image in the picture. Default 160. */
  readonly width?: number;
  /** Value of white. Default 255. */
  readonly white?: number;
  readonly title?: string;
}

/** Options of `attentionMaps`. */
export interface AttentionMapsOptions extends CaptionedImagesOptions {
  /** How dark the places are that were not looked at, 0 (not at all) to 1. Default 0.75. */
  readonly shade?: number;
}

const lineHeight = 15;
const fontSize = 12;

/** Images as bytes. */
interface Pixels {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly values: Float64Array;
}

async function readImages(where: string, images: TensorLike, white: number): Promise<Pixels> {
  const { shape, values } = await readNumbers(where, images);
  const [count, height, width, channels = 1] = shape;
  if ((shape.length !== 3 && shape.length !== 4) || (channels !== 1 && channels !== 3) || values.length === 0)
    throw new ShapeError({
      where,
      problem: "these are no images",
      expected: "[n, height, width], or with 1 or 3 channels at the end",
      received: formatShape(shape),
    });
  return { count: count!, height: height!, width: width!, channels, values: values.map((value) => (value * 255) / white) };
}

/** A PNG image as an address. */
function dataUri(values: ArrayLike<number>, width: number, height: number, channels: 1 | 3): string {
  const bytes = Uint8Array.from({ length: values.length }, (_, i) => Math.max(0, Math.min(255, Math.round(values[i]!))));
  let binary = "";
  for (const byte of encodePng(bytes, width, height, channels)) binary += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(binary)}`;
}

function imageAt(uri: string, x: number, y: number, width: number, height: number): string {
  return `<image x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}" href="${uri}" style="image-rendering:pixelated"/>`;
}

/** Lines of words that are no wider than `width`. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && (last.length + word.length + 1) * fontSize * 0.55 <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/**
 * An SVG picture of images with a text, or several, below each; the second text is grey (what was expected, below what was
 * said). Shapes: images `[n, height, width]`, or with 1 or 3 channels at the end. Throws ShapeError and ValueError.
 *
 * @example
 * const svg = await captionedImages(images, said.map(({ text }, i) => [text, captions[i]![0]!]));
 */
export async function captionedImages(
  images: TensorLike,
  texts: readonly (string | readonly string[])[],
  options: CaptionedImagesOptions = {},
): Promise<string> {
  const where = "captionedImages";
  checkOptions(where, options, ["columns", "width", "white", "title"]);
  const { columns = 4, width = 160, white = 255, title } = options;
  const pixels = await readImages(where, images, white);
  if (texts.length !== pixels.count)
    throw new ValueError({
      where,
      problem: "images and texts do not belong together",
      expected: `${pixels.count} texts`,
      received: String(texts.length),
    });
  const height = (width * pixels.height) / pixels.width;
  const lines = texts.map((text) =>
    (typeof text === "string" ? [text] : text).flatMap((part, i) =>
      wrapped(part, width).map((line) => ({ line, color: i === 0 ? "#222" : "#777" })),
    ),
  );
  const size = pixels.height * pixels.width * pixels.channels;
  const parts: string[] = [];
  let top = title === undefined ? 14 : 44;
  for (let first = 0; first < pixels.count; first += columns) {
    const row = Array.from({ length: Math.min(columns, pixels.count - first) }, (_, i) => first + i);
    row.forEach((image, column) => {
      const x = 14 + column * (width + 18);
      const uri = dataUri(pixels.values.subarray(image * size, (image + 1) * size), pixels.width, pixels.height, pixels.channels);
      parts.push(imageAt(uri, x, top, width, height));
      lines[image]!.forEach(({ line, color }, i) =>
        parts.push(textAt(x, top + height + 16 + i * lineHeight, line, { size: fontSize, color })),
      );
    });
    top += height + 24 + Math.max(...row.map((image) => lines[image]!.length)) * lineHeight;
  }
  const total = 28 + Math.min(columns, pixels.count) * (width + 18) - 18;
  if (title !== undefined) parts.unshift(textAt(total / 2, 26, title, { size: 15, anchor: "middle", bold: true }));
  return svgDocument(total, top + 4, title ?? "captioned images", parts);
}

/**
 * An SVG picture of where a network looked for each word: the image as it is, then once per word, dark where the weight is
 * small (weights between places are interpolated, and each map goes from its least to its greatest). Xu and others, "Show,
 * Attend and Tell", 2015, figure 3. Shapes: image `[height, width]` or with 1 or 3 channels at the end, maps
 * `[words, rows, columns]`.
 *
 * @example
 * const { words, maps } = await captioner.attention(image, caption);
 * const svg = await attentionMaps(image, words, maps);
 */
export async function attentionMaps(
  image: TensorLike,
  words: readonly string[],
  maps: TensorLike,
  options: AttentionMapsOptions = {},
): Promise<string> {
  const where = "attentionMaps";
  checkOptions(where, options, ["columns", "width", "white", "title", "shade"]);
  const { columns = 7, width = 92, white = 255, title, shade = 0.75 } = options;
  const given = await readNumbers(where, image);
  const channels = given.shape.length === 2 ? 1 : given.shape[2];
  const weights = await readNumbers(where, maps);
  const [count, rows, across] = weights.shape;
  if (
    (given.shape.length !== 2 && given.shape.length !== 3) ||
    (channels !== 1 && channels !== 3) ||
    weights.shape.length !== 3 ||
    count !== words.length
  )
    throw new ShapeError({
      where,
      problem: "image, words and maps do not belong together",
      expected: "[height, width], or with 1 or 3 channels at the end; a map [rows, columns] for each word",
      received: `${formatShape(given.shape)}; ${words.length} words, maps ${formatShape(weights.shape)}`,
    });
  const [h, w] = given.shape as [number, number];
  const values = given.values.map((value) => (value * 255) / white);
  const height = (width * h) / w;
  const cell = { width: width + 10, height: height + 30 };
  const top = title === undefined ? 10 : 40;
  const frames = [
    { word: "", pixels: values },
    ...words.map((word, i) => ({
      word,
      pixels: shaded(
        values,
        [h, w, channels],
        weights.values.subarray(i * rows! * across!, (i + 1) * rows! * across!),
        [rows!, across!],
        shade,
      ),
    })),
  ];
  const parts = frames.map(({ word, pixels }, i) => {
    const [x, y] = [10 + (i % columns) * cell.width, top + Math.floor(i / columns) * cell.height];
    return `${imageAt(dataUri(pixels, w, h, channels), x, y, width, height)}<text x="${short(x + width / 2)}" y="${short(y + height + 15)}" font-size="${fontSize}" text-anchor="middle" fill="#222">${escaped(word)}</text>`;
  });
  const total = 20 + Math.min(columns, frames.length) * cell.width - 10;
  if (title !== undefined) parts.unshift(textAt(total / 2, 25, title, { size: 14, anchor: "middle", bold: true }));
  return svgDocument(total, top + Math.ceil(frames.length / columns) * cell.height, title ?? "attention maps", parts);
}

/** The image, the darker the less a place weighs. */
function shaded(
  values: Float64Array,
  [h, w, channels]: readonly [number, number, number],
  map: Float64Array,
  [rows, columns]: readonly [number, number],
  shade: number,
): Float64Array {
  const [low, high] = [Math.min(...map), Math.max(...map)];
  const lightness = (y: number, x: number): number => {
    const [r, c] = [
      Math.max(0, Math.min(rows - 1, ((y + 0.5) * rows) / h - 0.5)),
      Math.max(0, Math.min(columns - 1, ((x + 0.5) * columns) / w - 0.5)),
    ];
    const [r0, c0] = [Math.floor(r), Math.floor(c)];
    const [r1, c1] = [Math.min(rows - 1, r0 + 1), Math.min(columns - 1, c0 + 1)];
    const at = (i: number, j: number): number => map[i * columns + j]!;
    const upper = at(r0, c0) * (1 - (c - c0)) + at(r0, c1) * (c - c0);
    const lower = at(r1, c0) * (1 - (c - c0)) + at(r1, c1) * (c - c0);
    return high > low ? (upper * (1 - (r - r0)) + lower * (r - r0) - low) / (high - low) : 1;
  };
  const out = new Float64Array(values.length);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const light = lightness(y, x);
      // A little light is added where it looked, so that it shows on black too.
      for (let c = 0; c < channels; c++) {
        const at = (y * w + x) * channels + c;
        out[at] = values[at]! * (1 - shade * (1 - light)) + 70 * light * (1 - values[at]! / 255);
      }
    }
  }
  return out;
}
