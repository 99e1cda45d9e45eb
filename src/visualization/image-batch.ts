/** Batches of images on their way into a picture. */
import { imageDataFormat, type ImageDataFormat } from "../config/index.ts";
import { readNumbers } from "../data/samples.ts";
import { ShapeError } from "../errors.ts";
import { formatShape } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";

/** Images on the host, channels last. */
export interface ImageBatch {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly values: Float64Array;
}

/** The values of a batch `[n, height, width, channels]` (or channels first), channels last. Throws ShapeError for other ranks. */
export async function imageBatch(where: string, images: TensorLike, dataFormat: ImageDataFormat | null | undefined): Promise<ImageBatch> {
  const { shape, values } = await readNumbers(where, images);
  if (shape.length !== 4)
    throw new ShapeError({
      where,
      problem: "this is no batch of images",
      expected: "[n, height, width, channels]",
      received: formatShape(shape),
      advice: "a single image needs a first axis of 1",
    });
  if ((dataFormat ?? imageDataFormat()) === "channels_last") {
    const [count, height, width, channels] = shape as [number, number, number, number];
    return { count, height, width, channels, values };
  }
  const [count, channels, height, width] = shape as [number, number, number, number];
  const plane = height * width;
  const turned = new Float64Array(values.length);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < plane; p++) turned[(i * plane + p) * channels + c] = values[(i * channels + c) * plane + p]!;
  return { count, height, width, channels, values: turned };
}

/** Red, green, blue, 0 to 255. */
export type Color = readonly [red: number, green: number, blue: number];
