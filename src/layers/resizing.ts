/** A layer that resizes images. */
import { imageDataFormat } from "../config/index.ts";
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { ImageLayer, type ImageLayerOptions } from "./image-layer.ts";
import { oneOf, positiveInteger, required } from "./layer-options.ts";

/** How pixels between pixels are made. */
export type Interpolation = "bilinear" | "nearest" | "bicubic" | "lanczos3" | "lanczos5";

/** Options of Resizing. */
export interface ResizingOptions extends ImageLayerOptions {
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
  /** Whether to average over the pixels that a smaller image leaves out. Default false. */
  readonly antialias?: boolean;
}

/**
 * Images of another height and width (half-pixel centres). Whole numbers stay whole: the fraction is cut off.
 *
 * Shapes: x `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, channels]` (channels_last), or without batch.
 *
 * @example
 * const y = layers.Resizing({ height: 32, width: 32 })(images);
 */
export class ResizingLayer extends ImageLayer<ResizingOptions> {
  static override readonly className: string = "Resizing";
  declare height: number;
  declare width: number;
  declare interpolation: Interpolation;
  declare cropToAspectRatio: boolean;
  declare padToAspectRatio: boolean;
  declare fillMode: "constant";
  declare fillValue: number;
  declare antialias: boolean;

  constructor(options: ResizingOptions) {
    super(options, {
      height: required,
      width: required,
      interpolation: "bilinear",
      cropToAspectRatio: false,
      padToAspectRatio: false,
      fillMode: "constant",
      fillValue: 0,
      dataFormat: imageDataFormat(),
      antialias: false,
    });
    positiveInteger(this.label, "height", this.height);
    positiveInteger(this.label, "width", this.width);
    oneOf(this.label, "interpolation", this.interpolation, ["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"]);
    oneOf(this.label, "fillMode", this.fillMode, ["constant"]);
    if (this.cropToAspectRatio && this.padToAspectRatio) {
      throw new ValueError({
        where: this.label,
        problem: "an image is cut or padded to the proportions of the target, not both",
        expected: "cropToAspectRatio or padToAspectRatio",
        received: "both",
      });
    }
  }

  override call(x: Tensor): Tensor {
    return ops.image.resize(x, [this.height, this.width], {
      interpolation: this.interpolation,
      antialias: this.antialias,
      dataFormat: this.dataFormat,
      cropToAspectRatio: this.cropToAspectRatio,
      padToAspectRatio: this.padToAspectRatio,
      fillMode: this.fillMode,
      fillValue: this.fillValue,
    });
  }

  override getConfig(): Config {
    const config = super.getConfig();
    // Keras 3.4 does not know it.
    if (!this.antialias) delete config.antialias;
    return config;
  }
}

/** Resizes images; see {@link ResizingLayer}. */
export const Resizing: CallableClass<typeof ResizingLayer> = /* @__PURE__ */ callableClass(ResizingLayer);
export type Resizing = ResizingLayer;
