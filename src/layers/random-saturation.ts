/** Changes how colourful images are at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { required } from "./layer-options.ts";
import { type Drawn, factorRange, type Range, rescale } from "./random-image-layer.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of RandomSaturation. */
export interface RandomSaturationOptions extends ValueRangeOptions {
  /** f is [0, f], from 0 (grey) over 0.5 (unchanged) to 1 (full colours). */
  readonly factor: number | Range;
}

/**
 * In training, multiplies the saturation of each RGB image by f / (1 - f) for a random f, cut to 1.
 *
 * Shapes: x `[batch, height, width, 3]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomSaturation({ factor: [0.3, 0.7] })(images, { training: true });
 */
export class RandomSaturationLayer extends ValueRangeLayer<RandomSaturationOptions> {
  static override readonly className: string = "RandomSaturation";
  declare factor: Range;

  constructor(options: RandomSaturationOptions) {
    super(options, { factor: required });
    this.factor = factorRange(this.label, "factor", this.factor, [0, 1]);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const factor = this.perImage(shape, this.factor[0], this.factor[1], seed);
    return { factor: ops.divide(factor, ops.subtract(1 + 1e-7, factor)) };
  }

  override transform(images: Tensor, { factor }: Drawn): Tensor {
    const { dataFormat } = this;
    const axis = this.channelAxis(images.rank);
    const hsv = ops.image.rgbToHsv(rescale(images, this.valueRange, [0, 1]), { dataFormat });
    const [hue, saturation, value] = ops.split(hsv, 3, axis) as [Tensor, Tensor, Tensor];
    const changed = ops.clip(ops.multiply(saturation, ops.cast(factor!, saturation.dtype)), 0, 1);
    const rgb = ops.image.hsvToRgb(ops.concatenate([hue, changed, value], axis), { dataFormat });
    return rescale(rgb, [0, 1], this.valueRange);
  }
}

/** Changes how colourful images are at random; see {@link RandomSaturationLayer}. */
export const RandomSaturation: CallableClass<typeof RandomSaturationLayer> = /* @__PURE__ */ callableClass(RandomSaturationLayer);
export type RandomSaturation = RandomSaturationLayer;
