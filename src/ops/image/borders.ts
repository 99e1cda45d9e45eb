/** Borders added to images or cut off. */
import { ValueError } from "../../errors.ts";
import { concreteShape, currentScope, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import type { DataFormat } from "../nn/window-arguments.ts";
import { imagesOf } from "./layout.ts";

/** Both ends of an axis from what is given: two of low end, high end and the target's extent. */
function ends(
  what: string,
  low: number | null | undefined,
  high: number | null | undefined,
  target: number | null | undefined,
  total: (target: number) => number,
): [number, number] {
  const given = [low, high, target].filter((value) => value !== null && value !== undefined).length;
  if (given !== 2) {
    throw new ValueError({
      where: currentScope(),
      problem: `the ${what} is not settled`,
      expected: `exactly two of its two ends and the target's ${what}`,
      received: `${given} of them`,
    });
  }
  const first = low ?? total(target!) - high!;
  const last = high ?? total(target!) - low!;
  if (first >= 0 && last >= 0 && Number.isInteger(first) && Number.isInteger(last)) return [first, last];
  throw new ValueError({
    where: currentScope(),
    problem: `a border of the ${what} is no count`,
    expected: "integers from 0 that fit the images",
    received: `${first} and ${last}`,
  });
}

/** Options of `padImages`: two of three for each axis. */
export interface PadImagesOptions {
  topPadding?: number | null;
  leftPadding?: number | null;
  bottomPadding?: number | null;
  rightPadding?: number | null;
  targetHeight?: number | null;
  targetWidth?: number | null;
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  dataFormat?: DataFormat | null;
}
type PadRest = [(number | null | PadImagesOptions)?, ...(number | null | undefined)[]];

/** Zeros around images: for each axis two of its two ends and the extent of the result. */
export const padImages: (
  images: TensorLike,
  topPadding?: number | null | PadImagesOptions,
  ...rest: (number | null | undefined)[]
) => Tensor = defineOp("image.padImages", (images: TensorLike, ...rest: PadRest) => {
  const given = options<PadImagesOptions>(
    ["topPadding", "leftPadding", "bottomPadding", "rightPadding", "targetHeight", "targetWidth", "dataFormat"],
    rest,
  );
  const { batch, restore } = imagesOf(images, given.dataFormat);
  const [, height, width] = concreteShape(batch) as [number, number, number, number];
  const [top, bottom] = ends("height", given.topPadding, given.bottomPadding, given.targetHeight, (target) => target - height);
  const [left, right] = ends("width", given.leftPadding, given.rightPadding, given.targetWidth, (target) => target - width);
  return restore(P.pad(batch, P.constant(0, batch.dtype), [0, top, left, 0], [0, bottom, right, 0]));
});

/** Options of `cropImages`: two of three for each axis. */
export interface CropImagesOptions {
  topCropping?: number | null;
  leftCropping?: number | null;
  bottomCropping?: number | null;
  rightCropping?: number | null;
  targetHeight?: number | null;
  targetWidth?: number | null;
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  dataFormat?: DataFormat | null;
}
type CropRest = [(number | null | CropImagesOptions)?, ...(number | null | undefined)[]];

/** Images without borders: for each axis two of its two ends and the extent of the result. */
export const cropImages: (
  images: TensorLike,
  topCropping?: number | null | CropImagesOptions,
  ...rest: (number | null | undefined)[]
) => Tensor = defineOp("image.cropImages", (images: TensorLike, ...rest: CropRest) => {
  const given = options<CropImagesOptions>(
    ["topCropping", "leftCropping", "bottomCropping", "rightCropping", "targetHeight", "targetWidth", "dataFormat"],
    rest,
  );
  const { batch, restore } = imagesOf(images, given.dataFormat);
  const [count, height, width, channels] = concreteShape(batch) as [number, number, number, number];
  const [top, bottom] = ends("height", given.topCropping, given.bottomCropping, given.targetHeight, (target) => height - target);
  const [left, right] = ends("width", given.leftCropping, given.rightCropping, given.targetWidth, (target) => width - target);
  if (top + bottom > height || left + right > width) {
    throw new ValueError({
      where: currentScope(),
      problem: "more is cut off than there is",
      expected: `at most ${height} rows and ${width} columns`,
      received: `${top + bottom} and ${left + right}`,
    });
  }
  return restore(P.slice(batch, [0, top, left, 0], [count, height - bottom, width - right, channels]));
});
