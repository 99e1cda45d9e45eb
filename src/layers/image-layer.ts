/** The base of layers of images: `[batch, height, width, channels]`, `[batch, channels, height, width]`, or one without batch. */
import { imageDataFormat } from "../config/index.ts";
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { Config } from "../serialization/index.ts";
import { type DataFormat, dataFormats } from "./data-format.ts";
import { Layer } from "./layer.ts";
import { type LayerOptions, oneOf, type OptionDefaults } from "./layer-options.ts";

/** Options of all layers of images. */
export interface ImageLayerOptions extends LayerOptions {
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  readonly dataFormat?: DataFormat | null;
}

/** A layer of images. Images of whole numbers become floating-point. */
export abstract class ImageLayer<Options extends ImageLayerOptions = ImageLayerOptions> extends Layer<Options> {
  declare dataFormat: DataFormat;
  /** Whether Keras 3.4's configuration of this class names the data format; others write it only where it is not the default. */
  readonly #writesDataFormat: boolean;

  constructor(options: Options, defaults: OptionDefaults) {
    super(options, { ...defaults, dataFormat: imageDataFormat() });
    this.#writesDataFormat = Object.hasOwn(defaults, "dataFormat");
    this.dataFormat ??= imageDataFormat();
    oneOf(this.label, "dataFormat", this.dataFormat, dataFormats);
    this.inputSpec = { minRank: 3, maxRank: 4 };
  }

  /** Axis of the height; the width is the next one. */
  protected heightAxis(rank: number): number {
    return this.dataFormat === "channels_last" ? rank - 3 : rank - 2;
  }

  /** Axis of the channels. */
  protected channelAxis(rank: number): number {
    return this.dataFormat === "channels_last" ? rank - 1 : rank - 3;
  }

  /** Height and width of images. */
  protected extents(shape: Shape): [number, number] {
    const axis = this.heightAxis(shape.length);
    return [shape[axis]!, shape[axis + 1]!];
  }

  /** Images in the layer's dtype. */
  protected images(x: Tensor): Tensor {
    return ops.cast(x, this.computeDtype);
  }

  override getConfig(): Config {
    const config = super.getConfig();
    if (!this.#writesDataFormat && this.dataFormat === "channels_last") delete config.data_format;
    return config;
  }
}
