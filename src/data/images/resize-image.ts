/** Resizing decoded images on the host, as TensorFlow's `image.resize` does (half-pixel centres, no antialiasing). */
import type { ImagePixels } from "../../platform/index.ts";
import { bilinearKernel, largestSource, type Neighbours } from "./bilinear-kernel.ts";

/** How an image is read between its pixels. */
export type Interpolation = "nearest" | "bilinear" | "bicubic" | "area" | "lanczos3" | "lanczos5" | "gaussian" | "mitchellcubic";

/** The names of the interpolations. */
export const interpolations: readonly Interpolation[] = [
  "nearest",
  "bilinear",
  "bicubic",
  "area",
  "lanczos3",
  "lanczos5",
  "gaussian",
  "mitchellcubic",
];

/** A part of an image, in pixels; it may begin and end between pixels, and reach beyond the image. */
export interface ImageBox {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

interface Kernel {
  readonly radius: number;
  readonly weight: (distance: number) => number;
}

/** Cubic kernels of Mitchell and Netravali: `b` 0, `c` 0.5 is Keys's. */
function cubic(b: number, c: number): Kernel["weight"] {
  return (distance) => {
    const x = Math.abs(distance);
    if (x >= 2) return 0;
    if (x < 1) return ((12 - 9 * b - 6 * c) * x ** 3 + (-18 + 12 * b + 6 * c) * x ** 2 + 6 - 2 * b) / 6;
    return ((-b - 6 * c) * x ** 3 + (6 * b + 30 * c) * x ** 2 + (-12 * b - 48 * c) * x + 8 * b + 24 * c) / 6;
  };
}

function lanczos(radius: number): Kernel {
  const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  return { radius, weight: (x) => (Math.abs(x) < radius ? sinc(x) * sinc(x / radius) : 0) };
}

const kernels: Readonly<Record<Exclude<Interpolation, "nearest" | "area" | "bilinear">, Kernel>> = {
  bicubic: { radius: 2, weight: cubic(0, 0.5) },
  mitchellcubic: { radius: 2, weight: cubic(1 / 3, 1 / 3) },
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
  gaussian: { radius: 1.5, weight: (x) => (Math.abs(x) < 1.5 ? Math.exp(-2 * x * x) : 0) },
};

/** For every place along an axis of the result, `count` places of the source and their weights. */
interface Taps {
  readonly count: number;
  readonly places: Int32Array;
  readonly weights: Float32Array;
}

/** `extent` of the source; the result's `size` places cover it from `start` on over `length`. */
function tapsAlong(extent: number, size: number, start: number, length: number, interpolation: Interpolation): Taps {
  const scale = length / size;
  if (interpolation === "bilinear") return bilinearTaps(extent, size, start, scale);
  const lists: { place: number; weight: number }[][] = [];
  const clamp = (place: number): number => Math.min(extent - 1, Math.max(0, place));
  for (let i = 0; i < size; i++) {
    if (interpolation === "nearest") {
      lists.push([{ place: clamp(Math.floor(start + (i + 0.5) * scale)), weight: 1 }]);
      continue;
    }
    if (interpolation === "area") {
      const [from, to] = [start + i * scale, start + (i + 1) * scale];
      const list = [];
      for (let place = Math.floor(from); place < to; place++)
        list.push({ place: clamp(place), weight: (Math.min(to, place + 1) - Math.max(from, place)) / scale });
      lists.push(list);
      continue;
    }
    const { radius, weight } = kernels[interpolation];
    let centre = start + (i + 0.5) * scale - 0.5;
    // TensorFlow reads the cubic kernel from a table of 1024 places.
    if (interpolation === "bicubic") centre = Math.floor(centre) + Math.round((centre - Math.floor(centre)) * 1024) / 1024;
    const list = [];
    for (let place = Math.ceil(centre - radius); place <= Math.floor(centre + radius); place++) {
      const value = weight(place - centre);
      // Places beyond the border are left out; the others share their weight.
      if (value !== 0 && place >= 0 && place < extent) list.push({ place, weight: value });
    }
    if (list.length === 0) list.push({ place: clamp(Math.round(centre)), weight: 1 });
    const total = list.reduce((sum, tap) => sum + tap.weight, 0);
    lists.push(list.map((tap) => ({ place: tap.place, weight: tap.weight / total })));
  }
  const count = Math.max(...lists.map((list) => list.length));
  const places = new Int32Array(size * count);
  const weights = new Float32Array(size * count);
  lists.forEach((list, i) =>
    list.forEach((tap, k) => {
      places[i * count + k] = tap.place;
      weights[i * count + k] = tap.weight;
    }),
  );
  return { count, places, weights };
}

/** Two places each; the border is repeated. */
function bilinearTaps(extent: number, size: number, start: number, scale: number): Taps {
  const places = new Int32Array(2 * size);
  const weights = new Float32Array(2 * size);
  for (let i = 0; i < size; i++) {
    const centre = Math.min(extent - 1, Math.max(0, start + (i + 0.5) * scale - 0.5));
    const place = Math.floor(centre);
    places[2 * i] = place;
    places[2 * i + 1] = Math.min(extent - 1, place + 1);
    weights[2 * i + 1] = centre - place;
    weights[2 * i] = 1 - weights[2 * i + 1]!;
  }
  return { count: 2, places, weights };
}

/** Remembers what recent arguments gave: images of a folder share a few sizes. */
function remembered<A extends readonly (number | string)[], R>(make: (...args: A) => R): (...args: A) => R {
  const known = new Map<string, R>();
  return (...args) => {
    const key = args.join();
    let found = known.get(key);
    if (found === undefined) {
      found = make(...args);
      known.set(key, found);
      if (known.size > 256) known.delete(known.keys().next().value!);
    }
    return found;
  };
}

const taps = remembered(tapsAlong);

/** The bilinear taps as the kernel takes them: places times `step` bytes. */
const neighbours = remembered((extent: number, size: number, start: number, length: number, step: number): Neighbours => {
  const { places, weights } = bilinearTaps(extent, size, start, length / size);
  return {
    first: Int32Array.from({ length: size }, (_, i) => places[2 * i]! * step),
    second: Int32Array.from({ length: size }, (_, i) => places[2 * i + 1]! * step),
    share: Float32Array.from({ length: size }, (_, i) => weights[2 * i + 1]!),
  };
});

let blended = new Float32Array();

/**
 * Writes the part `box` of an image, resized to `height` by `width`, into `out` from `offset` on: rows, columns, channels.
 * Values stay in 0 to 255 but for the overshoot of cubic and Lanczos kernels.
 */
export function resizeInto(
  out: Float32Array,
  offset: number,
  image: ImagePixels,
  box: ImageBox,
  [height, width]: readonly [number, number],
  interpolation: Interpolation,
): void {
  const { channels, data } = image;
  const kernel = interpolation === "bilinear" && data.length <= largestSource ? bilinearKernel() : null;
  if (kernel !== null) {
    const rows = neighbours(image.height, height, box.top, box.height, image.width * channels);
    const columns = neighbours(image.width, width, box.left, box.width, channels);
    kernel(out, offset, { data, channels, rows, columns });
    return;
  }
  const rows = taps(image.height, height, box.top, box.height, interpolation);
  const columns = taps(image.width, width, box.left, box.width, interpolation);
  const length = image.width * channels;
  if (blended.length < length) blended = new Float32Array(length);
  for (let y = 0; y < height; y++) {
    blendRows(data, length, rows, y);
    const to = offset + y * width * channels;
    across(out, to, columns, width, channels);
  }
}

/** The weighted sum of the source's rows for row `y` of the result. */
function blendRows(data: ImagePixels["data"], length: number, { count, places, weights }: Taps, y: number): void {
  const line = blended;
  for (let k = 0; k < count; k++) {
    const from = places[y * count + k]! * length;
    const weight = weights[y * count + k]!;
    if (k === 0) for (let i = 0; i < length; i++) line[i] = weight * data[from + i]!;
    else if (weight !== 0) for (let i = 0; i < length; i++) line[i]! += weight * data[from + i]!;
  }
}

function across(out: Float32Array, to: number, { count, places, weights }: Taps, width: number, channels: number): void {
  const line = blended;
  for (let x = 0; x < width; x++) {
    const at = to + x * channels;
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let k = x * count; k < (x + 1) * count; k++) sum += weights[k]! * line[places[k]! * channels + c]!;
      out[at + c] = sum;
    }
  }
}

/** The middle part of an image that has the shape of `height` by `width`. */
export function centredBox(image: { readonly height: number; readonly width: number }, height: number, width: number): ImageBox {
  const cropHeight = Math.min(image.height, Math.trunc((image.width * height) / width));
  const cropWidth = Math.min(image.width, Math.trunc((image.height * width) / height));
  return {
    top: Math.trunc((image.height - cropHeight) / 2),
    left: Math.trunc((image.width - cropWidth) / 2),
    height: cropHeight,
    width: cropWidth,
  };
}
