/** Cuts parts out of images at random. */
import { imageDataFormat } from "../config/index.ts";
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { cropImages } from "./center-crop.ts";
import { positiveInteger, required } from "./layer-options.ts";
import { type Drawn, RandomImageLayer, type RandomImageOptions } from "./random-image-layer.ts";

/** Options of RandomCrop. */
export interface RandomCropOptions extends RandomImageOptions {
  readonly height: number;
  readonly width: number;
}

/**
 * In training, a part of each batch at a random place; otherwise, and where images are too small, the middle in the
 * proportions of the target, resized.
 *
 * Shapes: x `[batch, h, w, channels]` -> `[batch, height, width, channels]` (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomCrop({ height: 24, width: 24 })(images, { training: true });
 */
export class RandomCropLayer extends RandomImageLayer<RandomCropOptions> {
  static override readonly className: string = "RandomCrop";
  declare height: number;
  declare width: number;

  constructor(options: RandomCropOptions) {
    super(options, { height: required, width: required, seed: null, dataFormat: imageDataFormat() });
    positiveInteger(this.label, "height", this.height);
    positiveInteger(this.label, "width", this.width);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const [height, width] = this.extents(shape);
    if (height < this.height || width < this.width) return {};
    const place = (room: number): Tensor => ops.cast(random.uniform([], { maxval: room + 1, seed }), "int32");
    return { top: place(height - this.height), left: place(width - this.width) };
  }

  override transform(images: Tensor, { top, left }: Drawn): Tensor {
    if (top === undefined || left === undefined) return this.inference(images);
    const axis = this.heightAxis(images.rank);
    const zero = ops.zeros([], "int32");
    const starts = ops.stack(images.shape.map((_, a) => (a === axis ? top : a === axis + 1 ? left : zero)));
    const sizes = images.shape.map((extent, a) => (a === axis ? this.height : a === axis + 1 ? this.width : extent!));
    return ops.slice(images, starts, sizes);
  }

  protected override inference(given: Tensor): Tensor {
    const images = this.images(given);
    const [height, width] = this.extents(images.shape);
    const cropHeight = Math.max(Math.min(height, Math.trunc((width * this.height) / this.width)), 1);
    const cropWidth = Math.max(Math.min(width, Math.trunc((height * this.width) / this.height)), 1);
    const place: [number, number] = [Math.trunc((height - cropHeight) / 2), Math.trunc((width - cropWidth) / 2)];
    const middle = cropImages(images, this.heightAxis(images.rank), place, [cropHeight, cropWidth]);
    if (cropHeight === this.height && cropWidth === this.width) return middle;
    return ops.image.resize(middle, [this.height, this.width], { dataFormat: this.dataFormat });
  }
}

/** Cuts parts out of images at random; see {@link RandomCropLayer}. */
export const RandomCrop: CallableClass<typeof RandomCropLayer> = /* @__PURE__ */ callableClass(RandomCropLayer);
export type RandomCrop = RandomCropLayer;
