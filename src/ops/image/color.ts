/** Colour spaces of images. */
import { isFloat } from "../../dtype/index.ts";
import { DTypeError } from "../../errors.ts";
import { concreteShape, currentScope, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import type { DataFormat } from "../nn/window-arguments.ts";
import { sliceAxis } from "../numpy/shaping.ts";
import { castTo, constantLike, toFloat, widely } from "../promote.ts";
import { imagesOf, requireChannels } from "./layout.ts";

interface FormatOption {
  dataFormat?: DataFormat | null;
}
/** An operation on images: [height, width, channels] or with a batch; channels first where `dataFormat` says so. */
export type ColorOp = (images: TensorLike, dataFormat?: DataFormat | null | FormatOption) => Tensor;
type Rest = [(DataFormat | null | FormatOption)?];

/** The channels, each [batch, height, width]. */
function channelsOf(x: Tensor): Tensor[] {
  const shape = concreteShape(x).slice(0, -1);
  return Array.from({ length: x.dim(-1) }, (_, i) => P.reshape(sliceAxis(x, x.rank - 1, i, i + 1), shape));
}
function stacked(channels: readonly Tensor[]): Tensor {
  const shape = concreteShape(channels[0]!);
  return P.concatenate(channels.map((t) => P.reshape(t, [...shape, 1])), shape.length); // prettier-ignore
}

/** Brightness `0.2989 r + 0.587 g + 0.114 b` as one channel, in the dtype of the images; one channel stays. */
export const rgbToGrayscale: ColorOp = defineOp("image.rgbToGrayscale", (images: TensorLike, ...rest: Rest) => {
  const { batch, restore } = imagesOf(images, options<FormatOption>(["dataFormat"], rest).dataFormat);
  requireChannels(batch, [1, 3]);
  if (batch.dim(-1) === 1) return restore(batch);
  const parts = channelsOf(toFloat(batch));
  const weights = [0.2989, 0.587, 0.114];
  const gray = parts.map((part, i) => P.multiply(part, constantLike(weights[i]!, part))).reduce((a, b) => P.add(a, b));
  return restore(castTo(stacked([gray]), batch.dtype));
});

function colorOp(name: string, f: (channels: readonly [Tensor, Tensor, Tensor], c: (value: number) => Tensor) => Tensor[]): ColorOp {
  return defineOp(name, (images: TensorLike, ...rest: Rest) => {
    const { batch, restore } = imagesOf(images, options<FormatOption>(["dataFormat"], rest).dataFormat);
    if (!isFloat(batch.dtype)) {
      throw new DTypeError({
        where: currentScope(),
        problem: "needs images of floats from 0 to 1",
        expected: "float32 or float64",
        received: batch.dtype,
        advice: "divide bytes by 255",
      });
    }
    requireChannels(batch, [3]);
    const colors = (images: Tensor): Tensor => {
      const channels = channelsOf(images) as [Tensor, Tensor, Tensor];
      return stacked(f(channels, (value) => constantLike(value, channels[0])));
    };
    return restore(widely(batch, colors));
  });
}

/** Red, green and blue (0 to 1) to hue, saturation and value (0 to 1). */
export const rgbToHsv: ColorOp = colorOp("image.rgbToHsv", ([r, g, b], c) => {
  const value = P.maximum(r, P.maximum(g, b));
  const range = P.subtract(value, P.minimum(r, P.minimum(g, b)));
  const isGray = P.lessEqual(range, c(0));
  const isBlack = P.lessEqual(value, c(0));
  const saturation = P.select(isBlack, c(0), P.divide(range, P.select(isBlack, c(1), value)));
  const norm = P.divide(c(1 / 6), P.select(isGray, c(1), range));
  const turned = (x: Tensor, y: Tensor, turn: number): Tensor => P.add(P.multiply(norm, P.subtract(x, y)), c(turn));
  const hue = P.select(P.equal(r, value), turned(g, b, 0), P.select(P.equal(g, value), turned(b, r, 2 / 6), turned(r, g, 4 / 6)));
  const positive = P.select(P.less(hue, c(0)), P.add(hue, c(1)), hue);
  return [P.select(isGray, c(0), positive), saturation, value];
});

/** Hue, saturation and value (0 to 1) to red, green and blue (0 to 1). */
export const hsvToRgb: ColorOp = colorOp("image.hsvToRgb", ([h, s, v], c) => {
  const six = P.multiply(h, c(6));
  const clipped = (x: Tensor): Tensor => P.minimum(P.maximum(x, c(0)), c(1));
  const from = (centre: number): Tensor => P.abs(P.subtract(six, c(centre)));
  const shares = [clipped(P.subtract(from(3), c(1))), clipped(P.subtract(c(2), from(2))), clipped(P.subtract(c(2), from(4)))];
  return shares.map((share) => P.multiply(P.add(P.subtract(c(1), s), P.multiply(s, share)), v));
});
