/** What UpSampling1D, UpSampling2D and UpSampling3D share. */
import { type Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";

/** Every element `sizes[i]` times in a row along `axes[i]`. */
export function repeatAlong(x: Tensor, axes: readonly number[], sizes: readonly number[]): Tensor {
  return axes.reduce((y, axis, i) => (sizes[i] === 1 ? y : ops.repeat(y, sizes[i]!, axis)), x);
}
