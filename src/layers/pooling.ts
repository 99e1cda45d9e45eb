/** What the pooling layers share. */
import { imageDataFormat } from "../config/index.ts";
import { ShapeError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { type DataFormat, dataFormats, spatialAxes } from "./data-format.ts";
import { Layer } from "./layer.ts";
import { type LayerOptions, oneOf, spatialTuple } from "./layer-options.ts";

/** Options of pooling over windows. A number stands for the same number along every spatial axis. */
export interface PoolingOptions extends LayerOptions {
  /** Default 2. */
  readonly poolSize?: number | readonly number[];
  /** Default: poolSize. */
  readonly strides?: number | readonly number[] | null;
  /** Default "valid". */
  readonly padding?: "valid" | "same";
  readonly dataFormat?: DataFormat | null;
}

/** Pooling over windows of `spatialRank` axes. Padding never wins a maximum and never counts in an average. */
export abstract class PoolingLayer extends Layer<PoolingOptions> {
  declare poolSize: readonly number[];
  declare padding: "valid" | "same";
  declare strides: readonly number[];
  declare dataFormat: DataFormat;

  constructor(spatialRank: number, options: PoolingOptions = {}) {
    super(options, { poolSize: 2, padding: "valid", strides: null, dataFormat: imageDataFormat() });
    this.dataFormat ??= imageDataFormat();
    this.poolSize = spatialTuple(this.label, "poolSize", this.poolSize, spatialRank);
    this.strides = spatialTuple(this.label, "strides", this.strides ?? this.poolSize, spatialRank);
    oneOf(this.label, "padding", this.padding, ["valid", "same"]);
    oneOf(this.label, "dataFormat", this.dataFormat, dataFormats);
    this.inputSpec = { rank: spatialRank + 2 };
  }

  /** Throws ShapeError where the window does not fit once. */
  protected checkWindow(x: Tensor): void {
    if (this.padding === "same") return;
    spatialAxes(this.dataFormat, x.rank).forEach((axis, position) => {
      if (x.dim(axis) >= this.poolSize[position]!) return;
      throw new ShapeError({
        where: this.label,
        problem: "the window is larger than the input",
        expected: `at least ${this.poolSize[position]!} at axis ${axis}`,
        received: formatShape(x.shape),
        advice: 'use padding: "same", a smaller poolSize, or fewer pooling layers before',
      });
    });
  }
}

/** Largest element of each window. */
export abstract class MaxPoolingLayer extends PoolingLayer {
  override call(x: Tensor): Tensor {
    this.checkWindow(x);
    return ops.maxPool(x, [...this.poolSize], { strides: [...this.strides], padding: this.padding, dataFormat: this.dataFormat });
  }
}

/** Mean of the elements of each window that lie inside the input. */
export abstract class AveragePoolingLayer extends PoolingLayer {
  override call(x: Tensor): Tensor {
    this.checkWindow(x);
    return ops.averagePool(x, [...this.poolSize], { strides: [...this.strides], padding: this.padding, dataFormat: this.dataFormat });
  }
}
