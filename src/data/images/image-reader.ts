/** Reading image files as batches: decoded ahead, in threads where the host has them; resized into the batch. */
import { hostArray } from "../../dtype/index.ts";
import { ValueError } from "../../errors.ts";
import type { HostValues } from "../../graph/index.ts";
import { type ImageChannels, type ImageDecoder, type ImagePixels, platform } from "../../platform/index.ts";
import type { HostElement } from "../element.ts";
import { randomIndices, shuffled } from "../random-indices.ts";
import type { LabelMode } from "../folders/folder-options.ts";
import type { ElementReader } from "../reader.ts";
import { colorShift, type Draw, type ImageAugmentation, mirror, randomBox } from "./augmentation.ts";
import { centredBox, type ImageBox, type Interpolation, resizeInto } from "./resize-image.ts";

/** A file that could not be read. */
export interface UnreadableImage {
  readonly path: string;
  /** What the decoder said. */
  readonly reason: string;
}

/** What a pass over image files needs to know. */
export interface ImageSource {
  readonly where: string;
  readonly paths: readonly string[];
  readonly labels: Int32Array | null;
  readonly classCount: number;
  readonly labelMode: LabelMode;
  readonly channels: ImageChannels;
  /** Height and width. */
  readonly imageSize: readonly [number, number];
  /** null: single images. */
  readonly batchSize: number | null;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly interpolation: Interpolation;
  readonly fit: "stretch" | "crop" | "pad";
  readonly channelsFirst: boolean;
  readonly augmentation: ImageAugmentation | null;
  /** Files that were left out, by path. */
  readonly unreadable: Map<string, UnreadableImage>;
}

/** A decoded image; null where the file cannot be read. */
interface Decoded {
  readonly file: number;
  readonly image: ImagePixels | null;
}

/** Lines of warnings that are printed; the rest is only counted. */
const shownWarnings = 10;

/** Starts pass number `pass` over the files. */
export function imageReader(source: ImageSource, pass: number): ElementReader {
  const order = source.shuffle ? shuffled(source.paths.length, source.seed, pass) : Int32Array.from(source.paths, (_, i) => i);
  const random = randomIndices(source.seed, pass + 1_000_003);
  const draw: Draw = () => random(2 ** 30) / 2 ** 30;
  const size = source.batchSize ?? 1;
  const ahead = Math.max(16, size);
  const waiting: Promise<Decoded>[] = [];
  let [asked, given] = [0, 0];
  const take = async (): Promise<Decoded | undefined> => {
    const decoder = await platform.imageDecoder();
    while (waiting.length < ahead && asked < order.length) waiting.push(decode(source, decoder, order[asked++]!));
    return await waiting.shift();
  };
  const next = async (): Promise<HostElement | undefined> => {
    const batch = new ImageBatch(source, size);
    while (batch.count < size) {
      const decoded = await take();
      if (decoded === undefined) break;
      if (decoded.image !== null) batch.add(decoded.file, decoded.image, draw);
    }
    given += batch.count;
    if (given === 0) throw noneReadable(source);
    return batch.count === 0 ? undefined : batch.element();
  };
  return { next };
}

async function decode(source: ImageSource, decoder: ImageDecoder, file: number): Promise<Decoded> {
  const path = source.paths[file]!;
  try {
    return { file, image: await decoder.decode(path, source.channels) };
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
    const { unreadable, where } = source;
    if (!unreadable.has(path)) {
      unreadable.set(path, { path, reason });
      if (unreadable.size <= shownWarnings)
        platform.report(`${where}: image ${unreadable.size} that cannot be read is left out: ${path} (${reason})`);
      else if (unreadable.size === shownWarnings + 1) platform.report(`${where}: further images cannot be read; see dataset.unreadable`);
    }
    return { file, image: null };
  }
}

function noneReadable({ where, paths, unreadable }: ImageSource): ValueError {
  const [first] = unreadable.values();
  return new ValueError({
    where,
    problem: "none of the images can be read",
    expected: "JPEG or PNG files (with sharp also GIF and WebP)",
    received: `${paths.length} files; the first: ${first?.path ?? "?"} (${first?.reason ?? "?"})`,
  });
}

