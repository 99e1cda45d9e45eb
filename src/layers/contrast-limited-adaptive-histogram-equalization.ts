/** Makes the values of each region of images about equally frequent, without more contrast than a limit. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import type { ImageLayerOptions } from "./image-layer.ts";
import { positiveInteger } from "./layer-options.ts";
import { nonNegative } from "./option-checks.ts";
import { type Drawn, RandomImageLayer, type Range, rescale, valueRange } from "./random-image-layer.ts";

/** Options of ContrastLimitedAdaptiveHistogramEqualization. */
export interface ContrastLimitedAdaptiveHistogramEqualizationOptions extends ImageLayerOptions {
  /** Least and largest value of a pixel. Default [0, 255]. */
  readonly valueRange?: Range;
  /** How often a value may occur beside the mean over all values; what is more is spread over all. 0: no limit. Default 4. */
  readonly clipLimit?: number;
  /** Number of regions along height and width. Default [8, 8]. */
  readonly tileGridSize?: readonly [number, number];
}

/** Values that are counted. */
const bins = 256;

/**
 * Maps the values of each channel by the cumulative histogram of their surroundings: images are cut into tiles, each with
 * a histogram of 256 values that is cut off at `clipLimit` times its mean, and a pixel's value is interpolated between the
 * maps of the four tiles around it. Images whose extents the grid does not divide are mirrored at the end. Pizer et al.
 * 1987, "Adaptive histogram equalization and its variations".
 *
 * It does so outside training too.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.ContrastLimitedAdaptiveHistogramEqualization({ tileGridSize: [4, 4] })(images);
 */
export class ContrastLimitedAdaptiveHistogramEqualizationLayer extends RandomImageLayer<ContrastLimitedAdaptiveHistogramEqualizationOptions> {
  static override readonly className: string = "ContrastLimitedAdaptiveHistogramEqualization";
  declare valueRange: Range;
  declare clipLimit: number;
  declare tileGridSize: readonly [number, number];

  constructor(options: ContrastLimitedAdaptiveHistogramEqualizationOptions = {}) {
    super(options, { valueRange: [0, 255], clipLimit: 4, tileGridSize: [8, 8] });
    this.valueRange = valueRange(this.label, this.valueRange);
    nonNegative(this.label, "clipLimit", this.clipLimit);
    const grid: readonly unknown[] = Array.isArray(this.tileGridSize) ? this.tileGridSize : [];
    for (const at of [0, 1]) positiveInteger(this.label, `tileGridSize[${at}]`, grid[at]);
  }

  override draw(): Drawn {
    return {};
  }

