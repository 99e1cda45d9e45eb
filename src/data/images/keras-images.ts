/** Images one by one, as `keras.utils` has them. Where Keras says "PIL image", here stand pixels with a width and a height. */
import { imageDataFormat, type ImageDataFormat } from "../../config/index.ts";
import { type DType, type TypedArray } from "../../dtype/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { dataTensor, formatShape, type HostData, hostValues, Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { type ImageChannels, type ImagePixels, platform } from "../../platform/index.ts";
import { checkOptions } from "../../serialization/index.ts";
import { oneOf } from "../folders/folder-options.ts";
import { type PillowInterpolation, pillowInterpolations, pillowResize } from "./pillow-resize.ts";

/**
 * An image: rows of pixels, `channels` values each (1 grey, 3 red green blue, 4 with alpha), one byte a value. Grey values
 * above 255 are an Int32Array.
 */
export interface Img {
  readonly width: number;
  readonly height: number;
  readonly channels: ImageChannels;
  readonly data: Uint8Array | Uint8ClampedArray | Int32Array;
}

/** Options of `arrayToImg`. */
export interface ArrayToImgOptions {
  /** Default: `config.imageDataFormat()`. */
  readonly dataFormat?: ImageDataFormat | null;
  /** Whether the smallest value becomes 0 and the largest 255. Default true. */
  readonly scale?: boolean;
}

/** Options of `imgToArray`. */
export interface ImgToArrayOptions {
  /** Default: `config.imageDataFormat()`. */
  readonly dataFormat?: ImageDataFormat | null;
  /** Default "float32". */
  readonly dtype?: DType | null;
}

/** Options of `loadImg`. */
export interface LoadImgOptions {
  /** Default "rgb". */
  readonly colorMode?: "rgb" | "rgba" | "grayscale";
  /** Height and width. Default: those of the file. */
  readonly targetSize?: readonly [number, number] | null;
  /** Pillow's, which is antialiased. Default "nearest". */
  readonly interpolation?: PillowInterpolation;
  /** Cuts the middle out, so that nothing is distorted. Default false. */
  readonly keepAspectRatio?: boolean;
}

/**
 * The image of an array `[height, width, channels]` (or channels first). Values are cut off to whole numbers. Throws
 * ShapeError for another rank or number of channels.
 *
 * @example
 * const picture = await utils.arrayToImg(images[0]);
 * await utils.saveImg("first.png", images[0]);
 */
export async function arrayToImg(x: Tensor | HostData, options: ArrayToImgOptions = {}): Promise<Img> {
  const where = "utils.arrayToImg";
  checkOptions(where, options, ["dataFormat", "scale"]);
  let image = x instanceof Tensor ? x : tensorOf(where, x);
  if (image.rank !== 3)
    throw new ShapeError({
      where,
      problem: "an image has three axes",
      expected: "[height, width, channels]",
      received: formatShape(image.shape),
    });
  if (formatOf(where, options.dataFormat) === "channels_first") image = ops.transpose(image, [1, 2, 0]);
  const [height, width, channels] = image.shape as [number, number, number];
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new ShapeError({ where, problem: "this is no number of channels", expected: "1, 3 or 4", received: formatShape(image.shape) });
  const values = Float32Array.from(await image.data());
  if (options.scale ?? true) stretch(values);
  if (channels === 1 && values.some((value) => value > 255)) return { width, height, channels, data: Int32Array.from(values, Math.trunc) };
  // Whole numbers modulo 256, as a conversion to bytes gives.
  return { width, height, channels, data: Uint8Array.from(values, (value) => Math.trunc(value) & 255) };
}

function tensorOf(where: string, x: HostData): Tensor {
  const { values, shape, dtype } = hostValues(where, x);
  return dataTensor(values, shape, dtype);
}

/** The smallest value becomes 0, the largest 255; float32 arithmetic. */
function stretch(values: Float32Array): void {
  const least = values.reduce((min, value) => Math.min(min, value), Infinity);
  const most = Math.fround(values.reduce((max, value) => Math.max(max, value), -Infinity) - least);
  for (let i = 0; i < values.length; i++) {
    const above = Math.fround(values[i]! - least);
    values[i] = Math.fround(most === 0 ? above : above / most) * 255;
  }
}

/** The pixels of an image as a tensor `[height, width, channels]` (or channels first), 0 to 255. */
export function imgToArray(img: Img, options: ImgToArrayOptions = {}): Tensor {
  const where = "utils.imgToArray";
  checkOptions(where, options, ["dataFormat", "dtype"]);
  const { width, height, channels, data } = img;
  if (data?.length !== width * height * channels || ![1, 3, 4].includes(channels))
    throw new ShapeError({
      where,
      problem: "this is no image",
      expected: "{ width, height, channels: 1, 3 or 4, data }, with width * height * channels values",
      received: `width ${width}, height ${height}, channels ${channels}, ${data?.length ?? 0} values`,
    });
  const dtype = options.dtype ?? "float32";
  const { values } = hostValues(where, data, { dtype });
  const image = dataTensor(values, [height, width, channels], dtype);
  if (formatOf(where, options.dataFormat) === "channels_last") return image;
  const plane = width * height;
  const turned = values.slice() as TypedArray;
  for (let i = 0; i < plane; i++) for (let c = 0; c < channels; c++) turned[c * plane + i] = values[i * channels + c]!;
  return dataTensor(turned, [channels, height, width], dtype);
}

