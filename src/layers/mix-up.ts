/** Mixes images with others of their batch. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { ValueError } from "../errors.ts";
import { describe } from "./layer-options.ts";
import { type Drawn, RandomImageLayer, type RandomImageOptions } from "./random-image-layer.ts";

/** Options of MixUp. */
export interface MixUpOptions extends RandomImageOptions {
  /** Both parameters of the beta distribution of shares, above 0. Default 0.2. */
  readonly alpha?: number;
}

/**
 * In training, `y = w x + (1 - w) x[order]` with a random order of the batch and w of a beta distribution per image;
 * labels (one row per image) are mixed alike (Zhang et al. 2018).
 *
 * Shapes: images `[batch, height, width, channels]`, labels `[batch, classes]` -> the same.
 *
 * @example
 * const { images, labels } = layers.MixUp({ alpha: 0.2 })({ images: x, labels: y }, { training: true });
 */
export class MixUpLayer extends RandomImageLayer<MixUpOptions> {
  static override readonly className: string = "MixUp";
  declare alpha: number;

  constructor(options: MixUpOptions = {}) {
    super(options, { alpha: 0.2, seed: null });
    if (typeof this.alpha === "number" && this.alpha > 0 && Number.isFinite(this.alpha)) return;
    throw new ValueError({
      where: this.label,
      problem: "alpha is not positive",
      expected: "a number above 0",
      received: describe(this.alpha),
    });
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const batch = shape[0]!;
    return { order: random.permutation(batch, seed), share: random.beta([batch], this.alpha, this.alpha, { seed }) };
  }

  override transform(images: Tensor, drawn: Drawn): Tensor {
    return mixed(images, drawn);
  }

  override transformLabels(labels: Tensor, drawn: Drawn): Tensor {
    return mixed(ops.cast(labels, this.computeDtype), drawn);
  }
}

/** `share x + (1 - share) x[order]`, along the first axis. */
export function mixed(x: Tensor, { order, share }: Drawn): Tensor {
  const weight = ops.reshape(
    ops.cast(share!, x.dtype),
    x.shape.map((_, axis) => (axis === 0 ? -1 : 1)),
  );
  return ops.add(ops.multiply(weight, x), ops.multiply(ops.subtract(1, weight), ops.take(x, order!, { axis: 0 })));
}

/** Mixes images with others of their batch; see {@link MixUpLayer}. */
export const MixUp: CallableClass<typeof MixUpLayer> = /* @__PURE__ */ callableClass(MixUpLayer);
export type MixUp = MixUpLayer;