  override transform(images: Tensor, _drawn: Drawn): Tensor {
    const first = this.dataFormat === "channels_first";
    const last = first ? ops.transpose(images, [0, 2, 3, 1]) : images;
    const bytes = rescale(last, this.valueRange, [0, 255]);
    const equalized = rescale(ops.cast(this.#equalized(bytes), images.dtype), [0, 255], this.valueRange);
    return first ? ops.transpose(equalized, [0, 3, 1, 2]) : equalized;
  }

  protected override inference(x: Tensor): Tensor {
    const images = this.images(x);
    return images.rank === 3 ? ops.squeeze(this.transform(ops.expandDims(images, 0), {}), 0) : this.transform(images, {});
  }

  #equalized(images: Tensor): Tensor {
    const [batch, height, width, channels] = [0, 1, 2, 3].map((axis) => images.dim(axis)) as [number, number, number, number];
    const [rows, columns] = this.tileGridSize;
    const [tileHeight, tileWidth] = [Math.ceil(height / rows), Math.ceil(width / columns)];
    const [fullHeight, fullWidth] = [tileHeight * rows, tileWidth * columns];
    const padding = [[0, 0], [0, fullHeight - height], [0, fullWidth - width], [0, 0]] as const; // prettier-ignore
    const whole = fullHeight === height && fullWidth === width ? images : ops.pad(images, padding, { mode: "symmetric" });
    const level = ops.clip(ops.cast(whole, "int32"), 0, bins - 1);
    const tiles = ops.transpose(ops.reshape(level, [batch, rows, tileHeight, columns, tileWidth, channels]), [0, 1, 3, 5, 2, 4]);
    const table = this.#table(ops.reshape(tiles, [batch * rows * columns * channels, tileHeight * tileWidth]));

    // The map of a pixel lies between those of the tiles whose middles surround it.
    const vertical = between(fullHeight, tileHeight, rows);
    const horizontal = between(fullWidth, tileWidth, columns);
    const at = (row: Tensor, column: Tensor): Tensor => {
      const tile = ops.add(ops.multiply(ops.reshape(row, [1, fullHeight, 1, 1]), columns), ops.reshape(column, [1, 1, fullWidth, 1]));
      const image = ops.multiply(ops.reshape(ops.arange(batch, { dtype: "int32" }), [batch, 1, 1, 1]), rows * columns);
      const channel = ops.reshape(ops.arange(channels, { dtype: "int32" }), [1, 1, 1, channels]);
      const histogram = ops.add(ops.multiply(ops.add(tile, image), channels), channel);
      return ops.take(ops.reshape(table, [-1]), ops.add(ops.multiply(histogram, bins), level));
    };
    const down = ops.reshape(vertical.weight, [1, fullHeight, 1, 1]);
    const right = ops.reshape(horizontal.weight, [1, 1, fullWidth, 1]);
    const mix = (a: Tensor, b: Tensor, weight: Tensor): Tensor =>
      ops.add(ops.multiply(a, ops.subtract(1, weight)), ops.multiply(b, weight));
    const above = mix(at(vertical.before, horizontal.before), at(vertical.before, horizontal.after), right);
    const below = mix(at(vertical.after, horizontal.before), at(vertical.after, horizontal.after), right);
    return ops.slice(mix(above, below, down), [0, 0, 0, 0], [batch, height, width, channels]);
  }

  /** What each value becomes in each tile. Shapes: levels [tiles, pixels] -> [tiles, 256]. */
  #table(levels: Tensor): Tensor {
    const [tiles, pixels] = [levels.dim(0), levels.dim(1)];
    const place = ops.add(ops.multiply(ops.reshape(ops.arange(tiles, { dtype: "int32" }), [tiles, 1]), bins), levels);
    const counted = ops.scatter(ops.reshape(place, [-1, 1]), ops.ones([tiles * pixels], "float32"), [tiles * bins]);
    let counts = ops.reshape(counted, [tiles, bins]);
    if (this.clipLimit > 0) {
      const kept = ops.minimum(counts, (this.clipLimit * pixels) / bins);
      counts = ops.add(kept, ops.divide(ops.sum(ops.subtract(counts, kept), -1, true), bins));
    }
    const upTo = ops.cumsum(counts, { axis: -1 });
    const least = ops.min(upTo, -1, true);
    const above = ops.subtract(pixels, least);
    const share = ops.divide(ops.multiply(ops.subtract(upTo, least), 255), ops.where(ops.equal(above, 0), 1, above));
    return ops.clip(share, 0, 255);
  }
}

/** For each of `extent` places: the tiles whose middles lie before and after it, and how near it is to the latter. */
function between(extent: number, tile: number, tiles: number): { before: Tensor; after: Tensor; weight: Tensor } {
  const place = ops.divide(ops.subtract(ops.arange(extent, { dtype: "float32" }), tile / 2), tile);
  const floor = ops.floor(place);
  const within = (x: Tensor): Tensor => ops.cast(ops.clip(x, 0, tiles - 1), "int32");
  return { before: within(floor), after: within(ops.add(floor, 1)), weight: ops.subtract(place, floor) };
}

/** Makes the values of each region about equally frequent; see {@link ContrastLimitedAdaptiveHistogramEqualizationLayer}. */
export const ContrastLimitedAdaptiveHistogramEqualization: CallableClass<typeof ContrastLimitedAdaptiveHistogramEqualizationLayer> =
  /* @__PURE__ */ callableClass(ContrastLimitedAdaptiveHistogramEqualizationLayer);
export type ContrastLimitedAdaptiveHistogramEqualization = ContrastLimitedAdaptiveHistogramEqualizationLayer;