/**
 * Reads an image file (Node: a path; browsers: an address) or its bytes: JPEG and PNG, what the browser or sharp knows
 * too. Rejects with the decoder's error where it is damaged.
 *
 * @example
 * const img = await utils.loadImg("cat.jpg", { targetSize: [224, 224] });
 * const x = ops.expandDims(utils.imgToArray(img), 0);
 */
export async function loadImg(path: string | Uint8Array, options: LoadImgOptions = {}): Promise<Img> {
  const where = "utils.loadImg";
  checkOptions(where, options, ["colorMode", "targetSize", "interpolation", "keepAspectRatio"]);
  const colorMode = oneOf(where, "colorMode", options.colorMode ?? "rgb", ["rgb", "rgba", "grayscale"] as const);
  const interpolation = oneOf(where, "interpolation", options.interpolation ?? "nearest", pillowInterpolations);
  const decoder = await platform.imageDecoder();
  const image: ImagePixels = await decoder.decode(path, colorMode === "rgb" ? 3 : colorMode === "rgba" ? 4 : 1);
  const size = options.targetSize ?? null;
  if (size === null) return plain(image);
  checkSize(where, "targetSize", size);
  if (image.height === size[0] && image.width === size[1]) return plain(image);
  return pillowResize(image, boxOf(image, size, options.keepAspectRatio ?? false), size, interpolation);
}

/** Without the class of the decoder's buffer. */
function plain({ data, ...size }: ImagePixels): Img {
  return { ...size, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

function boxOf(
  { height, width }: ImagePixels,
  [toHeight, toWidth]: readonly [number, number],
  keeps: boolean,
): { top: number; left: number; height: number; width: number } {
  if (!keeps) return { top: 0, left: 0, height, width };
  const boxHeight = Math.min(height, Math.floor((width * toHeight) / toWidth));
  const boxWidth = Math.min(width, Math.floor((height * toWidth) / toHeight));
  return { top: Math.floor((height - boxHeight) / 2), left: Math.floor((width - boxWidth) / 2), height: boxHeight, width: boxWidth };
}

/** Options of `smartResize`. */
export interface SmartResizeOptions {
  /** Default "bilinear". */
  readonly interpolation?: "bilinear" | "nearest" | "bicubic" | "lanczos3" | "lanczos5";
  /** Default "channels_last". */
  readonly dataFormat?: ImageDataFormat;
}

/**
 * The middle of an image (or of a batch) that has the shape of `size` (height, width), resized to it: nothing is distorted,
 * what does not fit is cut off. Shapes: `[height, width, channels] -> [size[0], size[1], channels]`, batches likewise.
 */
export function smartResize(x: Tensor | HostData, size: readonly [number, number], options: SmartResizeOptions = {}): Tensor {
  const where = "utils.smartResize";
  checkOptions(where, options, ["interpolation", "dataFormat"]);
  checkSize(where, "size", size);
  const image = x instanceof Tensor ? x : tensorOf(where, x);
  if (image.rank !== 3 && image.rank !== 4)
    throw new ShapeError({
      where,
      problem: "this is no image",
      expected: "[height, width, channels], or a batch of such",
      received: formatShape(image.shape),
    });
  const dataFormat = options.dataFormat ?? "channels_last";
  const axis = image.rank - (dataFormat === "channels_last" ? 3 : 2);
  const [height, width] = [image.dim(axis), image.dim(axis + 1)];
  const cropHeight = Math.max(1, Math.min(height, Math.trunc((width * size[0]) / size[1])));
  const cropWidth = Math.max(1, Math.min(width, Math.trunc((height * size[1]) / size[0])));
  const start = image.shape.map(() => 0);
  start[axis] = Math.trunc((height - cropHeight) / 2);
  start[axis + 1] = Math.trunc((width - cropWidth) / 2);
  const extent = image.shape.map((_, i) => (i === axis ? cropHeight : i === axis + 1 ? cropWidth : image.dim(i)));
  const cut = ops.slice(image, start, extent);
  return ops.image.resize(cut, size, { interpolation: options.interpolation ?? "bilinear", dataFormat });
}

function checkSize(where: string, name: string, size: unknown): void {
  if (Array.isArray(size) && size.length === 2 && size.every((extent) => Number.isInteger(extent) && (extent as number) > 0)) return;
  throw new ValueError({
    where,
    problem: `${name} is a height and a width`,
    expected: "[224, 224]",
    received: JSON.stringify(size) ?? String(size),
  });
}

function formatOf(where: string, format: ImageDataFormat | null | undefined): ImageDataFormat {
  return oneOf(where, "dataFormat", format ?? imageDataFormat(), ["channels_last", "channels_first"] as const);
}
