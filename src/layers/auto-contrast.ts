/** Stretches the values of images over their whole range. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type Drawn, RandomImageLayer, type Range, rescale, valueRange } from "./random-image-layer.ts";
import type { ValueRangeOptions } from "./value-range-layer.ts";

/** Options of AutoContrast. */
export type AutoContrastOptions = Omit<ValueRangeOptions, "seed">;

/**
 * Moves the least value of each channel of an image to the least value there is, and the largest to the largest; always,
 * not in training only. Channels of one value stay.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.AutoContrast({ valueRange: [0, 1] })(images);
 */
export class AutoContrastLayer extends RandomImageLayer<AutoContrastOptions> {
  static override readonly className: string = "AutoContrast";
  declare valueRange: Range;

  constructor(options: AutoContrastOptions = {}) {
    super(options, { valueRange: [0, 255] });
    this.valueRange = valueRange(this.label, this.valueRange);
  }

  override draw(): Drawn {
    return {};
  }

  protected override inference(images: Tensor): Tensor {
    return this.transform(this.images(images), {});
  }

  override transform(images: Tensor, _drawn: Drawn): Tensor {
    const height = this.heightAxis(images.rank);
    const over = { axis: [height, height + 1], keepdims: true };
    const [low, high] = [ops.min(images, over), ops.max(images, over)];
    const range = ops.subtract(high, low);
    const flat = ops.lessEqual(range, 0);
    const share = ops.clip(ops.divide(ops.subtract(images, low), ops.where(flat, ops.onesLike(range), range)), 0, 1);
    return ops.where(flat, images, rescale(share, [0, 1], this.valueRange));
  }
}

/** Stretches the values of images over their range; see {@link AutoContrastLayer}. */
export const AutoContrast: CallableClass<typeof AutoContrastLayer> = /* @__PURE__ */ callableClass(AutoContrastLayer);
export type AutoContrast = AutoContrastLayer;
