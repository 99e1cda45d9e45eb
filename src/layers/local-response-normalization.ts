/** Normalisation by the neighbouring channels. */
import { imageDataFormat } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { type DataFormat, dataFormats } from "./data-format.ts";
import { Layer } from "./layer.ts";
import { type LayerOptions, oneOf } from "./layer-options.ts";
import { finiteNumber, natural, nonNegative } from "./option-checks.ts";

/** Options of LocalResponseNormalization. The defaults are TensorFlow's; AlexNet has depthRadius 2, bias 2, alpha 1e-4, beta 0.75. */
export interface LocalResponseNormalizationOptions extends LayerOptions {
  /** Number of neighbours on each side. Default 5. */
  readonly depthRadius?: number;
  /** Default 1. */
  readonly bias?: number;
  /** Default 1. */
  readonly alpha?: number;
  /** Default 0.5. */
  readonly beta?: number;
  readonly dataFormat?: DataFormat | null;
}

/**
 * `y = x / (bias + alpha sum of x_j^2)^beta`, the sum over the channels j within `depthRadius` of each channel.
 * Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", 2012, section 3.3.
 * Keras has no such layer: files name it `nabla>LocalResponseNormalization`.
 *
 * Shapes: x `[batch, ..., channels]` -> the same.
 *
 * @example
 * const y = layers.LocalResponseNormalization({ depthRadius: 2, bias: 2, alpha: 1e-4, beta: 0.75 })(x);
 */
export class LocalResponseNormalizationLayer extends Layer<LocalResponseNormalizationOptions> {
  static override readonly className: string = "LocalResponseNormalization";
  declare depthRadius: number;
  declare bias: number;
  declare alpha: number;
  declare beta: number;
  declare dataFormat: DataFormat;

  constructor(options: LocalResponseNormalizationOptions = {}) {
    super(options, { depthRadius: 5, bias: 1, alpha: 1, beta: 0.5, dataFormat: imageDataFormat() });
    this.dataFormat ??= imageDataFormat();
    natural(this.label, "depthRadius", this.depthRadius);
    finiteNumber(this.label, "bias", this.bias);
    nonNegative(this.label, "alpha", finiteNumber(this.label, "alpha", this.alpha));
    finiteNumber(this.label, "beta", this.beta);
    oneOf(this.label, "dataFormat", this.dataFormat, dataFormats);
    this.inputSpec = { minRank: 3 };
  }

  override call(x: Tensor): Tensor {
    const { depthRadius, bias, alpha, beta, dataFormat } = this;
    return ops.localResponseNormalization(x, { depthRadius, bias, alpha, beta, dataFormat });
  }

  override toJSON(): Config {
    return { ...super.toJSON(), module: "nabla.layers", registered_name: "nabla>LocalResponseNormalization" };
  }
}

/** Normalisation by the neighbouring channels; see {@link LocalResponseNormalizationLayer}. */
export const LocalResponseNormalization: CallableClass<typeof LocalResponseNormalizationLayer> =
  /* @__PURE__ */ callableClass(LocalResponseNormalizationLayer);
export type LocalResponseNormalization = LocalResponseNormalizationLayer;
