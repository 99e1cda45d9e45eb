/** What the adaptive pooling layers share. */
import { imageDataFormat } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { type DataFormat, dataFormats } from "./data-format.ts";
import { Layer } from "./layer.ts";
import { type LayerOptions, oneOf, required, spatialTuple } from "./layer-options.ts";

/** Options of adaptive pooling. */
export interface AdaptivePoolingOptions extends LayerOptions {
  /** Extents of the output; a number stands for the same along every spatial axis. */
  readonly outputSize: number | readonly number[];
  readonly dataFormat?: DataFormat | null;
}

/**
 * Pooling over `spatialRank` axes to a given size: along an axis of extent n with m outputs, output i sees the elements
 * from `floor(i n / m)` to `ceil((i + 1) n / m)`, exclusive.
 */
export abstract class AdaptivePoolingLayer extends Layer<AdaptivePoolingOptions> {
  declare outputSize: readonly number[];
  declare dataFormat: DataFormat;

  constructor(spatialRank: number, options: AdaptivePoolingOptions) {
    super(options, { outputSize: required, dataFormat: imageDataFormat() });
    this.outputSize = spatialTuple(this.label, "outputSize", this.outputSize, spatialRank);
    this.dataFormat = oneOf(this.label, "dataFormat", (this.dataFormat as DataFormat | null) ?? imageDataFormat(), dataFormats);
    this.inputSpec = { rank: spatialRank + 2 };
  }
}

/** Mean of each window. */
export abstract class AdaptiveAveragePoolingLayer extends AdaptivePoolingLayer {
  override call(x: Tensor): Tensor {
    return ops.adaptiveAveragePool(x, this.outputSize, { dataFormat: this.dataFormat });
  }
}

/** Largest element of each window. */
export abstract class AdaptiveMaxPoolingLayer extends AdaptivePoolingLayer {
  override call(x: Tensor): Tensor {
    return ops.adaptiveMaxPool(x, this.outputSize, { dataFormat: this.dataFormat });
  }
}
