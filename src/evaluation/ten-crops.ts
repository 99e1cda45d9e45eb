/** Ten parts of an image, and what a network says of all of them together. */
import { ShapeError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import type { Model } from "../models/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";

/**
 * The four corners and the middle of each image, and their mirror images: Krizhevsky, Sutskever, Hinton, 2012, section 4.1.
 * Shapes: x `[batch, height, width, channels]` -> `[10 batch, size[0], size[1], channels]`, the ten of an image together.
 */
export function tenCrops(x: TensorLike, size: readonly [number, number]): Tensor {
  const images = ops.convertToTensor(x);
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const [cropHeight, cropWidth] = size;
  if (images.rank !== 4 || cropHeight > height || cropWidth > width) {
    throw new ShapeError({
      where: "tenCrops",
      problem: "the parts do not fit into the images",
      expected: `images [batch, height, width, channels] of at least ${cropHeight} by ${cropWidth}`,
      received: formatShape(images.shape),
    });
  }
  const [down, across] = [height - cropHeight, width - cropWidth];
  const corners = [[0, 0], [0, across], [down, 0], [down, across], [down >> 1, across >> 1]] as const; // prettier-ignore
  const crops = corners.map(([top, left]) => ops.slice(images, [0, top, left, 0], [batch, cropHeight, cropWidth, channels]));
  const all = ops.stack([...crops, ...crops.map((crop) => ops.flip(crop, 2))], 1);
  return ops.reshape(all, [10 * batch, cropHeight, cropWidth, channels]);
}

/**
 * The mean of a classifier's outputs over the ten parts of each image. Shapes: images `[batch, height, width, channels]` ->
 * `[batch, classes]`; the parts have the size that the model takes, or `size`.
 *
 * @example
 * const [top1, top5] = await evaluation.topErrors(labels, await evaluation.predictTenCrops(model, images));
 */
export async function predictTenCrops(model: Model, images: TensorLike, { size, batchSize = 32 }: TenCropOptions = {}): Promise<Tensor> {
  const own = model.inputs?.shape.slice(1, 3) ?? [];
  const crops = tenCrops(images, size ?? (own as [number, number]));
  const outputs = await model.predict(crops, { batchSize, verbose: 0 });
  return ops.mean(ops.reshape(outputs, [outputs.dim(0) / 10, 10, ...(outputs.shape.slice(1) as number[])]), 1);
}

/** Options of `predictTenCrops`. */
export interface TenCropOptions {
  /** Height and width of a part. Default: what the model takes. */
  readonly size?: readonly [number, number];
  /** Default 32. */
  readonly batchSize?: number;
}
