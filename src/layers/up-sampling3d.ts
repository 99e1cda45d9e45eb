/** Enlarges volumes by whole factors. */
import { imageDataFormat } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type DataFormat, dataFormats, spatialAxes } from "./data-format.ts";
import { Layer } from "./layer.ts";
import { type LayerOptions, oneOf, spatialTuple } from "./layer-options.ts";
import { repeatAlong } from "./up-sampling.ts";

/** Options of UpSampling3D. */
export interface UpSampling3DOptions extends LayerOptions {
  /** Factors of depth, height and width. Default [2, 2, 2]. */
  readonly size?: number | readonly number[];
  readonly dataFormat?: DataFormat | null;
}

/**
 * Each element `size` times in a row along the three spatial axes.
 *
 * Shapes: x `[batch, depth, height, width, channels]` -> the spatial extents times `size` (channels_last).
 *
 * @example
 * const y = layers.UpSampling3D({ size: 2 })(x);
 */
export class UpSampling3DLayer extends Layer<UpSampling3DOptions> {
  static override readonly className: string = "UpSampling3D";
  declare size: readonly number[];
  declare dataFormat: DataFormat;

  constructor(options: UpSampling3DOptions = {}) {
    super(options, { size: [2, 2, 2], dataFormat: imageDataFormat() });
    this.size = spatialTuple(this.label, "size", this.size, 3);
    this.dataFormat = oneOf(this.label, "dataFormat", (this.dataFormat as DataFormat | null) ?? imageDataFormat(), dataFormats);
    this.inputSpec = { rank: 5 };
  }

  override call(x: Tensor): Tensor {
    return repeatAlong(x, spatialAxes(this.dataFormat, 5), this.size);
  }
}

/** Enlarges volumes by whole factors; see {@link UpSampling3DLayer}. */
export const UpSampling3D: CallableClass<typeof UpSampling3DLayer> = /* @__PURE__ */ callableClass(UpSampling3DLayer);
export type UpSampling3D = UpSampling3DLayer;
