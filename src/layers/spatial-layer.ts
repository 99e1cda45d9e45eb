/** The base of layers that see images through a random affine map. */
import { imageDataFormat } from "../config/index.ts";
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { oneOf, type OptionDefaults } from "./layer-options.ts";
import { finiteNumber } from "./option-checks.ts";
import { type Drawn, RandomImageLayer, type RandomImageOptions } from "./random-image-layer.ts";

/** What lies outside an image: a value, the nearest pixel, or the image mirrored or repeated. */
export type FillMode = "reflect" | "wrap" | "constant" | "nearest";
/** How values between pixels are made. */
export type PixelInterpolation = "bilinear" | "nearest";

/** Options of layers that move pixels. */
export interface SpatialOptions extends RandomImageOptions {
  /** Default "reflect". */
  readonly fillMode?: FillMode;
  /** Value outside the image, for "constant". Default 0. */
  readonly fillValue?: number;
  /** Default "bilinear". */
  readonly interpolation?: PixelInterpolation;
}

/** Entries of a map per image, [batch] each: the output at (x, y) is the input at (a0 x + a1 y + a2, b0 x + b1 y + b2). */
export type AffineMap = readonly [a0: Tensor, a1: Tensor, a2: Tensor, b0: Tensor, b1: Tensor, b2: Tensor];

/** A layer that sees each image through an affine map. */
export abstract class SpatialLayer<Options extends SpatialOptions> extends RandomImageLayer<Options> {
  declare fillMode: FillMode;
  declare fillValue: number;
  declare interpolation: PixelInterpolation;

  constructor(options: Options, defaults: OptionDefaults) {
    super(options, {
      ...defaults,
      fillMode: "reflect",
      interpolation: "bilinear",
      seed: null,
      fillValue: 0,
      dataFormat: imageDataFormat(),
    });
    oneOf(this.label, "fillMode", this.fillMode, ["reflect", "wrap", "constant", "nearest"]);
    oneOf(this.label, "interpolation", this.interpolation, ["bilinear", "nearest"]);
    finiteNumber(this.label, "fillValue", this.fillValue);
  }

  /** The maps of a batch of images of this shape. */
  protected abstract map(shape: Shape, drawn: Drawn): AffineMap;

  override transform(images: Tensor, drawn: Drawn): Tensor {
    return this.#moved(images, drawn, this.interpolation);
  }

  override transformMasks(masks: Tensor, drawn: Drawn): Tensor {
    return this.#moved(masks, drawn, "nearest");
  }

  #moved(images: Tensor, drawn: Drawn, interpolation: PixelInterpolation): Tensor {
    const entries = this.map(images.shape, drawn);
    const zero = ops.zerosLike(entries[0]);
    const { fillMode, fillValue, dataFormat } = this;
    return ops.image.affineTransform(images, ops.stack([...entries, zero, zero], -1), { interpolation, fillMode, fillValue, dataFormat });
  }
}
