/** Resizing of images, as products with one small matrix per spatial axis. */
import { ShapeError, ValueError } from "../../errors.ts";
import { isFloat } from "../../dtype/index.ts";
import { concreteShape, currentScope, dataTensor, formatShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { permute, sliceAxis } from "../numpy/shaping.ts";
import { castTo, toFloat } from "../promote.ts";
import type { DataFormat } from "../nn/window-arguments.ts";
import { isChannelsFirst } from "./layout.ts";

/** How values between pixels are made. */
export type Interpolation = "nearest" | "bilinear" | "bicubic" | "lanczos3" | "lanczos5";

/** Options of `resize`. */
export interface ResizeOptions {
  /** Default "bilinear". */
  interpolation?: Interpolation;
  /** Whether to average over the pixels that a smaller image leaves out. Default false. */
  antialias?: boolean;
  /** Cut the image to the target's proportions first. Default false. */
  cropToAspectRatio?: boolean;
  /** Pad the image to the target's proportions first. Default false. */
  padToAspectRatio?: boolean;
  /** Only "constant". */
  fillMode?: "constant";
  /** What padding is filled with. Default 0. */
  fillValue?: number;
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  dataFormat?: DataFormat | null;
}

/**
 * Images resized to [height, width], pixel centres at half integers (as TensorFlow 2 and PIL). The dtype stays: of bytes and
 * integers the fraction is cut off. Shapes: [batch, height, width, channels] or [height, width, channels].
 */
export const resize: (
  images: TensorLike,
  size: readonly [number, number],
  interpolation?: Interpolation | ResizeOptions,
  antialias?: boolean,
) => Tensor = defineOp(
  "image.resize",
  (images: TensorLike, size: readonly [number, number], ...rest: [(Interpolation | ResizeOptions)?, boolean?]) => {
    const {
      interpolation = "bilinear",
      antialias = false,
      cropToAspectRatio = false,
      padToAspectRatio = false,
      fillValue = 0,
      dataFormat = null,
    } = options<ResizeOptions>(
      ["interpolation", "antialias", "cropToAspectRatio", "padToAspectRatio", "fillMode", "fillValue", "dataFormat"],
      rest,
    );
    const given = asTensor(images);
    if (given.rank !== 3 && given.rank !== 4) {
      throw new ShapeError({
        where: currentScope(),
        problem: "images have three axes, or four with a batch",
        received: formatShape(given.shape),
      });
    }
    if (size.length !== 2 || size.some((extent) => !Number.isInteger(extent) || extent < 1)) {
      throw new ValueError({ where: currentScope(), problem: "the size is no pair of positive integers", received: JSON.stringify(size) });
    }
    const height = given.rank - 3 + (isChannelsFirst(dataFormat) ? 1 : 0);
    let x = interpolation === "nearest" ? given : toFloat(given);
    if (cropToAspectRatio) x = cropped(x, height, size);
    else if (padToAspectRatio) x = padded(x, height, size, fillValue);
    if (interpolation === "bilinear" && !antialias && !isFloat(given.dtype)) {
      return castTo(lerpAxis(lerpAxis(x, height + 1, size[1]), height, size[0]), given.dtype);
    }
    const resized = size.reduce((out, extent, i) => resizeAxis(out, height + i, extent, interpolation, antialias), x);
    return castTo(resized, given.dtype);
  },
);

function cropped(x: Tensor, axis: number, [th, tw]: readonly [number, number]): Tensor {
  const [h, w] = [concreteShape(x)[axis]!, concreteShape(x)[axis + 1]!];
  const ch = Math.max(Math.min(h, Math.trunc((w * th) / tw)), 1);
  const cw = Math.max(Math.min(w, Math.trunc((h * tw) / th)), 1);
  const [top, left] = [Math.trunc((h - ch) / 2), Math.trunc((w - cw) / 2)];
  return sliceAxis(sliceAxis(x, axis, top, top + ch), axis + 1, left, left + cw);
}

function padded(x: Tensor, axis: number, [th, tw]: readonly [number, number], fill: number): Tensor {
  const [h, w] = [concreteShape(x)[axis]!, concreteShape(x)[axis + 1]!];
  const top = Math.trunc((Math.max(h, Math.trunc((w * th) / tw)) - h) / 2);
  const left = Math.trunc((Math.max(w, Math.trunc((h * tw) / th)) - w) / 2);
  const widths = concreteShape(x).map((_, a) => (a === axis ? top : a === axis + 1 && top === 0 ? left : 0));
  return P.pad(
    x,
    P.constant(fill, x.dtype),
    widths,
    widths,
    widths.map(() => 0),
  );
}

function resizeAxis(x: Tensor, axis: number, output: number, interpolation: Interpolation, antialias: boolean): Tensor {
  const input = concreteShape(x)[axis]!;
  if (interpolation === "nearest") {
    if (input === output) return x;
    const positions = Int32Array.from({ length: output }, (_, i) => Math.min(input - 1, Math.floor((i + 0.5) * (input / output))));
    return P.take(x, dataTensor(positions, [output], "int32"), axis, "clamp");
  }
  if (input === output) return x;
  const weights = castTo(dataTensor(resizeWeights(input, output, interpolation, antialias), [output, input], "float32"), x.dtype);
  const product = P.dotGeneral(x, weights, { lhsBatch: [], rhsBatch: [], lhsContract: [axis], rhsContract: [1] });
  const rest = Array.from({ length: x.rank - 1 }, (_, a) => a);
  return permute(product, [...rest.slice(0, axis), x.rank - 1, ...rest.slice(axis)]);
}

/**
 * Between two positions of an axis, rounded where TensorFlow rounds (resize_bilinear_op.cc): where the exact value is an
 * integer, as one of 36 is from 6 to 9 pixels, rounding says whether cutting off the fraction gives it or the one below.
 */
function lerpAxis(x: Tensor, axis: number, output: number): Tensor {
  const input = concreteShape(x)[axis]!;
  if (input === output) return x;
  const scale = Math.fround(input / output);
  const places = Array.from({ length: output }, (_, i) => Math.fround(Math.fround((i + 0.5) * scale) - 0.5));
  const at = (positions: number[]): Tensor => P.take(x, dataTensor(Int32Array.from(positions), [output], "int32"), axis, "clamp");
  const low = at(places.map((place) => Math.max(0, Math.floor(place))));
  const high = at(places.map((place) => Math.min(input - 1, Math.ceil(place))));
  const shares = dataTensor(
    Float32Array.from(places, (place) => place - Math.floor(place)),
    [output],
    "float32",
  );
  return P.add(low, P.multiply(P.subtract(high, low), P.broadcastInDim(castTo(shares, x.dtype), concreteShape(low), [axis])));
}

const filters: Readonly<Record<Exclude<Interpolation, "nearest">, (distance: number) => number>> = {
  bilinear: (d) => Math.max(0, 1 - d),
  // Keys 1981, "Cubic convolution interpolation", a = -0.5.
  bicubic: (d) => (d >= 2 ? 0 : d >= 1 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : (1.5 * d - 2.5) * d * d + 1),
  lanczos3: (d) => lanczos(d, 3),
  lanczos5: (d) => lanczos(d, 5),
};
function lanczos(d: number, radius: number): number {
  if (d > radius) return 0;
  return d < 1e-3 ? 1 : (radius * Math.sin(Math.PI * d) * Math.sin((Math.PI * d) / radius)) / (Math.PI * Math.PI * d * d);
}

/** Share of each input position (column) in each output position (row); rows sum to 1. */
function resizeWeights(input: number, output: number, interpolation: Exclude<Interpolation, "nearest">, antialias: boolean): Float32Array {
  const filter = filters[interpolation];
  if (filter === undefined) {
    throw new ValueError({
      where: currentScope(),
      problem: "there is no such interpolation",
      expected: ["nearest", ...Object.keys(filters)].join(", "),
      received: JSON.stringify(interpolation),
    });
  }
  const scale = input / output;
  const width = antialias ? Math.max(1, scale) : 1;
  const weights = new Float32Array(output * input);
  for (let row = 0; row < output; row++) {
    let centre = (row + 0.5) * scale - 0.5;
    // TensorFlow takes cubic coefficients from a table of 1024 steps (resize_bicubic_op.cc): its numbers, not smoother ones.
    if (interpolation === "bicubic" && !antialias) centre = Math.floor(centre) + Math.round((centre - Math.floor(centre)) * 1024) / 1024;
    const shares = Array.from({ length: input }, (_, column) => filter(Math.abs(centre - column) / width));
    const total = shares.reduce((a, b) => a + b, 0);
    shares.forEach((share, column) => (weights[row * input + column] = total === 0 ? 0 : share / total));
  }
  return weights;
}
