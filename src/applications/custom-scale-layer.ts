/** The residual sum of Inception-ResNet. */
import type { Tensor } from "../graph/index.ts";
import { Layer } from "../layers/layer.ts";
import { type LayerOptions, required } from "../layers/layer-options.ts";
import { finiteNumber } from "../layers/option-checks.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";

/** Options of CustomScaleLayer. */
export interface CustomScaleLayerOptions extends LayerOptions {
  /** Factor of the residual. */
  readonly scale: number;
}

/** `y = x + scale r` of a list `[x, r]`. Keras's name: files of Inception-ResNet hold it. Shapes: twice the same -> the same. */
export class CustomScaleLayerLayer extends Layer<CustomScaleLayerOptions> {
  static override readonly className: string = "CustomScaleLayer";
  declare scale: number;

  constructor(options: CustomScaleLayerOptions) {
    super(options, { scale: required });
    finiteNumber(this.label, "scale", this.scale);
  }

  override call([x, residual]: readonly [Tensor, Tensor]): Tensor {
    return ops.add(x, ops.multiply(residual, this.scale));
  }

  override toJSON(): Config {
    return { ...super.toJSON(), module: "keras.src.applications.inception_resnet_v2", registered_name: "CustomScaleLayer" };
  }
}

/** Adds a scaled residual; see {@link CustomScaleLayerLayer}. */
export const CustomScaleLayer: CallableClass<typeof CustomScaleLayerLayer> = /* @__PURE__ */ callableClass(CustomScaleLayerLayer);
export type CustomScaleLayer = CustomScaleLayerLayer;
