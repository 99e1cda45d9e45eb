/** Scenes of digits with every true caption of a small grammar: captioning where the truth is known. */
import { randomIndices } from "../data/random-indices.ts";
import { readNumbers } from "../data/samples.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { dataTensor, formatShape, type Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { checkOptions } from "../serialization/index.ts";

/** Options of `digitScenes`. */
export interface DigitSceneOptions {
  /** Number of scenes. */
  readonly count: number;
  /** Default 0. */
  readonly seed?: number;
  /** Least and most digits of a scene, 1 to 3. Default [2, 3]. */
  readonly digits?: readonly [least: number, most: number];
}

/** A digit of a scene. */
export interface SceneDigit {
  readonly digit: number;
  readonly size: "small" | "middle" | "large";
  readonly dark: boolean;
  /** Left upper corner and side, in pixels. */
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

/** Scenes. */
export interface DigitScenes {
  /** uint8 `[count, 56, 56, 1]`. */
  readonly images: Tensor;
  /** All captions that are true of a scene, at least one; the first is drawn at random. */
  readonly captions: readonly (readonly string[])[];
  readonly scenes: readonly (readonly SceneDigit[])[];
}

/** Side of a scene in pixels. */
const canvas = 56;
const sides = { small: 14, middle: 21, large: 28 } as const;
const names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"] as const;
const darkness = 0.4;

/** Where the digits of a scene stand, as halves of the canvas, and what is said of that; `{0}` is the first digit. */
interface Layout {
  /** Row and column of each digit: 0, 1, or null for anywhere between. */
  readonly places: readonly (readonly [row: 0 | 1 | null, column: 0 | 1 | null])[];
  readonly phrases: readonly string[];
}

const layouts: readonly Layout[] = [
  { places: [[null, null]], phrases: ["{0}"] },
  { places: [[0, null], [1, null]], phrases: ["{0} above {1}", "{1} below {0}"] }, // prettier-ignore
  { places: [[null, 0], [null, 1]], phrases: ["{0} to the left of {1}", "{1} to the right of {0}"] }, // prettier-ignore
  { places: [[0, null], [1, 0], [1, 1]], phrases: ["{0} above {1} and {2}", "{1} and {2} below {0}"] }, // prettier-ignore
  { places: [[0, 0], [0, 1], [1, null]], phrases: ["{0} and {1} above {2}", "{2} below {0} and {1}"] }, // prettier-ignore
  { places: [[null, 0], [0, 1], [1, 1]], phrases: ["{0} to the left of {1} and {2}", "{1} and {2} to the right of {0}"] }, // prettier-ignore
  { places: [[0, 0], [1, 0], [null, 1]], phrases: ["{0} and {1} to the left of {2}", "{2} to the right of {0} and {1}"] }, // prettier-ignore
];

/**
 * Scenes of one to three digits of differing place, size and brightness, and what is true of them: "a large seven above a
 * small dark two". Images that are given may be MNIST's: the digits of scenes to test with are then other people's. The same
 * for the same seed, everywhere. Shapes: images `[n, 28, 28]` (0 to 255), labels `[n]`.
 *
 * @example
 * const [[x, y]] = await datasets.mnist.loadData();
 * const { images, captions } = await digitScenes(x, y, { count: 1000, seed: 1 });
 */
export async function digitScenes(images: TensorLike, labels: TensorLike, options: DigitSceneOptions): Promise<DigitScenes> {
  const where = "digitScenes";
  checkOptions(where, options, ["count", "seed", "digits"]);
  const { count, seed = 0, digits: [least, most] = [2, 3] } = options;
  const [pixels, truth] = [await readNumbers(where, images), await readNumbers(where, labels)];
  const [n, height, width, channels = 1] = pixels.shape;
  if (height !== 28 || width !== 28 || channels !== 1 || truth.values.length !== n || n === 0)
    throw new ShapeError({
      where,
      problem: "these are no labelled digits",
      expected: "[n, 28, 28] and [n], n at least 1",
      received: `${formatShape(pixels.shape)} and ${formatShape(truth.shape)}`,
    });
  if (!(
    Number.isInteger(count) &&
    count > 0 &&
    Number.isInteger(least) &&
    Number.isInteger(most) &&
    least >= 1 &&
    least <= most &&
    most <= 3
  ))
    throw new ValueError({
      where,
      problem: "there are no such scenes",
      expected: "count of 1 or more, digits [least, most] from 1 to 3",
      received: `count ${count}, digits [${least}, ${most}]`,
    });
  const draw = randomIndices(seed, 0x5ce4e);
  const out = new Uint8Array(count * canvas * canvas);
  const fitting = Array.from({ length: most - least + 1 }, (_, i) => layouts.filter(({ places }) => places.length === least + i));
  const scenes: SceneDigit[][] = [];
  const captions: string[][] = [];
  for (let scene = 0; scene < count; scene++) {
    const choices = fitting[draw(fitting.length)]!;
    const { places, phrases } = choices[draw(choices.length)]!;
    const shown = places.map(([row, column]): SceneDigit => {
      const image = draw(n);
      const digit = truth.values[image]!;
      if (names[digit] === undefined)
        throw new ValueError({ where, problem: `label ${image} is no digit`, expected: "0 to 9", received: String(digit) });
      const size = (["small", "middle", "large"] as const)[draw(3)]!;
      const dark = draw(2) === 1;
      const side = sides[size];
      const [top, left] = [placed(row, side, draw), placed(column, side, draw)];
      render(out, scene * canvas * canvas, pixels.values, image, { top, left, side }, dark ? darkness : 1);
      return { digit, size, dark, left, top, side };
    });
    const first = draw(phrases.length);
    const said = phrases.map((phrase) => phrase.replace(/\{(\d)\}/g, (_, which: string) => nounPhrase(shown[Number(which)]!)));
    captions.push([said[first]!, ...said.filter((_, i) => i !== first)]);
    scenes.push(shown);
  }
  return { images: dataTensor(out, [count, canvas, canvas, 1], "uint8"), captions, scenes };
}

/** First row (or column) of a digit in its half, or about the middle. */
function placed(half: 0 | 1 | null, side: number, draw: (bound: number) => number): number {
  if (half !== null) return half * (canvas / 2) + draw(canvas / 2 - side + 1);
  // The middle of the digit stands within 8 pixels of the canvas's.
  return Math.round((canvas - side) / 2) - 8 + draw(17);
}

/** "a small dark two", "an eight". */
function nounPhrase({ digit, size, dark }: SceneDigit): string {
  const words = [...(size === "middle" ? [] : [size]), ...(dark ? ["dark"] : []), names[digit]!];
  return `${words[0] === "eight" ? "an" : "a"} ${words.join(" ")}`;
}

interface Square {
  readonly top: number;
  readonly left: number;
  readonly side: number;
}

/** Draws a digit of 28 x 28 pixels into a square: each pixel is the mean of the area that it covers. */
function render(
  out: Uint8Array,
  offset: number,
  pixels: Float64Array,
  image: number,
  { top, left, side }: Square,
  brightness: number,
): void {
  const scale = 28 / side;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const value = areaMean(pixels, image * 784, y * scale, x * scale, scale) * brightness;
      const at = offset + (top + y) * canvas + left + x;
      out[at] = Math.max(out[at]!, Math.min(255, Math.round(value)));
    }
  }
}

function areaMean(pixels: Float64Array, offset: number, top: number, left: number, extent: number): number {
  let sum = 0;
  for (let row = Math.floor(top); row < Math.min(28, top + extent - 1e-9); row++) {
    const height = Math.min(row + 1, top + extent) - Math.max(row, top);
    for (let column = Math.floor(left); column < Math.min(28, left + extent - 1e-9); column++)
      sum += pixels[offset + row * 28 + column]! * height * (Math.min(column + 1, left + extent) - Math.max(column, left));
  }
  return sum / (extent * extent);
}
