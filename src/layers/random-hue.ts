/** Turns the hues of images at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { required } from "./layer-options.ts";
import { type Drawn, factorRange, type Range, rescale } from "./random-image-layer.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of RandomHue. */
export interface RandomHueOptions extends ValueRangeOptions {
  /** Half turns of the colour wheel, to either side: f is [0, f]. From 0 to 1. */
  readonly factor: number | Range;
}

/**
 * In training, turns the hues of each RGB image by a random part of the colour wheel.
 *
 * Shapes: x `[batch, height, width, 3]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomHue({ factor: 0.2 })(images, { training: true });
 */
export class RandomHueLayer extends ValueRangeLayer<RandomHueOptions> {
  static override readonly className: string = "RandomHue";
  declare factor: Range;

  constructor(options: RandomHueOptions) {
    super(options, { factor: required });
    this.factor = factorRange(this.label, "factor", this.factor, [0, 1]);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const side = ops.where(ops.greater(this.perImage(shape, 0, 1, seed), 0.5), -0.5, 0.5);
    return { turn: ops.multiply(side, this.perImage(shape, this.factor[0], this.factor[1], seed)) };
  }

  override transform(images: Tensor, { turn }: Drawn): Tensor {
    const { dataFormat } = this;
    const axis = this.channelAxis(images.rank);
    const hsv = ops.image.rgbToHsv(rescale(images, this.valueRange, [0, 1]), { dataFormat });
    const [hue, saturation, value] = ops.split(hsv, 3, axis) as [Tensor, Tensor, Tensor];
    const turned = ops.add(hue, ops.cast(turn!, hue.dtype));
    const once = ops.where(ops.greater(turned, 1), ops.subtract(turned, 1), turned);
    const inside = ops.where(ops.less(once, 0), ops.add(once, 1), once);
    const rgb = ops.image.hsvToRgb(ops.concatenate([inside, saturation, value], axis), { dataFormat });
    return rescale(ops.clip(rgb, 0, 1), [0, 1], this.valueRange);
  }
}

/** Turns the hues of images at random; see {@link RandomHueLayer}. */
export const RandomHue: CallableClass<typeof RandomHueLayer> = /* @__PURE__ */ callableClass(RandomHueLayer);
export type RandomHue = RandomHueLayer;
