/** Makes all values of images equally frequent. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { positiveInteger } from "./layer-options.ts";
import { type Drawn, RandomImageLayer, type Range, rescale, valueRange } from "./random-image-layer.ts";
import type { ValueRangeOptions } from "./value-range-layer.ts";

/** Options of Equalization. */
export interface EqualizationOptions extends Omit<ValueRangeOptions, "seed"> {
  /** Number of intervals in which values are counted. Default 256. */
  readonly bins?: number;
}

/**
 * In training, maps the values of each channel by their cumulative histogram, which makes all values about equally
 * frequent. As in Keras, the images of a batch are counted together.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.Equalization()(images, { training: true });
 */
export class EqualizationLayer extends RandomImageLayer<EqualizationOptions> {
  static override readonly className: string = "Equalization";
  declare valueRange: Range;
  declare bins: number;

  constructor(options: EqualizationOptions = {}) {
    super(options, { valueRange: [0, 255], bins: 256 });
    this.valueRange = valueRange(this.label, this.valueRange);
    positiveInteger(this.label, "bins", this.bins);
  }

  override draw(): Drawn {
    return {};
  }

  override transform(images: Tensor, _drawn: Drawn): Tensor {
    const axis = this.channelAxis(images.rank);
    const channels = ops.split(images, images.shape[axis]!, axis).map((channel) => this.#equalized(channel));
    return ops.concatenate(channels, axis);
  }

  #equalized(channel: Tensor): Tensor {
    const { bins } = this;
    const bytes = rescale(channel, this.valueRange, [0, 255]);
    const bin = ops.cast(ops.clip(ops.multiply(bytes, (bins - 1) / 255), 0, bins - 1), "int32");
    const counts = ops.scatter(ops.reshape(bin, [bin.size, 1]), ops.ones([bin.size], "int32"), [bins]);
    const upTo = ops.cumsum(counts, { axis: 0 });
    const least = ops.min(ops.where(ops.greater(upTo, 0), upTo, bin.size));
    const above = ops.subtract(bin.size, least);
    const table = ops.divide(ops.multiply(ops.cast(ops.subtract(upTo, least), "float32"), 255), ops.cast(ops.maximum(above, 1), "float32"));
    const mapped = ops.take(ops.clip(ops.round(table), 0, 255), bin, { axis: 0 });
    const single = ops.lessEqual(ops.countNonzero(counts), 1);
    return rescale(ops.where(single, bytes, ops.cast(mapped, bytes.dtype)), [0, 255], this.valueRange);
  }
}

/** Makes all values of images equally frequent; see {@link EqualizationLayer}. */
export const Equalization: CallableClass<typeof EqualizationLayer> = /* @__PURE__ */ callableClass(EqualizationLayer);
export type Equalization = EqualizationLayer;
