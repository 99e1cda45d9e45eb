/** Random rectangles in images. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import type { Drawn } from "./random-image-layer.ts";

/** Ends of an interval that takes `part` of an extent, at a random place. Shapes: part [batch, 1, 1, 1] -> the same, twice. */
export function boxBounds(extent: number, part: Tensor, seed: SeedGenerator): [Tensor, Tensor] {
  const length = ops.multiply(part, extent);
  const start = ops.multiply(random.uniform(part.shape, { seed }), ops.subtract(extent, length));
  return [start, ops.add(start, length)];
}

/** Which pixels lie in the rectangles: `x0 <= x < x1`, `y0 <= y < y1`. Shapes: bounds [batch, 1, 1, 1] -> images with extent 1 for channels. */
export function boxMask(shape: Shape, heightAxis: number, { x0, x1, y0, y1 }: Drawn): Tensor {
  const along = (axis: number): Tensor =>
    ops.reshape(
      ops.arange(0, shape[axis], { dtype: "float32" }),
      shape.map((_, a) => (a === axis ? -1 : 1)),
    );
  const between = (at: Tensor, low: Tensor, high: Tensor): Tensor => ops.logicalAnd(ops.greaterEqual(at, low), ops.less(at, high));
  return ops.logicalAnd(between(along(heightAxis), y0!, y1!), between(along(heightAxis + 1), x0!, x1!));
}
