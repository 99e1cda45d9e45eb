/** Images moved and scaled: does a network still know them? */
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";

/** Images moved by whole pixels, what comes in being 0. Shapes: `[batch, height, width, channels]` -> the same. */
export function shiftedImages(x: TensorLike, down: number, right: number): Tensor {
  const images = ops.convertToTensor(x);
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const pair = (shift: number): [number, number] => [Math.max(0, shift), Math.max(0, -shift)];
  const padded = ops.pad(images, [[0, 0], pair(down), pair(right), [0, 0]]);
  return ops.slice(padded, [0, Math.max(0, -down), Math.max(0, -right), 0], [batch, height, width, channels]);
}

/** Images made larger or smaller about their middle, on a canvas of the same size, 0 around. Shapes: as `shiftedImages`. */
export function scaledImages(x: TensorLike, factor: number): Tensor {
  const images = ops.cast(ops.convertToTensor(x), "float32");
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const size = [Math.max(1, Math.round(height * factor)), Math.max(1, Math.round(width * factor))] as const;
  const resized = ops.image.resize(images, [...size], { interpolation: "bilinear" });
  const border = (extent: number, wanted: number): [number, number] => {
    const missing = Math.max(0, wanted - extent);
    return [missing >> 1, missing - (missing >> 1)];
  };
  const padded = ops.pad(resized, [[0, 0], border(size[0], height), border(size[1], width), [0, 0]]);
  const from = (extent: number, wanted: number): number => Math.max(0, extent - wanted) >> 1;
  return ops.slice(padded, [0, from(size[0], height), from(size[1], width), 0], [batch, height, width, channels]);
}
