/** Mirrors images at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { oneOf } from "./layer-options.ts";
import { type Drawn, RandomImageLayer, type RandomImageOptions } from "./random-image-layer.ts";

/** Options of RandomFlip. */
export interface RandomFlipOptions extends RandomImageOptions {
  /** Default "horizontal_and_vertical". */
  readonly mode?: "horizontal" | "vertical" | "horizontal_and_vertical";
}

/**
 * In training, mirrors each image left to right, top to bottom, or either, with probability 1/2 each.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomFlip({ mode: "horizontal" })(images, { training: true });
 */
export class RandomFlipLayer extends RandomImageLayer<RandomFlipOptions> {
  static override readonly className: string = "RandomFlip";
  declare mode: "horizontal" | "vertical" | "horizontal_and_vertical";

  constructor(options: RandomFlipOptions = {}) {
    super(options, { mode: "horizontal_and_vertical", seed: null });
    oneOf(this.label, "mode", this.mode, ["horizontal", "vertical", "horizontal_and_vertical"]);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const flip = (): Tensor => ops.lessEqual(this.perImage(shape, 0, 1, seed), 0.5);
    const drawn: Record<string, Tensor> = {};
    if (this.mode !== "vertical") drawn.horizontal = flip();
    if (this.mode !== "horizontal") drawn.vertical = flip();
    return drawn;
  }

  override transform(images: Tensor, { horizontal, vertical }: Drawn): Tensor {
    const axis = this.heightAxis(images.rank);
    const flipped = horizontal === undefined ? images : ops.where(horizontal, ops.flip(images, axis + 1), images);
    return vertical === undefined ? flipped : ops.where(vertical, ops.flip(flipped, axis), flipped);
  }

  override transformMasks(masks: Tensor, drawn: Drawn): Tensor {
    return this.transform(masks, drawn);
  }
}

/** Mirrors images at random; see {@link RandomFlipLayer}. */
export const RandomFlip: CallableClass<typeof RandomFlipLayer> = /* @__PURE__ */ callableClass(RandomFlipLayer);
export type RandomFlip = RandomFlipLayer;
