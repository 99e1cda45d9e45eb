/** Images bent by smooth random displacements. */
import { concreteShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { normal } from "../../random/distributions.ts";
import type { Seed } from "../../random/seed-generator.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import type { DataFormat } from "../nn/window-arguments.ts";
import { castTo, constantLike, toFloat } from "../promote.ts";
import { sampled, type TransformFillMode, type TransformInterpolation } from "./affine-transform.ts";
import { gaussianBlur } from "./filters.ts";
import { imagesOf, requireName } from "./layout.ts";

/** Options of `elasticTransform`. */
export interface ElasticTransformOptions {
  /** How far pixels move. Default 20. */
  alpha?: number;
  /** How smooth displacements are: the standard deviation of their filter, and of their values. Default 5. */
  sigma?: number;
  /** Default "bilinear". */
  interpolation?: TransformInterpolation;
  /** Default "reflect". */
  fillMode?: TransformFillMode;
  /** Default 0. */
  fillValue?: number;
  seed?: Seed;
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  dataFormat?: DataFormat | null;
}
type Rest = [(number | ElasticTransformOptions)?, ...unknown[]];

/**
 * Pixel (x, y) shows the image at (x, y) + alpha times a random displacement: normal noise, blurred (Simard, Steinkraus and
 * Platt 2003, Best practices for convolutional neural networks). Shapes: [height, width, channels] or with a batch.
 */
export const elasticTransform: (images: TensorLike, alpha?: number | ElasticTransformOptions, sigma?: number) => Tensor = defineOp(
  "image.elasticTransform",
  (images: TensorLike, ...rest: Rest) => {
    const given = options<ElasticTransformOptions>(
      ["alpha", "sigma", "interpolation", "fillMode", "fillValue", "seed", "dataFormat"],
      rest,
    );
    const { alpha = 20, sigma = 5, interpolation = "bilinear", fillMode = "reflect", fillValue = 0, seed = null } = given;
    requireName("interpolation", interpolation, ["nearest", "bilinear"]);
    requireName("fill mode", fillMode, ["constant", "nearest", "wrap", "reflect"]);
    const { batch, restore } = imagesOf(images, given.dataFormat);
    const x = toFloat(batch);
    const space = concreteShape(x).slice(0, 3);
    const extent = (6 * Math.trunc(sigma)) | 1;
    // Both components in one draw, as channels.
    const noise = normal([...space, 2], { stddev: sigma, seed, dtype: x.dtype });
    const smooth = gaussianBlur(noise, { kernelSize: [extent, extent], sigma: [sigma, sigma] });
    const displaced = (axis: number, channel: number): Tensor => {
      const part = P.slice(smooth, [0, 0, 0, channel], [...space, channel + 1]);
      const moved = P.reshape(part, space);
      return P.add(P.iota(space, axis, x.dtype), P.multiply(moved, constantLike(alpha, moved)));
    };
    return restore(castTo(sampled(x, displaced(1, 1), displaced(2, 0), { interpolation, fillMode, fillValue }), batch.dtype));
  },
);
