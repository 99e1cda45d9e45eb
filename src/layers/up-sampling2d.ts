/** Enlarges images by whole factors. */
import { imageDataFormat } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { lowerCase } from "./convolution-window.ts";
import { type DataFormat, dataFormats, spatialAxes } from "./data-format.ts";
import { Layer } from "./layer.ts";
import { type LayerOptions, oneOf, spatialTuple } from "./layer-options.ts";
import { repeatAlong } from "./up-sampling.ts";

const interpolations = ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"] as const;

/** Options of UpSampling2D. */
export interface UpSampling2DOptions extends LayerOptions {
  /** Factors of height and width. Default [2, 2]. */
  readonly size?: number | readonly number[];
  readonly dataFormat?: DataFormat | null;
  /** Default "nearest": rows and columns are repeated. */
  readonly interpolation?: (typeof interpolations)[number];
}

/**
 * Images `size` times as high and wide.
 *
 * Shapes: x `[batch, height, width, channels]` -> `[batch, height size[0], width size[1], channels]` (channels_last).
 *
 * @example
 * const y = layers.UpSampling2D({ size: 2, interpolation: "bilinear" })(x);
 */
export class UpSampling2DLayer extends Layer<UpSampling2DOptions> {
  static override readonly className: string = "UpSampling2D";
  declare size: readonly number[];
  declare dataFormat: DataFormat;
  declare interpolation: (typeof interpolations)[number];

  constructor(options: UpSampling2DOptions = {}) {
    super(options, { size: [2, 2], dataFormat: imageDataFormat(), interpolation: "nearest" });
    this.size = spatialTuple(this.label, "size", this.size, 2);
    this.dataFormat = oneOf(this.label, "dataFormat", (this.dataFormat as DataFormat | null) ?? imageDataFormat(), dataFormats);
    this.interpolation = oneOf(this.label, "interpolation", lowerCase(this.interpolation), interpolations);
    this.inputSpec = { rank: 4 };
  }

  override call(x: Tensor): Tensor {
    const axes = spatialAxes(this.dataFormat, 4);
    if (this.interpolation === "nearest") return repeatAlong(x, axes, this.size);
    const [height, width] = axes.map((axis, i) => x.dim(axis) * this.size[i]!);
    return ops.image.resize(x, [height!, width!], { interpolation: this.interpolation, dataFormat: this.dataFormat });
  }
}

/** Enlarges images by whole factors; see {@link UpSampling2DLayer}. */
export const UpSampling2D: CallableClass<typeof UpSampling2DLayer> = /* @__PURE__ */ callableClass(UpSampling2DLayer);
export type UpSampling2D = UpSampling2DLayer;
