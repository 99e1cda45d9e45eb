/** A layer that joins all axes but the batch. */
import { imageDataFormat } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type DataFormat, dataFormats } from "./data-format.ts";
import { Layer } from "./layer.ts";
import { type LayerOptions, oneOf } from "./layer-options.ts";

/** Options of Flatten. */
export interface FlattenOptions extends LayerOptions {
  /** "channels_first" moves the channels to the end before flattening. Default `config.imageDataFormat()`, which is "channels_last". */
  readonly dataFormat?: DataFormat;
}

/**
 * All axes but the batch joined into one.
 *
 * Shapes: x `[batch, ...]` -> `[batch, product of the others]`; `[batch]` -> `[batch, 1]`.
 *
 * @example
 * layers.Flatten()(x); // [2, 3, 4] -> [2, 12]
 */
export class FlattenLayer extends Layer<FlattenOptions> {
  static override readonly className: string = "Flatten";
  declare dataFormat: DataFormat;

  constructor(options: FlattenOptions = {}) {
    super(options, { dataFormat: imageDataFormat() });
    oneOf(this.label, "dataFormat", this.dataFormat, dataFormats);
    this.inputSpec = { minRank: 1 };
  }

  override call(x: Tensor): Tensor {
    let y = x;
    if (this.dataFormat === "channels_first" && x.rank > 1) {
      y = ops.transpose(x, [0, ...Array.from({ length: x.rank - 2 }, (_, axis) => axis + 2), 1]);
    }
    const width = x.shape.slice(1).reduce<number>((product, extent) => product * (extent ?? 0), 1);
    return ops.reshape(y, [x.dim(0), width]);
  }
}

/** Joins all axes but the batch; see {@link FlattenLayer}. */
export const Flatten: CallableClass<typeof FlattenLayer> = /* @__PURE__ */ callableClass(FlattenLayer);
export type Flatten = FlattenLayer;
