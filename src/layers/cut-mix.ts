/** Puts rectangles of other images of the batch into images. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { mixed } from "./mix-up.ts";
import { boxBounds, boxMask } from "./random-box.ts";
import { type Drawn, factorRange, RandomImageLayer, type RandomImageOptions, type Range } from "./random-image-layer.ts";

/** Options of CutMix. */
export interface CutMixOptions extends RandomImageOptions {
  /** Range of both parameters of the beta distribution of shares: f is [0, f]. From 0 to 1. Default 1. */
  readonly factor?: number | Range;
}

/**
 * In training, puts a random rectangle of another image of the batch into each image; labels (one row per image) are
 * mixed by the area (Yun et al. 2019). A single image stays as it is.
 *
 * Shapes: images `[batch, height, width, channels]`, labels `[batch, classes]` -> the same.
 *
 * @example
 * const { images, labels } = layers.CutMix()({ images: x, labels: y }, { training: true });
 */
export class CutMixLayer extends RandomImageLayer<CutMixOptions> {
  static override readonly className: string = "CutMix";
  declare factor: Range;

  constructor(options: CutMixOptions = {}) {
    super(options, { factor: 1, seed: null });
    this.factor = factorRange(this.label, "factor", this.factor, [0, 1]);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const batch = shape[0]!;
    const [height, width] = this.extents(shape);
    const alpha = ops.add(random.uniform([], { minval: this.factor[0], maxval: this.factor[1], seed }), 1e-6);
    const part = ops.sqrt(ops.subtract(1, random.beta([batch, 1, 1, 1], alpha, alpha, { seed })));
    const [x0, x1] = boxBounds(width, part, seed);
    const [y0, y1] = boxBounds(height, part, seed);
    const area = ops.multiply(ops.subtract(x1, x0), ops.subtract(y1, y0));
    const share = ops.reshape(ops.subtract(1, ops.divide(area, width * height)), [batch]);
    return { x0, x1, y0, y1, share, order: random.permutation(batch, seed) };
  }

  override transform(images: Tensor, drawn: Drawn): Tensor {
    const other = ops.take(images, drawn.order!, { axis: 0 });
    return ops.where(boxMask(images.shape, this.heightAxis(images.rank), drawn), other, images);
  }

  override transformLabels(labels: Tensor, drawn: Drawn): Tensor {
    return mixed(ops.cast(labels, this.computeDtype), drawn);
  }

  override transformMasks(masks: Tensor, drawn: Drawn): Tensor {
    return this.transform(masks, drawn);
  }
}

/** Puts rectangles of other images into images; see {@link CutMixLayer}. */
export const CutMix: CallableClass<typeof CutMixLayer> = /* @__PURE__ */ callableClass(CutMixLayer);
export type CutMix = CutMixLayer;
