/** Decoding image files in browsers: createImageBitmap, which works off the page's thread. */
import type { ImageDecoder, ImagePixels } from "./platform.ts";

/** Makes errors of images. Errors themselves are not imported: this file is loaded alone, and bundlers would put them into a third. */
export type ImageError = (problem: string, received?: string) => Error;

/** The browser's decoder. Inputs are URLs or bytes. */
export function browserImageDecoder(imageError: ImageError): Promise<ImageDecoder> {
  return Promise.resolve({
    name: "browser",
    decode: async (input, channels) => {
      const blob = typeof input === "string" ? await fetched(input, imageError) : new Blob([input as Uint8Array<ArrayBuffer>]);
      const bitmap = await createImageBitmap(blob, { imageOrientation: "none", premultiplyAlpha: "none", colorSpaceConversion: "none" });
      const { width, height } = bitmap;
      const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
      if (context === null) throw imageError("the browser gives no canvas to read pixels from");
      context.drawImage(bitmap, 0, 0);
      bitmap.close();
      const { data } = context.getImageData(0, 0, width, height);
      return { width, height, channels, data: channels === 4 ? data : picked(data, channels) } satisfies ImagePixels;
    },
  });
}

/** The browser's encoder. */
export async function browserEncodeJpeg(
  { width, height, data }: ImagePixels,
  quality: number,
  imageError: ImageError,
): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (context === null) throw imageError("the browser gives no canvas to write pixels to");
  context.putImageData(new ImageData(Uint8ClampedArray.from(data), width, height), 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: quality / 100 });
  return new Uint8Array(await blob.arrayBuffer());
}

async function fetched(url: string, imageError: ImageError): Promise<Blob> {
  const response = await fetch(url);
  if (response.ok) return await response.blob();
  throw imageError("the server gives no such file", `${response.status} for ${url}`);
}

function picked(rgba: Uint8ClampedArray, channels: 1 | 3): Uint8Array {
  const out = new Uint8Array((rgba.length / 4) * channels);
  for (let i = 0, to = 0; i < rgba.length; i += 4) {
    const [red, green, blue] = [rgba[i]!, rgba[i + 1]!, rgba[i + 2]!];
    if (channels === 1) out[to++] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    else {
      out[to++] = red;
      out[to++] = green;
      out[to++] = blue;
    }
  }
  return out;
}
