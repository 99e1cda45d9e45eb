/** Distorts images smoothly at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import { sampled } from "../ops/image/affine-transform.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { oneOf } from "./layer-options.ts";
import { bell, blur } from "./random-gaussian-blur.ts";
import { finiteNumber } from "./option-checks.ts";
import { type Drawn, factorRange, type Range } from "./random-image-layer.ts";
import type { FillMode, PixelInterpolation } from "./spatial-layer.ts";
import { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

/** Options of RandomElasticTransform. */
export interface RandomElasticTransformOptions extends ValueRangeOptions {
  /** Range of the probability that an image is changed: f is [0, f]. Default 1. */
  readonly factor?: number | Range;
  /** Range of the strength, from 0 to 1: s is [0, s]. Default 1. */
  readonly scale?: number | Range;
  /** Default "bilinear". */
  readonly interpolation?: PixelInterpolation;
  /** Default "reflect". */
  readonly fillMode?: FillMode;
  /** Value outside the image, for "constant". Default 0. */
  readonly fillValue?: number;
}

/**
 * In training, moves each pixel of images that are chosen by smoothed noise (Simard, Steinkraus, Platt 2003). With a
 * strength s, drawn per batch, noise of deviation 0.05 s min(height, width) is smoothed with a filter of the same
 * deviation, and multiplied by 0.1 s max(height, width).
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomElasticTransform({ scale: 0.5 })(images, { training: true });
 */
export class RandomElasticTransformLayer extends ValueRangeLayer<RandomElasticTransformOptions> {
  static override readonly className: string = "RandomElasticTransform";
  declare factor: Range;
  declare scale: Range;
  declare interpolation: PixelInterpolation;
  declare fillMode: FillMode;
  declare fillValue: number;

  constructor(options: RandomElasticTransformOptions = {}) {
    super(options, { factor: 1, scale: 1, interpolation: "bilinear", fillMode: "reflect", fillValue: 0 });
    this.factor = factorRange(this.label, "factor", this.factor, [0, 1]);
    this.scale = factorRange(this.label, "scale", this.scale, [0, 1]);
    oneOf(this.label, "fillMode", this.fillMode, ["reflect", "wrap", "constant", "nearest"]);
    oneOf(this.label, "interpolation", this.interpolation, ["bilinear", "nearest"]);
    finiteNumber(this.label, "fillValue", this.fillValue);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const [height, width] = this.extents(shape);
    return {
      chosen: this.chosen(shape, this.factor, seed),
      strength: random.uniform([], { minval: this.scale[0], maxval: this.scale[1], seed }),
      noise: random.normal([shape[0]!, height, width, 2], { seed }),
    };
  }

  override transform(images: Tensor, drawn: Drawn): Tensor {
    return ops.clip(this.#moved(images, drawn, this.interpolation), ...this.valueRange);
  }

  override transformMasks(masks: Tensor, drawn: Drawn): Tensor {
    return this.#moved(masks, drawn, "nearest");
  }

  #moved(images: Tensor, { chosen, strength, noise }: Drawn, interpolation: PixelInterpolation): Tensor {
    const first = this.dataFormat === "channels_first";
    const last = first ? ops.transpose(images, [0, 2, 3, 1]) : images;
    const [height, width] = [last.dim(1), last.dim(2)];
    const largest = 0.05 * this.scale[1] * Math.min(height, width);
    const extent = (6 * Math.trunc(largest)) | 1;
    const sigma = ops.add(ops.multiply(strength!, 0.05 * Math.min(height, width)), 1e-6);
    const weights = bell(extent, sigma);
    const smooth = ops.multiply(blur(ops.multiply(noise!, sigma), [weights, weights], 2, "channels_last"), ops.multiply(strength!, 0.1 * Math.max(height, width))); // prettier-ignore
    const [dx, dy] = ops.split(smooth, 2, -1).map((part) => ops.squeeze(part, -1)) as [Tensor, Tensor];
    const y = ops.add(ops.reshape(ops.arange(0, height, { dtype: "float32" }), [1, height, 1]), dy);
    const x = ops.add(ops.reshape(ops.arange(0, width, { dtype: "float32" }), [1, 1, width]), dx);
    const { fillMode, fillValue } = this;
    const seen = ops.cast(
      sampled(last, ops.cast(y, last.dtype), ops.cast(x, last.dtype), { interpolation, fillMode, fillValue }),
      last.dtype,
    );
    const moved = ops.where(ops.reshape(chosen!, [-1, 1, 1, 1]), seen, last);
    return first ? ops.transpose(moved, [0, 3, 1, 2]) : moved;
  }
}

/** Distorts images smoothly at random; see {@link RandomElasticTransformLayer}. */
export const RandomElasticTransform: CallableClass<typeof RandomElasticTransformLayer> =
  /* @__PURE__ */ callableClass(RandomElasticTransformLayer);
export type RandomElasticTransform = RandomElasticTransformLayer;
