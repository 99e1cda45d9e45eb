/** Makes images grey at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type Drawn, factorRange, RandomImageLayer, type RandomImageOptions } from "./random-image-layer.ts";

/** Options of RandomGrayscale. */
export interface RandomGrayscaleOptions extends RandomImageOptions {
  /** Probability that an image becomes grey. Default 0.5. */
  readonly factor?: number;
}

/**
 * In training, makes each RGB image grey with a probability; it keeps its three channels.
 *
 * Shapes: x `[batch, height, width, 3]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomGrayscale({ factor: 0.2 })(images, { training: true });
 */
export class RandomGrayscaleLayer extends RandomImageLayer<RandomGrayscaleOptions> {
  static override readonly className: string = "RandomGrayscale";
  declare factor: number;

  constructor(options: RandomGrayscaleOptions = {}) {
    super(options, { factor: 0.5, seed: null });
    factorRange(this.label, "factor", Array.isArray(this.factor) ? null : this.factor, [0, 1]);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    return { chosen: ops.less(this.perImage(shape, 0, 1, seed), this.factor) };
  }

  override transform(images: Tensor, { chosen }: Drawn): Tensor {
    return ops.where(chosen!, ops.image.rgbToGrayscale(images, { dataFormat: this.dataFormat }), images);
  }
}

/** Makes images grey at random; see {@link RandomGrayscaleLayer}. */
export const RandomGrayscale: CallableClass<typeof RandomGrayscaleLayer> = /* @__PURE__ */ callableClass(RandomGrayscaleLayer);
export type RandomGrayscale = RandomGrayscaleLayer;
