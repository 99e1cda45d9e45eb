/** Blocks of images: sliding blocks as columns and back, depth to space and back. */
import { imageDataFormat } from "../../config/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { sliceAxis } from "../numpy/shaping.ts";
import { type DataFormat, windowExtent } from "./window-arguments.ts";

/** One number or one per spatial axis. */
export type Extents = number | readonly [number, number];
/** Options of `unfold` and `fold`. */
export interface UnfoldOptions {
  /** Distance between the elements of a block. Default 1. */
  dilation?: Extents;
  /** Zeros added at both ends of each axis. Default 0. */
  padding?: Extents;
  /** Distance between blocks. Default 1. */
  stride?: Extents;
}
type Rest = [(Extents | UnfoldOptions)?, Extents?, Extents?];

interface Geometry {
  readonly kernel: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly stride: readonly [number, number];
}

function pair(what: string, value: Extents, least: number): readonly [number, number] {
  const list = typeof value === "number" ? ([value, value] as const) : value;
  if (list.length === 2 && list.every((v) => Number.isInteger(v) && v >= least)) return list;
  throw new ValueError({
    where: currentScope(),
    problem: `${what} must be an integer or two`,
    expected: `integers from ${least}`,
    received: JSON.stringify(value),
  });
}
function geometryOf(kernelSize: Extents, rest: Rest): Geometry {
  const { dilation = 1, padding = 0, stride = 1 } = options<UnfoldOptions>(["dilation", "padding", "stride"], rest);
  return {
    kernel: pair("kernelSize", kernelSize, 1),
    dilation: pair("dilation", dilation, 1),
    padding: pair("padding", padding, 0),
    stride: pair("stride", stride, 1),
  };
}
/** Blocks per axis of an image of the given size. */
function counts({ kernel, dilation, padding, stride }: Geometry, size: readonly number[]): [number, number] {
  const [rows, columns] = size.map((extent, i) =>
    Math.floor((extent + 2 * padding[i]! - windowExtent(kernel[i]!, dilation[i]!)) / stride[i]! + 1),
  ) as [number, number];
  if (rows > 0 && columns > 0) return [rows, columns];
  throw new ShapeError({ where: currentScope(), problem: "a block is larger than the image", received: formatShape(size) });
}

/**
 * Sliding blocks of images as columns. Shapes: x [batch, channels, height, width] -> [batch, channels * kernel area, blocks].
 */
export const unfold: (
  x: TensorLike,
  kernelSize: Extents,
  dilation?: Extents | UnfoldOptions,
  padding?: Extents,
  stride?: Extents,
) => Tensor = defineOp("unfold", (x: TensorLike, kernelSize: Extents, ...rest: Rest) => {
  const t = asTensor(x);
  if (t.rank !== 4)
    throw new ShapeError({
      where: currentScope(),
      problem: "needs a batch of images",
      expected: "[batch, channels, height, width]",
      received: formatShape(t.shape),
    });
  const geometry = geometryOf(kernelSize, rest);
  const { kernel, dilation, padding, stride } = geometry;
  const [batch, channels, height, width] = concreteShape(t) as [number, number, number, number];
  const [rows, columns] = counts(geometry, [height, width]);
  const edges = [0, 0, padding[0], padding[1]];
  const padded = P.pad(t, P.constant(0, t.dtype), edges, edges);
  const parts: Tensor[] = [];
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const [top, left] = [i * dilation[0], j * dilation[1]];
      const part = P.slice(
        padded,
        [0, 0, top, left],
        [batch, channels, top + (rows - 1) * stride[0] + 1, left + (columns - 1) * stride[1] + 1],
        [1, 1, stride[0], stride[1]],
      );
      parts.push(P.reshape(part, [batch, channels, 1, rows * columns]));
    }
  }
  const joined = parts.length === 1 ? parts[0]! : P.concatenate(parts, 2);
  return P.reshape(joined, [batch, channels * kernel[0] * kernel[1], rows * columns]);
});

/**
 * Blocks added at their places: the transpose of `unfold`.
 * Shapes: x [batch, channels * kernel area, blocks] -> [batch, channels, height, width].
 */
