/** What Cropping1D, Cropping2D and Cropping3D share. */
import { imageDataFormat } from "../config/index.ts";
import { ShapeError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { type DataFormat, dataFormats, spatialAxes } from "./data-format.ts";
import { edgePairs, type Pair } from "./edge-pairs.ts";
import { Layer } from "./layer.ts";
import { type LayerOptions, oneOf } from "./layer-options.ts";

/** Options of cropping. */
export interface CroppingOptions extends LayerOptions {
  /** Elements to cut off: at every end, per axis, or as one pair [before, behind] per axis. Default 1; of Cropping2D, 0. */
  readonly cropping?: number | readonly number[] | readonly (readonly number[])[];
  /** Where the channels stand (not in Cropping1D, where they are last). */
  readonly dataFormat?: DataFormat | null;
}

/** Elements cut off at the ends of `spatialRank` axes. */
export abstract class CroppingLayer extends Layer<CroppingOptions> {
  /** One pair per spatial axis; of Cropping1D, the pair itself. */
  declare cropping: readonly number[] | readonly Pair[];
  declare dataFormat: DataFormat;
  readonly #spatialRank: number;

  constructor(spatialRank: number, options: CroppingOptions) {
    super(options, { cropping: spatialRank === 2 ? 0 : 1, ...(spatialRank === 1 ? {} : { dataFormat: imageDataFormat() }) });
    this.#spatialRank = spatialRank;
    const pairs = edgePairs(this.label, "cropping", this.cropping, spatialRank);
    this.cropping = spatialRank === 1 ? pairs[0]! : pairs;
    if (spatialRank > 1) {
      this.dataFormat = oneOf(this.label, "dataFormat", (this.dataFormat as DataFormat | null) ?? imageDataFormat(), dataFormats);
    }
    this.inputSpec = { rank: spatialRank + 2 };
  }

  override call(x: Tensor): Tensor {
    const pairs = edgePairs(this.label, "cropping", this.cropping, this.#spatialRank);
    const sizes = [...(x.shape as number[])];
    const starts = sizes.map(() => 0);
    spatialAxes(this.#spatialRank === 1 ? "channels_last" : this.dataFormat, x.rank).forEach((axis, position) => {
      const [before, behind] = pairs[position]!;
      if (before + behind >= sizes[axis]!) {
        throw new ShapeError({
          where: this.label,
          problem: "the cropping leaves nothing of the input",
          expected: `more than ${before + behind} at axis ${axis}`,
          received: formatShape(x.shape),
        });
      }
      starts[axis] = before;
      sizes[axis]! -= before + behind;
    });
    return ops.slice(x, starts, sizes);
  }
}
