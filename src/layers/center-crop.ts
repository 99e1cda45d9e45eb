/** Cuts the middle out of images. */
import { imageDataFormat } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ImageLayer, type ImageLayerOptions } from "./image-layer.ts";
import { positiveInteger, required } from "./layer-options.ts";

/** Options of CenterCrop. */
export interface CenterCropOptions extends ImageLayerOptions {
  readonly height: number;
  readonly width: number;
}

/**
 * The middle of images. Images smaller than that are resized, after a cut to the proportions of the target.
 *
 * Shapes: x `[batch, h, w, channels]` -> `[batch, height, width, channels]` (channels_last), or without batch.
 *
 * @example
 * const y = layers.CenterCrop({ height: 24, width: 24 })(images);
 */
export class CenterCropLayer extends ImageLayer<CenterCropOptions> {
  static override readonly className: string = "CenterCrop";
  declare height: number;
  declare width: number;

  constructor(options: CenterCropOptions) {
    super(options, { height: required, width: required, dataFormat: imageDataFormat() });
    positiveInteger(this.label, "height", this.height);
    positiveInteger(this.label, "width", this.width);
  }

  override call(input: Tensor): Tensor {
    const x = this.images(input);
    const [height, width] = this.extents(x.shape);
    if (height < this.height || width < this.width) {
      return ops.image.resize(x, [this.height, this.width], { dataFormat: this.dataFormat, cropToAspectRatio: true });
    }
    const axis = this.heightAxis(x.rank);
    const [top, left] = [Math.floor((height - this.height) / 2), Math.floor((width - this.width) / 2)];
    return cropImages(x, axis, [top, left], [this.height, this.width]);
  }
}

/** Part of images whose height is at `axis`. */
export function cropImages(
  x: Tensor,
  axis: number,
  [top, left]: readonly [number, number],
  [height, width]: readonly [number, number],
): Tensor {
  const starts = x.shape.map((_, a) => (a === axis ? top : a === axis + 1 ? left : 0));
  const sizes = x.shape.map((extent, a) => (a === axis ? height : a === axis + 1 ? width : extent!));
  return ops.slice(x, starts, sizes);
}

/** Cuts the middle out of images; see {@link CenterCropLayer}. */
export const CenterCrop: CallableClass<typeof CenterCropLayer> = /* @__PURE__ */ callableClass(CenterCropLayer);
export type CenterCrop = CenterCropLayer;
