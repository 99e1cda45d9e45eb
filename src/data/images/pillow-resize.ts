/**
 * Resizing 8-bit images as Pillow does, which is what Keras's `load_img` uses: kernels widened by the shrinking factor
 * (antialiased), two passes in fixed point with a rounding to 8 bits between them. Pillow, src/libImaging/Resample.c and
 * Geometry.c.
 */
import type { ImagePixels } from "../../platform/index.ts";
import type { ImageBox } from "./resize-image.ts";

/** How Pillow reads an image between its pixels. */
export type PillowInterpolation = "nearest" | "bilinear" | "bicubic" | "hamming" | "box" | "lanczos";

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Weight by distance, and the distance from which on it is 0. */
const kernels: Readonly<
  Record<Exclude<PillowInterpolation, "nearest">, { readonly support: number; readonly weight: (x: number) => number }>
> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, weight: (x) => (Math.abs(x) >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x))) },
  bicubic: { support: 2, weight: (x) => keys(Math.abs(x)) },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Keys's cubic kernel with a = -1/2. */
function keys(x: number): number {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/** The names of the interpolations. */
export const pillowInterpolations: readonly PillowInterpolation[] = ["nearest", ...(Object.keys(kernels) as PillowInterpolation[])];

/** Bits of a weight's fraction. */
const precision = 22;

/** For every place of the result: the first place of the source, and the weights from there on. */
type Taps = readonly { readonly first: number; readonly weights: Int32Array }[];

function tapsAlong(
  extent: number,
  start: number,
  length: number,
  size: number,
  interpolation: Exclude<PillowInterpolation, "nearest">,
): Taps {
  const { support, weight } = kernels[interpolation];
  const scale = length / size;
  const widening = Math.max(1, scale);
  const reach = support * widening;
  return Array.from({ length: size }, (_, i) => {
    const centre = start + (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(extent, Math.trunc(centre + reach + 0.5));
    const real = Array.from({ length: end - first }, (_, k) => weight((k + first - centre + 0.5) / widening));
    const total = real.reduce((sum, value) => sum + value, 0);
    const weights = Int32Array.from(real, (value) => {
      const fixed = (total === 0 ? value : value / total) * 2 ** precision;
      return Math.trunc(fixed + (fixed < 0 ? -0.5 : 0.5));
    });
    return { first, weights };
  });
}

/** Rounded from fixed point and kept within 8 bits. */
function byte(sum: number): number {
  const value = (sum + 2 ** (precision - 1)) >> precision;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** The part `box` of an image as an image of `height` by `width`. */
export function pillowResize(
  image: ImagePixels,
  box: ImageBox,
  [height, width]: readonly [number, number],
  interpolation: PillowInterpolation,
): ImagePixels {
  if (interpolation === "nearest") return nearest(image, box, height, width);
  // Colours of transparent pixels do not count.
  if (image.channels === 4) return withAlpha(blended(premultiplied(image), box, height, width, interpolation));
  return blended(image, box, height, width, interpolation);
}

function nearest({ data, channels, width: sourceWidth }: ImagePixels, box: ImageBox, height: number, width: number): ImagePixels {
  const out = new Uint8Array(height * width * channels);
  // Places are added up, as Pillow does.
  const along = (start: number, length: number, size: number): number[] => {
    const step = length / size;
    let place = start + step * 0.5;
    return Array.from({ length: size }, () => {
      const known = Math.trunc(place);
      place += step;
      return known;
    });
  };
  const columns = along(box.left, box.width, width);
  let at = 0;
  for (const y of along(box.top, box.height, height))
    for (const x of columns) for (let c = 0; c < channels; c++) out[at++] = data[(y * sourceWidth + x) * channels + c]!;
  return { width, height, channels, data: out };
}

function blended(
  image: ImagePixels,
  box: ImageBox,
  height: number,
  width: number,
  interpolation: Exclude<PillowInterpolation, "nearest">,
): ImagePixels {
  const { channels } = image;
  let { data } = image;
  if (width !== image.width || box.left !== 0 || box.width !== width) {
    const columns = tapsAlong(image.width, box.left, box.width, width, interpolation);
    const out = new Uint8Array(image.height * width * channels);
    let at = 0;
    for (let y = 0; y < image.height; y++)
      for (const { first, weights } of columns)
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (let k = 0; k < weights.length; k++) sum += data[(y * image.width + first + k) * channels + c]! * weights[k]!;
          out[at++] = byte(sum);
        }
    data = out;
  }
  if (height !== image.height || box.top !== 0 || box.height !== height) {
    const rows = tapsAlong(image.height, box.top, box.height, height, interpolation);
    const length = width * channels;
    const out = new Uint8Array(height * length);
    rows.forEach(({ first, weights }, y) => {
      for (let i = 0; i < length; i++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += data[(first + k) * length + i]! * weights[k]!;
        out[y * length + i] = byte(sum);
      }
    });
    data = out;
  }
  return { width, height, channels, data };
}

function premultiplied({ data, ...image }: ImagePixels): ImagePixels {
  const out = Uint8Array.from(data);
  for (let i = 0; i < out.length; i += 4)
    for (let c = 0; c < 3; c++) {
      const product = out[i + c]! * out[i + 3]! + 128;
      out[i + c] = ((product >> 8) + product) >> 8;
    }
  return { ...image, data: out };
}

function withAlpha({ data, ...image }: ImagePixels): ImagePixels {
  const out = Uint8Array.from(data);
  for (let i = 0; i < out.length; i += 4) {
    const alpha = out[i + 3]!;
    if (alpha === 0 || alpha === 255) continue;
    for (let c = 0; c < 3; c++) out[i + c] = Math.min(255, Math.trunc((255 * out[i + c]!) / alpha));
  }
  return { ...image, data: out };
}
