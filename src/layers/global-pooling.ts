/** What the global pooling layers share. */
import { imageDataFormat } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { type DataFormat, dataFormats, spatialAxes } from "./data-format.ts";
import { Layer } from "./layer.ts";
import { type LayerOptions, oneOf } from "./layer-options.ts";

/** Options of global pooling. */
export interface GlobalPoolingOptions extends LayerOptions {
  readonly dataFormat?: DataFormat | null;
  /** Whether the pooled axes stay, with extent 1. Default false. */
  readonly keepdims?: boolean;
}

/** Pooling over all of the `spatialRank` spatial axes. */
export abstract class GlobalPoolingLayer extends Layer<GlobalPoolingOptions> {
  declare dataFormat: DataFormat;
  declare keepdims: boolean;

  constructor(spatialRank: number, options: GlobalPoolingOptions = {}) {
    super(options, { dataFormat: imageDataFormat(), keepdims: false });
    this.dataFormat ??= imageDataFormat();
    oneOf(this.label, "dataFormat", this.dataFormat, dataFormats);
    this.inputSpec = { rank: spatialRank + 2 };
  }
}

/** Mean over the spatial axes. */
export abstract class GlobalAveragePoolingLayer extends GlobalPoolingLayer {
  override call(x: Tensor): Tensor {
    return ops.mean(x, { axis: spatialAxes(this.dataFormat, x.rank), keepdims: this.keepdims });
  }
}

/** Maximum over the spatial axes. */
export abstract class GlobalMaxPoolingLayer extends GlobalPoolingLayer {
  override call(x: Tensor): Tensor {
    return ops.max(x, { axis: spatialAxes(this.dataFormat, x.rank), keepdims: this.keepdims });
  }
}
