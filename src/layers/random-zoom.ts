/** Zooms into images, or out of them, at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { required } from "./layer-options.ts";
import { type Drawn, factorRange, type Range } from "./random-image-layer.ts";
import { type AffineMap, SpatialLayer, type SpatialOptions } from "./spatial-layer.ts";

/** Options of RandomZoom. */
export interface RandomZoomOptions extends SpatialOptions {
  /** By how much more of the height is seen: f is [-f, f]. Positive zooms out. Above -1. */
  readonly heightFactor: number | Range;
  /** The same of the width. Default: the proportions stay. */
  readonly widthFactor?: number | Range | null;
}

/**
 * In training, shows more or less of each image, about its centre.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomZoom({ heightFactor: 0.2 })(images, { training: true });
 */
export class RandomZoomLayer extends SpatialLayer<RandomZoomOptions> {
  static override readonly className: string = "RandomZoom";
  declare heightFactor: number | Range;
  declare widthFactor: number | Range | null;
  readonly #height: Range;
  readonly #width: Range | null;

  constructor(options: RandomZoomOptions) {
    super(options, { heightFactor: required, widthFactor: null });
    const bounds: Range = [-1 + Number.EPSILON, 1];
    this.#height = factorRange(this.label, "heightFactor", this.heightFactor, bounds);
    this.#width = this.widthFactor === null ? null : factorRange(this.label, "widthFactor", this.widthFactor, bounds);
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const zoom = ([low, high]: Range): Tensor => random.uniform([shape[0]!], { minval: 1 + low, maxval: 1 + high, seed });
    const height = zoom(this.#height);
    return { height, width: this.#width === null ? height : zoom(this.#width) };
  }

  protected override map(shape: Shape, { height, width }: Drawn): AffineMap {
    const [h, w] = this.extents(shape);
    const zero = ops.zerosLike(height!);
    const offset = (extent: number, zoom: Tensor): Tensor => ops.multiply((extent - 1) / 2, ops.subtract(1, zoom));
    return [width!, zero, offset(w, width!), zero, height!, offset(h, height!)];
  }
}

/** Zooms images at random; see {@link RandomZoomLayer}. */
export const RandomZoom: CallableClass<typeof RandomZoomLayer> = /* @__PURE__ */ callableClass(RandomZoomLayer);
export type RandomZoom = RandomZoomLayer;
