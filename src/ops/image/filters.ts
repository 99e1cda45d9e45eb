/** Filters of images: blur, edges, structural similarity. */
import { ShapeError } from "../../errors.ts";
import { concreteShape, currentScope, dataTensor, formatShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { depthwiseConv } from "../nn/conv.ts";
import type { DataFormat, Padding } from "../nn/window-arguments.ts";
import { meanOver } from "../numpy/reduce.ts";
import { pad } from "../numpy/shaping.ts";
import { broadcast, castTo, constantLike, toFloat } from "../promote.ts";
import { imagesOf, isChannelsFirst } from "./layout.ts";

/** One filter [height, width] (row-major values) on every channel of [b, h, w, c]. */
function filtered(x: Tensor, values: readonly number[], height: number, width: number, padding: Padding): Tensor {
  const table = castTo(dataTensor(Float64Array.from(values), [height, width, 1, 1], "float64"), x.dtype);
  return depthwiseConv(x, broadcast(table, [height, width, x.dim(-1), 1]), { padding, dataFormat: "channels_last" });
}

/** A normalized bell curve of `size` places. */
function bell(size: number, sigma: number): number[] {
  const values = Array.from({ length: size }, (_, i) => Math.exp(-0.5 * ((i - (size - 1) / 2) / sigma) ** 2));
  const total = values.reduce((a, b) => a + b, 0);
  return values.map((value) => value / total);
}

/** Options of `gaussianBlur`. */
export interface GaussianBlurOptions {
  /** Extents of the filter. Default [3, 3]. */
  kernelSize?: readonly [number, number];
  /** Standard deviations along width and height. Default [1, 1]. */
  sigma?: readonly [number, number];
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  dataFormat?: DataFormat | null;
}
/** Images averaged with a bell-shaped filter; zeros lie outside. */
export const gaussianBlur: (
  images: TensorLike,
  kernelSize?: readonly [number, number] | GaussianBlurOptions,
  sigma?: readonly [number, number],
  dataFormat?: DataFormat | null,
) => Tensor = defineOp(
  "image.gaussianBlur",
  (
    images: TensorLike,
    ...rest: [(readonly [number, number] | GaussianBlurOptions)?, (readonly [number, number])?, (DataFormat | null)?]
  ) => {
    const given = options<GaussianBlurOptions>(["kernelSize", "sigma", "dataFormat"], rest);
    const { kernelSize = [3, 3], sigma = [1, 1] } = given;
    const { batch, restore } = imagesOf(images, given.dataFormat);
    const [first, second] = [bell(kernelSize[0], sigma[0]), bell(kernelSize[1], sigma[1])];
    const values = second.flatMap((y) => first.map((x) => y * x));
    return restore(filtered(toFloat(batch), values, kernelSize[0], kernelSize[1], "same"));
  },
);

/**
 * Sobel's derivatives of images, down and to the right, as a new last axis; images are mirrored at their edges.
 * Shapes: [batch, height, width, channels] -> [batch, height, width, channels, 2].
 */
export const sobelEdges: (images: TensorLike, dataFormat?: DataFormat | null | { dataFormat?: DataFormat | null }) => Tensor = defineOp(
  "image.sobelEdges",
  (images: TensorLike, ...rest: [(DataFormat | null | { dataFormat?: DataFormat | null })?]) => {
    const { dataFormat = null } = options<{ dataFormat: DataFormat | null }>(["dataFormat"], rest);
    const { batch } = imagesOf(images, dataFormat);
    const t = toFloat(images);
    const mirrored = pad(toFloat(batch), [[0, 0], [1, 1], [1, 1], [0, 0]], "reflect"); // prettier-ignore
    const down = filtered(mirrored, [-1, -2, -1, 0, 0, 0, 1, 2, 1], 3, 3, "valid");
    const right = filtered(mirrored, [-1, 0, 1, -2, 0, 2, -1, 0, 1], 3, 3, "valid");
    const both = P.concatenate([down, right].map((part) => P.reshape(part, [...concreteShape(part), 1])), 4); // prettier-ignore
    const ordered = isChannelsFirst(dataFormat) ? P.transpose(both, [0, 3, 1, 2, 4]) : both;
    return t.rank === 3 ? P.reshape(ordered, concreteShape(ordered).slice(1)) : ordered;
  },
);

/** Options of `ssim`. */
export interface SsimOptions {
  /** Difference between the largest and smallest value. Default 1. */
  maxVal?: number;
  /** Extent of the window. Default 11. */
  filterSize?: number;
  /** Standard deviation of the window. Default 1.5. */
  filterSigma?: number;
  /** Default 0.01. */
  k1?: number;
  /** Default 0.03. */
  k2?: number;
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  dataFormat?: DataFormat | null;
}
/**
 * Structural similarity of two images, 1 for equal ones: mean over windows and channels (Wang et al. 2004, Image quality
 * assessment). Shapes: two of [batch, height, width, channels] -> [batch]; of single images a scalar.
 */
export const ssim: (image1: TensorLike, image2: TensorLike, maxVal?: number | SsimOptions, ...rest: number[]) => Tensor = defineOp(
  "image.ssim",
  (image1: TensorLike, image2: TensorLike, ...rest: [(number | SsimOptions)?, ...number[]]) => {
    const given = options<SsimOptions>(["maxVal", "filterSize", "filterSigma", "k1", "k2", "dataFormat"], rest);
    const { maxVal = 1, filterSize = 11, filterSigma = 1.5, k1 = 0.01, k2 = 0.03 } = given;
    const [first, second] = [image1, image2].map((image) => toFloat(imagesOf(image, given.dataFormat).batch)) as [Tensor, Tensor];
    const shape = concreteShape(first);
    if (shape.some((extent, axis) => extent !== second.shape[axis]) || shape[1]! < filterSize || shape[2]! < filterSize) {
      throw new ShapeError({
        where: currentScope(),
        problem: "the images differ in shape, or a window does not fit them",
        expected: `two images of one shape, at least ${filterSize} x ${filterSize}`,
        received: `${formatShape(shape)} and ${formatShape(second.shape)}`,
      });
    }
    const curve = bell(filterSize, filterSigma);
    const window = curve.flatMap((y) => curve.map((x) => y * x));
    const mean = (x: Tensor): Tensor => filtered(x, window, filterSize, filterSize, "valid");
    const c = (value: number, like: Tensor): Tensor => constantLike(value, like);
    const [mx, my] = [mean(first), mean(second)];
    const product = P.multiply(mx, my);
    const squares = P.add(P.multiply(mx, mx), P.multiply(my, my));
    const covariance = P.subtract(mean(P.multiply(first, second)), product);
    const variances = P.subtract(mean(P.add(P.multiply(first, first), P.multiply(second, second))), squares);
    const [c1, c2] = [c((k1 * maxVal) ** 2, mx), c((k2 * maxVal) ** 2, mx)];
    const two = c(2, mx);
    const light = P.divide(P.add(P.multiply(two, product), c1), P.add(squares, c1));
    const structure = P.divide(P.add(P.multiply(two, covariance), c2), P.add(variances, c2));
    const out = meanOver(P.multiply(light, structure), [1, 2, 3]);
    return toFloat(image1).rank === 3 ? P.reshape(out, []) : out;
  },
);
