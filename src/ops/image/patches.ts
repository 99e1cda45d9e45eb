/** Patches of images and volumes, and images of patches. */
import { ShapeError, ValueError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { type DataFormat, type Padding, paddingOf, perAxis, windowExtent } from "../nn/window-arguments.ts";
import { imagesOf } from "./layout.ts";

/** Options of `extractPatches`. */
export interface ExtractPatchesOptions {
  /** Distance between patches. Default null: the size, so that they do not overlap. */
  strides?: number | readonly number[] | null;
  /** Distance between the elements of a patch. Default 1. */
  dilationRate?: number | readonly number[];
  /** Default "valid". */
  padding?: Padding;
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  dataFormat?: DataFormat | null;
}
type Rest = [(number | readonly number[] | null | ExtractPatchesOptions)?, (number | readonly number[])?, Padding?, (DataFormat | null)?];

/** `f(images, size, strides, dilationRate, padding, dataFormat)`, or with one options object. */
export type ExtractPatchesOp = (
  images: TensorLike,
  size: number | readonly number[],
  strides?: number | readonly number[] | null | ExtractPatchesOptions,
  dilationRate?: number | readonly number[],
  padding?: Padding,
  dataFormat?: DataFormat | null,
) => Tensor;

/** One slice per element of a patch, side by side as channels: (row, column, channel) in this order. */
function patchesOf(images: TensorLike, size: number | readonly number[], rest: Rest, rank: number): Tensor {
  const given = options<ExtractPatchesOptions>(["strides", "dilationRate", "padding", "dataFormat"], rest);
  const window = perAxis("size", size, rank);
  const strides = perAxis("strides", given.strides, rank, window);
  const dilation = perAxis("dilationRate", given.dilationRate, rank);
  const { batch, restore } = imagesOf(images, given.dataFormat, rank);
  const shape = concreteShape(batch);
  const pads = window.map((extent, i) =>
    paddingOf(given.padding ?? "valid", shape[i + 1]!, windowExtent(extent, dilation[i]!), strides[i]!),
  );
  const padded = P.pad(batch, P.constant(0, batch.dtype), [0, ...pads.map(([low]) => low), 0], [0, ...pads.map(([, high]) => high), 0]);
  const counts = window.map((extent, i) => Math.floor((padded.dim(i + 1) - windowExtent(extent, dilation[i]!)) / strides[i]!) + 1);
  const channels = shape.at(-1)!;
  const parts: Tensor[] = [];
  const place = (at: readonly number[]): void => {
    if (at.length < rank) {
      for (let i = 0; i < window[at.length]!; i++) place([...at, i]);
      return;
    }
    const starts = at.map((position, i) => position * dilation[i]!);
    const limits = starts.map((start, i) => start + (counts[i]! - 1) * strides[i]! + 1);
    parts.push(P.slice(padded, [0, ...starts, 0], [shape[0]!, ...limits, channels], [1, ...strides, 1]));
  };
  place([]);
  return restore(parts.length === 1 ? parts[0]! : P.concatenate(parts, rank + 1));
}

/**
 * Patches of images (or, with a size of three numbers, of volumes) as channels, ordered by row, column, channel.
 * Shapes: [batch, height, width, channels] -> [batch, rows, columns, area * channels]; the batch may be missing.
 */
export const extractPatches: ExtractPatchesOp = defineOp(
  "image.extractPatches",
  (images: TensorLike, size: number | readonly number[], ...rest: Rest) =>
    patchesOf(images, size, rest, typeof size !== "number" && size.length === 3 ? 3 : 2),
);
/** Patches of volumes as channels. Shapes: [batch, depth, height, width, channels] -> [batch, d, h, w, volume * channels]. */
export const extractPatches3d: ExtractPatchesOp = defineOp(
  "image.extractPatches3d",
  (volumes: TensorLike, size: number | readonly number[], ...rest: Rest) => patchesOf(volumes, size, rest, 3),
);

/** Options of `reconstructPatches`. */
export interface ReconstructPatchesOptions {
  /** Only the size itself: patches do not overlap. */
  strides?: number | readonly number[] | null;
  /** As it was extracted. Default "valid". */
  padding?: Padding;
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  dataFormat?: DataFormat | null;
}

/** Images (or volumes) put together from patches that do not overlap: the inverse of `extractPatches`. */
export const reconstructPatches: (
  patches: TensorLike,
  size: number | readonly number[],
  outputSize: readonly number[],
  strides?: number | readonly number[] | null | ReconstructPatchesOptions,
  padding?: Padding,
  dataFormat?: DataFormat | null,
) => Tensor = defineOp(
  "image.reconstructPatches",
  (
    patches: TensorLike,
    size: number | readonly number[],
    outputSize: readonly number[],
    ...rest: [(number | readonly number[] | null | ReconstructPatchesOptions)?, Padding?, (DataFormat | null)?]
  ) => {
    const given = options<ReconstructPatchesOptions>(["strides", "padding", "dataFormat"], rest);
    const rank = outputSize.length;
    const window = perAxis("size", size, rank);
    const strides = perAxis("strides", given.strides, rank, window);
    if (strides.some((stride, i) => stride !== window[i])) {
      throw new ValueError({
        where: currentScope(),
        problem: "overlapping patches are not put together",
        expected: `strides ${formatShape(window)}`,
        received: formatShape(strides),
        advice: "use ops.fold, which adds them",
      });
    }
    const { batch, restore } = imagesOf(patches, given.dataFormat, rank);
    const shape = concreteShape(batch);
    const grid = shape.slice(1, -1);
    const area = window.reduce((product, extent) => product * extent, 1);
    const whole = grid.map((count, i) => count * window[i]!);
    const rests = whole.map((extent, i) => extent - outputSize[i]!);
    const same = (given.padding ?? "valid") === "same";
    if (shape.at(-1)! % area !== 0 || rests.some((over, i) => over < 0 || (same ? over >= window[i]! : over > 0))) {
      throw new ShapeError({
        where: currentScope(),
        problem: "the patches do not make images of that size",
        expected: `[.., multiples of ${area}] and an output of ${formatShape(whole)}${same ? " less what was padded" : ""}`,
        received: `${formatShape(shape)} and ${formatShape(outputSize)}`,
      });
    }
    const channels = shape.at(-1)! / area;
    const split = P.reshape(batch, [shape[0]!, ...grid, ...window, channels]);
    const order = [0, ...window.flatMap((_, i) => [i + 1, i + 1 + rank]), 2 * rank + 1];
    const joined = P.reshape(P.transpose(split, order), [shape[0]!, ...whole, channels]);
    const starts = rests.map((over) => Math.floor(over / 2));
    const limits = starts.map((start, i) => start + outputSize[i]!);
    return restore(P.slice(joined, [0, ...starts, 0], [shape[0]!, ...limits, channels]));
  },
);
