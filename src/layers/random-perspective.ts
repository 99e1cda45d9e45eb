/** Moves the corners of images at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { oneOf } from "./layer-options.ts";
import { finiteNumber } from "./option-checks.ts";
import { type Drawn, factorRange, RandomImageLayer, type RandomImageOptions, type Range } from "./random-image-layer.ts";
import type { PixelInterpolation } from "./spatial-layer.ts";

/** Options of RandomPerspective. */
export interface RandomPerspectiveOptions extends RandomImageOptions {
  /** Range of the probability that an image is changed: f is [0, f]. Default 1. */
  readonly factor?: number | Range;
  /** How far corners move, from 0 to 1. Default 1. */
  readonly scale?: number;
  /** Default "bilinear". */
  readonly interpolation?: PixelInterpolation;
  /** Value outside the image. Default 0. */
  readonly fillValue?: number;
}

/**
 * In training, moves each corner of an image that is chosen: its coordinates are multiplied by 1 + u, u uniform on
 * `[-scale / 2, scale / 2]`.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomPerspective({ scale: 0.3 })(images, { training: true });
 */
export class RandomPerspectiveLayer extends RandomImageLayer<RandomPerspectiveOptions> {
  static override readonly className: string = "RandomPerspective";
  declare factor: Range;
  declare scale: number;
  declare interpolation: PixelInterpolation;
  declare fillValue: number;

  constructor(options: RandomPerspectiveOptions = {}) {
    super(options, { factor: 1, scale: 1, interpolation: "bilinear", fillValue: 0, seed: null });
    this.factor = factorRange(this.label, "factor", this.factor, [0, 1]);
    factorRange(this.label, "scale", this.scale, [0, 1]);
    oneOf(this.label, "interpolation", this.interpolation, ["bilinear", "nearest"]);
    finiteNumber(this.label, "fillValue", this.fillValue);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const half = this.scale / 2;
    return {
      chosen: this.chosen(shape, this.factor, seed),
      moves: random.uniform([shape[0]!, 4, 2], { minval: -half, maxval: half, seed }),
    };
  }

  override transform(images: Tensor, drawn: Drawn): Tensor {
    return this.#moved(images, drawn, this.interpolation);
  }

  override transformMasks(masks: Tensor, drawn: Drawn): Tensor {
    return this.#moved(masks, drawn, "nearest");
  }

  #moved(images: Tensor, { chosen, moves }: Drawn, interpolation: PixelInterpolation): Tensor {
    const [height, width] = this.extents(images.shape);
    const corners = ops.convertToTensor([[[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]]], "float32"); // prettier-ignore
    const start = ops.broadcastTo(corners, [images.shape[0]!, 4, 2]);
    const end = ops.add(start, ops.multiply(start, moves!));
    const { fillValue, dataFormat } = this;
    return ops.where(chosen!, ops.image.perspectiveTransform(images, start, end, { interpolation, fillValue, dataFormat }), images);
  }
}

/** Moves the corners of images at random; see {@link RandomPerspectiveLayer}. */
export const RandomPerspective: CallableClass<typeof RandomPerspectiveLayer> = /* @__PURE__ */ callableClass(RandomPerspectiveLayer);
export type RandomPerspective = RandomPerspectiveLayer;
