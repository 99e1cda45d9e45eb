/** What ZeroPadding1D, ZeroPadding2D and ZeroPadding3D share. */
import { imageDataFormat } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { Config } from "../serialization/index.ts";
import { type DataFormat, dataFormats, spatialAxes } from "./data-format.ts";
import { edgePairs, type Pair } from "./edge-pairs.ts";
import { Layer } from "./layer.ts";
import { type LayerOptions, oneOf } from "./layer-options.ts";

/** Options of zero padding. */
export interface ZeroPaddingOptions extends LayerOptions {
  /** Zeros to add: at every end, per axis, or as one pair [before, behind] per axis. Default 1. */
  readonly padding?: number | readonly number[] | readonly (readonly number[])[];
  readonly dataFormat?: DataFormat | null;
}

/** Zeros added at the ends of `spatialRank` axes. */
export abstract class ZeroPaddingLayer extends Layer<ZeroPaddingOptions> {
  /** One pair per spatial axis; of ZeroPadding1D, the pair itself. */
  declare padding: readonly number[] | readonly Pair[];
  declare dataFormat: DataFormat;
  readonly #spatialRank: number;

  constructor(spatialRank: number, options: ZeroPaddingOptions) {
    super(options, { padding: 1, dataFormat: imageDataFormat() });
    this.#spatialRank = spatialRank;
    const pairs = edgePairs(this.label, "padding", this.padding, spatialRank);
    this.padding = spatialRank === 1 ? pairs[0]! : pairs;
    this.dataFormat = oneOf(this.label, "dataFormat", (this.dataFormat as DataFormat | null) ?? imageDataFormat(), dataFormats);
    this.inputSpec = { rank: spatialRank + 2 };
  }

  /** The ZeroPadding1D of Keras 3.4 knows channels_last only, and does not write it. */
  override getConfig(): Config {
    const { data_format: dataFormat, ...config } = super.getConfig();
    return this.#spatialRank === 1 && dataFormat === "channels_last" ? config : { ...config, data_format: dataFormat };
  }

  override call(x: Tensor): Tensor {
    const pairs = edgePairs(this.label, "padding", this.padding, this.#spatialRank);
    const spatial = spatialAxes(this.dataFormat, x.rank);
    return ops.pad(
      x,
      x.shape.map((_, axis) => pairs[spatial.indexOf(axis)] ?? [0, 0]),
    );
  }
}
