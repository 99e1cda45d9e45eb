/** Image files in Node: decoded by sharp where it is installed, else by pngjs and jpeg-js; JPEG is written by jpeg-js. */
import { readFile } from "node:fs/promises";
import { BackendError } from "../errors.ts";
import type { ImageChannels, ImageDecoder, ImagePixels } from "./platform.ts";

/** What is used of sharp. */
interface SharpImage {
  toColourspace(space: string): SharpImage;
  removeAlpha(): SharpImage;
  ensureAlpha(): SharpImage;
  raw(): SharpImage;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: Uint8Array;
    info: { width: number; height: number; channels: number };
  }>;
}
type Sharp = (input: string | Uint8Array, options: object) => SharpImage;

let decoder: Promise<ImageDecoder> | undefined;

/** The best decoder there is. */
export function loadImageDecoder(): Promise<ImageDecoder> {
  return (decoder ??= load());
}

async function load(): Promise<ImageDecoder> {
  // Not a literal: bundlers and type checkers must do without a package that is optional.
  const name: string = "sharp";
  const loaded = (await import(name).catch(() => undefined)) as { default: Sharp } | undefined;
  return loaded === undefined ? plainDecoder() : sharpDecoder(loaded.default);
}

/** sharp: libvips works in threads of its own. */
export function sharpDecoder(sharp: Sharp): ImageDecoder {
  return {
    name: "sharp",
    decode: async (input, channels) => {
      const image = sharp(input, { failOn: "truncated", sequentialRead: true }).toColourspace("srgb");
      const { data, info } = await (channels === 4 ? image.ensureAlpha() : image.removeAlpha()).raw().toBuffer({ resolveWithObject: true });
      return withChannels({ width: info.width, height: info.height, channels: info.channels as ImageChannels, data }, channels);
    },
  };
}

/** Plain JavaScript, in the calling thread. */
export async function plainDecoder(): Promise<ImageDecoder> {
  const [jpeg, png] = await Promise.all([import("jpeg-js"), import("pngjs")]);
  return {
    name: "jpeg-js and pngjs",
    decode: async (input, channels) => {
      const bytes = typeof input === "string" ? await readFile(input) : input;
      if (bytes[0] === 0xff && bytes[1] === 0xd8) {
        const image = jpeg.decode(bytes, { useTArray: true, tolerantDecoding: false, maxMemoryUsageInMB: 1024 });
        return withChannels({ ...image, channels: 4 }, channels);
      }
      if (bytes[0] === 0x89 && bytes[1] === 0x50) {
        const { width, height, data } = png.PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
        return withChannels({ width, height, channels: 4, data }, channels);
      }
      throw new BackendError({
        where: "images",
        problem: "without sharp only JPEG and PNG files can be read",
        received: `bytes ${Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16)).join(" ") || "(an empty file)"}`,
        advice: "npm install sharp",
      });
    },
  };
}

/** jpeg-js, in the calling thread. */
export async function encodeJpeg({ width, height, data }: ImagePixels, quality: number): Promise<Uint8Array> {
  const jpeg = await import("jpeg-js");
  return new Uint8Array(jpeg.encode({ width, height, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength) }, quality).data);
}

/** The same image with other channels: grey is 0.299 R + 0.587 G + 0.114 B; alpha is dropped, or opaque. */
export function withChannels(image: ImagePixels, channels: ImageChannels): ImagePixels {
  const { width, height, channels: given, data } = image;
  if (given === channels) return image;
  const pixels = width * height;
  const out = new Uint8Array(pixels * channels);
  for (let i = 0; i < pixels; i++) {
    const from = i * given;
    const [red, green, blue] = given === 1 ? [data[from]!, data[from]!, data[from]!] : [data[from]!, data[from + 1]!, data[from + 2]!];
    if (channels === 1) {
      out[i] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
      continue;
    }
    const to = i * channels;
    out[to] = red;
    out[to + 1] = green;
    out[to + 2] = blue;
    if (channels === 4) out[to + 3] = 255;
  }
  return { width, height, channels, data: out };
}