/** Images that are put beside each other. */
class ImageBatch {
  count = 0;
  readonly #source: ImageSource;
  readonly #pixels: Float32Array;
  readonly #files: number[] = [];
  readonly #imageLength: number;

  constructor(source: ImageSource, size: number) {
    this.#source = source;
    this.#imageLength = source.imageSize[0] * source.imageSize[1] * source.channels;
    this.#pixels = new Float32Array(size * this.#imageLength);
  }

  add(file: number, decoded: ImagePixels, draw: Draw): void {
    const { imageSize, interpolation, augmentation, channels, fit } = this.#source;
    const [height, width] = imageSize;
    const offset = this.count * this.#imageLength;
    const image = fit === "pad" ? padded(decoded, height, width) : decoded;
    const whole = { top: 0, left: 0, height: image.height, width: image.width };
    let box: ImageBox = fit === "crop" ? centredBox(image, height, width) : whole;
    if (augmentation?.area !== undefined) box = randomBox(image, augmentation, draw);
    resizeInto(this.#pixels, offset, image, box, imageSize, interpolation);
    if (augmentation?.flip === true && draw() < 0.5) mirror(this.#pixels, offset, height, width, channels);
    if ((augmentation?.colorNoise ?? 0) > 0 && channels >= 3) this.#shift(offset, colorShift(augmentation!.colorNoise!, draw));
    if (this.#source.channelsFirst) this.#channelsToFront(offset);
    this.#files.push(file);
    this.count++;
  }

  #shift(offset: number, shift: readonly [number, number, number]): void {
    const { channels } = this.#source;
    for (let at = offset; at < offset + this.#imageLength; at += channels)
      for (let c = 0; c < 3; c++) this.#pixels[at + c] = Math.min(255, Math.max(0, this.#pixels[at + c]! + shift[c]!));
  }

  #channelsToFront(offset: number): void {
    const { channels } = this.#source;
    const image = this.#pixels.slice(offset, offset + this.#imageLength);
    const places = this.#imageLength / channels;
    for (let place = 0; place < places; place++)
      for (let c = 0; c < channels; c++) this.#pixels[offset + c * places + place] = image[place * channels + c]!;
  }

  element(): HostElement {
    const { imageSize, channels, channelsFirst, batchSize } = this.#source;
    const imageShape = channelsFirst ? [channels, ...imageSize] : [...imageSize, channels];
    const values = this.#pixels.subarray(0, this.count * this.#imageLength);
    const lead = batchSize === null ? [] : [this.count];
    const images: HostValues = { values, shape: [...lead, ...imageShape], dtype: "float32" };
    const labels = this.#labels(lead);
    return labels === null ? { leaves: [images], structure: "leaf" } : { leaves: [images, labels], structure: ["leaf", "leaf"] };
  }

  #labels(lead: number[]): HostValues | null {
    const { labels, labelMode, classCount } = this.#source;
    if (labels === null || labelMode === null) return null;
    const known = this.#files.map((file) => labels[file]!);
    if (labelMode === "int") return { values: Int32Array.from(known), shape: lead, dtype: "int32" };
    if (labelMode === "binary") return { values: Float32Array.from(known), shape: [...lead, 1], dtype: "float32" };
    const rows = hostArray("float32", known.length * classCount);
    known.forEach((label, row) => (rows[row * classCount + label] = 1));
    return { values: rows, shape: [...lead, classCount], dtype: "float32" };
  }
}

/** The image with black borders, so that it has the shape of `height` by `width`. */
function padded(image: ImagePixels, height: number, width: number): ImagePixels {
  const { channels, data } = image;
  const fullHeight = Math.max(image.height, Math.trunc((image.width * height) / width));
  const fullWidth = Math.max(image.width, Math.trunc((image.height * width) / height));
  if (fullHeight === image.height && fullWidth === image.width) return image;
  const [top, left] = [Math.trunc((fullHeight - image.height) / 2), Math.trunc((fullWidth - image.width) / 2)];
  const out = new Uint8Array(fullHeight * fullWidth * channels);
  const length = image.width * channels;
  for (let y = 0; y < image.height; y++) out.set(data.subarray(y * length, (y + 1) * length), ((top + y) * fullWidth + left) * channels);
  return { width: fullWidth, height: fullHeight, channels, data: out };
}
