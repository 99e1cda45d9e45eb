/** A layer that resizes images. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type DataFormat, dataFormats } from "./data-format.ts";
import { Layer } from "./layer.ts";
import { type LayerOptions, oneOf, positiveInteger, required } from "./layer-options.ts";

/** How pixels between pixels are made. */
export type Interpolation = "bilinear" | "nearest" | "bicubic" | "lanczos3" | "lanczos5";

/** Options of Resizing. */
export interface ResizingOptions extends LayerOptions {
  readonly height: number;
  readonly width: number;
  /** Default "bilinear". */
  readonly interpolation?: Interpolation;
  /** Cuts the middle out of the image so that its proportions stay. Default false. */
  readonly cropToAspectRatio?: boolean;
  /** Pads the image around so that its proportions stay. Default false. */
  readonly padToAspectRatio?: boolean;
  /** Only "constant". */
  readonly fillMode?: "constant";
  readonly fillValue?: number;
  readonly dataFormat?: DataFormat | null;
}

/**
 * Images of another height and width (half-pixel centres).
 *
 * Shapes: x `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, channels]` (channels_last), or without batch.
 *
 * @example
 * const y = layers.Resizing({ height: 32, width: 32 })(images);
 */
export class ResizingLayer extends Layer<ResizingOptions> {
  static override readonly className: string = "Resizing";
  declare height: number;
  declare width: number;
  declare interpolation: Interpolation;
  declare cropToAspectRatio: boolean;
  declare padToAspectRatio: boolean;
  declare fillMode: "constant";
  declare fillValue: number;
  declare dataFormat: DataFormat;

  constructor(options: ResizingOptions) {
    super(options, {
      height: required,
      width: required,
      interpolation: "bilinear",
      cropToAspectRatio: false,
      padToAspectRatio: false,
      fillMode: "constant",
      fillValue: 0,
      dataFormat: "channels_last",
    });
    this.dataFormat ??= "channels_last";
    positiveInteger(this.label, "height", this.height);
    positiveInteger(this.label, "width", this.width);
    oneOf(this.label, "interpolation", this.interpolation, ["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"]);
    oneOf(this.label, "fillMode", this.fillMode, ["constant"]);
    oneOf(this.label, "dataFormat", this.dataFormat, dataFormats);
    this.inputSpec = { minRank: 3 };
  }

  override call(x: Tensor): Tensor {
    return ops.image.resize(ops.cast(x, this.dtype), [this.height, this.width], {
      interpolation: this.interpolation,
      dataFormat: this.dataFormat,
      cropToAspectRatio: this.cropToAspectRatio,
      padToAspectRatio: this.padToAspectRatio,
      fillMode: this.fillMode,
      fillValue: this.fillValue,
    });
  }
}

/** Resizes images; see {@link ResizingLayer}. */
export const Resizing: CallableClass<typeof ResizingLayer> = /* @__PURE__ */ callableClass(ResizingLayer);
export type Resizing = ResizingLayer;
