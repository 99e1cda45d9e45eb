/** Writing images (`keras.utils.save_img`). */
import type { ImageDataFormat } from "../config/index.ts";
import { arrayToImg } from "../data/images/keras-images.ts";
import { ValueError } from "../errors.ts";
import type { HostData, Tensor } from "../graph/index.ts";
import { type ImageChannels, type ImagePixels, platform } from "../platform/index.ts";
import { type FileTarget, sourceName, writeTarget } from "../saving/source.ts";
import { checkOptions } from "../serialization/index.ts";
import { encodePng } from "./png.ts";

/** Options of `saveImg`. */
export interface SaveImgOptions {
  /** Default: `config.imageDataFormat()`. */
  readonly dataFormat?: ImageDataFormat | null;
  /** "png" or "jpeg". Default: as the name ends. */
  readonly fileFormat?: string | null;
  /** Whether the smallest value becomes 0 and the largest 255. Default true. */
  readonly scale?: boolean;
  /** Of JPEG, 1 to 100. Default 75, Pillow's. */
  readonly quality?: number;
}

/**
 * Writes an array `[height, width, channels]` as a PNG or JPEG file. JPEG has no alpha: it is dropped. Throws ValueError for
 * another format.
 */
export async function saveImg(path: FileTarget, x: Tensor | HostData, options: SaveImgOptions = {}): Promise<void> {
  const where = "utils.saveImg";
  checkOptions(where, options, ["dataFormat", "fileFormat", "scale", "quality"]);
  const name = typeof path === "string" ? path : sourceName(path as never);
  const format = (options.fileFormat ?? name.replace(/^.*\./s, "")).toLowerCase();
  if (!["png", "jpg", "jpeg"].includes(format))
    throw new ValueError({ where, problem: "this format is not written", expected: "png or jpeg", received: JSON.stringify(format) });
  const { dataFormat = null, scale = true, quality = 75 } = options;
  const img = await arrayToImg(x, { dataFormat, scale });
  if (img.data instanceof Int32Array)
    throw new ValueError({
      where,
      problem: "values above 255 do not fit a picture of bytes",
      received: "scale: false",
      advice: "leave scale true, or bring the values to 0..255",
    });
  const pixels = img as ImagePixels;
  const bytes =
    format === "png"
      ? encodePng(pixels.data, pixels.width, pixels.height, pixels.channels)
      : await platform.encodeJpeg(rgba(pixels), quality);
  await writeTarget(where, path, [bytes]);
}

/** The same picture with four opaque channels. */
function rgba({ width, height, channels, data }: ImagePixels): ImagePixels & { readonly channels: 4 } {
  const out = new Uint8Array(width * height * 4).fill(255);
  const at = (pixel: number, c: number, of: ImageChannels): number => data[pixel * of + (of === 1 ? 0 : c)]!;
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) out[i * 4 + c] = at(i, c, channels);
  return { width, height, channels: 4, data: out };
}