export const fold: (
  x: TensorLike,
  outputSize: Extents,
  kernelSize: Extents,
  dilation?: Extents | UnfoldOptions,
  padding?: Extents,
  stride?: Extents,
) => Tensor = defineOp("fold", (x: TensorLike, outputSize: Extents, kernelSize: Extents, ...rest: Rest) => {
  const t = asTensor(x);
  const geometry = geometryOf(kernelSize, rest);
  const { kernel, dilation, padding, stride } = geometry;
  const size = pair("outputSize", outputSize, 1);
  const [rows, columns] = counts(geometry, size);
  const area = kernel[0] * kernel[1];
  if (t.rank !== 3 || t.dim(1) % area !== 0 || t.dim(2) !== rows * columns) {
    throw new ShapeError({
      where: currentScope(),
      problem: "the columns are not the blocks of such an image",
      expected: `[batch, channels * ${area}, ${rows * columns}]`,
      received: formatShape(t.shape),
    });
  }
  const batch = t.dim(0);
  const channels = t.dim(1) / area;
  const blocks = P.reshape(t, [batch, channels, area, rows, columns]);
  const whole = [size[0] + 2 * padding[0], size[1] + 2 * padding[1]] as const;
  let sum: Tensor | null = null;
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const at = i * kernel[1] + j;
      const part = P.reshape(sliceAxis(blocks, 2, at, at + 1), [batch, channels, rows, columns]);
      const [top, left] = [i * dilation[0], j * dilation[1]];
      const [low, high] = [whole[0] - top - (rows - 1) * stride[0] - 1, whole[1] - left - (columns - 1) * stride[1] - 1];
      const placed = P.pad(part, P.constant(0, t.dtype), [0, 0, top, left], [0, 0, low, high], [0, 0, stride[0] - 1, stride[1] - 1]);
      sum = sum === null ? placed : P.add(sum, placed);
    }
  }
  return sliceAxis(sliceAxis(sum!, 2, padding[0], padding[0] + size[0]), 3, padding[1], padding[1] + size[1]);
});

type FormatRest = [(DataFormat | { dataFormat?: DataFormat })?];
/** A rearrangement of channels and places. */
export type BlockOp = (x: TensorLike, blockSize: number, dataFormat?: DataFormat | { dataFormat?: DataFormat }) => Tensor;

function blockOp(name: string, f: (x: Tensor, block: number) => Tensor): BlockOp {
  return defineOp(name, (x: TensorLike, blockSize: number, ...rest: FormatRest) => {
    const { dataFormat = imageDataFormat() } = options<{ dataFormat: DataFormat }>(["dataFormat"], rest);
    const t = asTensor(x);
    if (t.rank !== 4) throw new ShapeError({ where: currentScope(), problem: "needs a batch of images", received: formatShape(t.shape) });
    if (!Number.isInteger(blockSize) || blockSize < 2) {
      throw new ValueError({
        where: currentScope(),
        problem: "the block is no size",
        expected: "an integer from 2",
        received: String(blockSize),
      });
    }
    if (dataFormat !== "channels_first") return f(t, blockSize);
    return P.transpose(f(P.transpose(t, [0, 2, 3, 1]), blockSize), [0, 3, 1, 2]);
  });
}
function requireMultiple(x: Tensor, axis: number, by: number): void {
  if (x.dim(axis) % by === 0) return;
  throw new ShapeError({
    where: currentScope(),
    problem: `axis ${axis} is no multiple of ${by}`,
    received: formatShape(x.shape),
  });
}
/** Channels to blocks of places: [batch, h, w, c] -> [batch, h block, w block, c / block^2]. */
export const depthToSpace: BlockOp = blockOp("depthToSpace", (x, block) => {
  requireMultiple(x, 3, block * block);
  const [batch, h, w, c] = concreteShape(x) as [number, number, number, number];
  const depth = c / (block * block);
  const split = P.reshape(x, [batch, h, w, block, block, depth]);
  return P.reshape(P.transpose(split, [0, 1, 3, 2, 4, 5]), [batch, h * block, w * block, depth]);
});
/** Blocks of places to channels: [batch, h, w, c] -> [batch, h / block, w / block, c block^2]. */
export const spaceToDepth: BlockOp = blockOp("spaceToDepth", (x, block) => {
  requireMultiple(x, 1, block);
  requireMultiple(x, 2, block);
  const [batch, h, w, c] = concreteShape(x) as [number, number, number, number];
  const split = P.reshape(x, [batch, h / block, block, w / block, block, c]);
  return P.reshape(P.transpose(split, [0, 1, 3, 2, 4, 5]), [batch, h / block, w / block, block * block * c]);
});
