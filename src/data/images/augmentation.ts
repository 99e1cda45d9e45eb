/** Random changes of training images: where they are cut out, mirrored, and how they are lit. */
import { ValueError } from "../../errors.ts";
import { checkOptions } from "../../serialization/index.ts";
import type { ImageBox } from "./resize-image.ts";

/** What is changed at random. Every part that is left out stays as it is. */
export interface ImageAugmentation {
  /**
   * A part of the image is cut out and resized: its area a share of the image's from the first to the second number, its
   * width by its height within `aspectRatio`. Szegedy and others, 2015, section 6; torchvision's RandomResizedCrop.
   */
  readonly area?: readonly [number, number];
  /** Default [3/4, 4/3]. */
  readonly aspectRatio?: readonly [number, number];
  /** Whether half of the images are mirrored. */
  readonly flip?: boolean;
  /** Deviation of the shares of ImageNet's principal colours that are added. Krizhevsky and others, 2012, section 4.1: 0.1. */
  readonly colorNoise?: number;
}

/** A random number from 0 to 1. */
export type Draw = () => number;

/** Throws ValueError or UnknownNameError where an augmentation is none. */
export function checkAugmentation(where: string, augmentation: ImageAugmentation): void {
  checkOptions(where, augmentation, ["area", "aspectRatio", "flip", "colorNoise"]);
  const { area = [1, 1], aspectRatio = [3 / 4, 4 / 3], colorNoise = 0 } = augmentation;
  const ascending = ([low, high]: readonly number[]): boolean => low! > 0 && high! >= low!;
  if (ascending(area) && area[1] <= 1 && ascending(aspectRatio) && colorNoise >= 0) return;
  throw new ValueError({
    where,
    problem: "the augmentation does not make sense",
    expected: "area and aspectRatio as [from, to], area at most 1; colorNoise at least 0",
    received: JSON.stringify(augmentation),
  });
}

/** A part of an image of random area and shape; the middle where ten tries find none. */
export function randomBox(
  image: { readonly height: number; readonly width: number },
  { area = [1, 1], aspectRatio = [3 / 4, 4 / 3] }: ImageAugmentation,
  draw: Draw,
): ImageBox {
  const { height, width } = image;
  for (let attempt = 0; attempt < 10; attempt++) {
    const pixels = height * width * (area[0] + (area[1] - area[0]) * draw());
    const ratio = Math.exp(Math.log(aspectRatio[0]) + Math.log(aspectRatio[1] / aspectRatio[0]) * draw());
    const [boxWidth, boxHeight] = [Math.round(Math.sqrt(pixels * ratio)), Math.round(Math.sqrt(pixels / ratio))];
    if (boxWidth < 1 || boxHeight < 1 || boxWidth > width || boxHeight > height) continue;
    return {
      top: Math.floor(draw() * (height - boxHeight + 1)),
      left: Math.floor(draw() * (width - boxWidth + 1)),
      height: boxHeight,
      width: boxWidth,
    };
  }
  const ratio = Math.min(aspectRatio[1], Math.max(aspectRatio[0], width / height));
  const boxHeight = Math.min(height, Math.round(width / ratio));
  const boxWidth = Math.min(width, Math.round(height * ratio));
  return { top: Math.floor((height - boxHeight) / 2), left: Math.floor((width - boxWidth) / 2), height: boxHeight, width: boxWidth };
}

/** Mirrors an image of `height` rows left to right in place. */
export function mirror(pixels: Float32Array, offset: number, height: number, width: number, channels: number): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width >> 1; x++) {
      const [left, right] = [offset + (y * width + x) * channels, offset + (y * width + width - 1 - x) * channels];
      for (let c = 0; c < channels; c++) {
        const value = pixels[left + c]!;
        pixels[left + c] = pixels[right + c]!;
        pixels[right + c] = value;
      }
    }
  }
}

/** Square roots of the eigenvalues (for values from 0 to 1) and eigenvectors of RGB over ImageNet. */
const strengths = [0.2175, 0.0188, 0.0045];
const directions = [
  [-0.5675, 0.7192, 0.4009],
  [-0.5808, -0.0045, -0.814],
  [-0.5836, -0.6948, 0.4203],
];

/** A colour that is added to all pixels of an image: random shares of ImageNet's principal components. */
export function colorShift(deviation: number, draw: Draw): [number, number, number] {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  const shares = strengths.map((strength) => 255 * strength * deviation * normal());
  const along = (channel: number): number => shares.reduce((sum, share, i) => sum + share * directions[channel]![i]!, 0);
  return [along(0), along(1), along(2)];
}
