/** The scale of a residual branch, learned per channel. */
import type { Tensor, Variable } from "../graph/index.ts";
import { Constant } from "../initializers/index.ts";
import { autoName } from "../layers/auto-names.ts";
import { Layer } from "../layers/layer.ts";
import { type LayerOptions, positiveInteger, required } from "../layers/layer-options.ts";
import { finiteNumber } from "../layers/option-checks.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";

/** Options of LayerScale. */
export interface LayerScaleOptions extends LayerOptions {
  /** First value of every channel's scale. */
  readonly initValues: number;
  /** Number of channels. */
  readonly projectionDim: number;
}

/**
 * `y = gamma x`. Touvron, Cord, Sablayrolles, Synnaeve, Jegou, "Going Deeper with Image Transformers", 2021. Keras's name:
 * files of ConvNeXt hold it.
 *
 * Shapes: x `[..., channels]` -> the same. Weights: gamma `[channels]`.
 */
export class LayerScaleLayer extends Layer<LayerScaleOptions> {
  static override readonly className: string = "LayerScale";
  declare initValues: number;
  declare projectionDim: number;
  declare gamma: Variable;

  constructor(options: LayerScaleOptions) {
    super(options, { initValues: required, projectionDim: required });
    finiteNumber(this.label, "initValues", this.initValues);
    positiveInteger(this.label, "projectionDim", this.projectionDim);
  }

  override build(): void {
    // Keras gives this weight no name.
    this.gamma = this.addWeight({
      name: autoName("Variable"),
      shape: [this.projectionDim],
      initializer: Constant({ value: this.initValues }),
    });
  }

  override call(x: Tensor): Tensor {
    return ops.multiply(x, this.gamma);
  }

  override toJSON(): Config {
    return { ...super.toJSON(), module: "keras.src.applications.convnext", registered_name: "LayerScale" };
  }
}

/** Scales a branch per channel; see {@link LayerScaleLayer}. */
export const LayerScale: CallableClass<typeof LayerScaleLayer> = /* @__PURE__ */ callableClass(LayerScaleLayer);
export type LayerScale = LayerScaleLayer;
