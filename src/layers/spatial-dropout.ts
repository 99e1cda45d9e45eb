/** What SpatialDropout1D, SpatialDropout2D and SpatialDropout3D share. */
import { imageDataFormat } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import { dropout, SeedGenerator } from "../random/index.ts";
import type { Config } from "../serialization/index.ts";
import { type DataFormat, dataFormats, spatialAxes } from "./data-format.ts";
import { type CallOptions, Layer } from "./layer.ts";
import { type LayerOptions, oneOf, required } from "./layer-options.ts";
import { probability } from "./option-checks.ts";

/** Options of spatial dropout. */
export interface SpatialDropoutOptions extends LayerOptions {
  /** Probability, from 0 to 1. */
  readonly rate: number;
  /** Makes the layer draw the same masks in every run. */
  readonly seed?: number | null;
  /** Where the channels stand (not in SpatialDropout1D, where they are last). */
  readonly dataFormat?: DataFormat | null;
}

/**
 * In training each channel of a sample is 0 everywhere with probability `rate`, else `x / (1 - rate)`; otherwise `y = x`.
 * Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2014.
 */
export abstract class SpatialDropoutLayer extends Layer<SpatialDropoutOptions> {
  static override readonly defaultTraining: boolean = false;
  declare rate: number;
  declare seed: number | null;
  declare dataFormat: DataFormat;
  readonly seedGenerator: SeedGenerator;
  readonly #spatialRank: number;

  constructor(spatialRank: number, options: SpatialDropoutOptions) {
    super(options, { rate: required, seed: null, ...(spatialRank === 1 ? {} : { dataFormat: imageDataFormat() }) });
    this.#spatialRank = spatialRank;
    probability(this.label, "rate", this.rate);
    if (spatialRank > 1) {
      this.dataFormat = oneOf(this.label, "dataFormat", (this.dataFormat as DataFormat | null) ?? imageDataFormat(), dataFormats);
    }
    this.seedGenerator = new SeedGenerator({ seed: this.seed });
    this.supportsMasking = true;
    this.inputSpec = { rank: spatialRank + 2 };
  }

  /** Keras writes these alone, the dtype by its name. */
  override getConfig(): Config {
    const { rate, seed, name, data_format: dataFormat } = super.getConfig();
    const config = { rate, seed, name, dtype: this.dtype };
    return this.#spatialRank === 1 ? config : { ...config, data_format: dataFormat };
  }

  override call(x: Tensor, { training = false }: CallOptions = {}): Tensor {
    if (training !== true || this.rate === 0) return x;
    const spatial = spatialAxes(this.#spatialRank === 1 ? "channels_last" : this.dataFormat, x.rank);
    const noiseShape = x.shape.map((extent, axis) => (spatial.includes(axis) ? 1 : extent!));
    return dropout(x, this.rate, { noiseShape, seed: this.seedGenerator });
  }
}
