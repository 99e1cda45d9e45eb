/** How much bounding boxes overlap. */
import { epsilon } from "../config/index.ts";
import { ShapeError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { type BoxFormat, boxTensor, columnsOf, convertFormat } from "./formats.ts";

interface ImageShape {
  /** [height, width, channels] of the image; needed for formats of shares. */
  readonly imageShape?: readonly number[] | null;
}
/** Options of `computeIou`. */
export interface IouOptions extends ImageShape {
  /** Whether pairs with a box of negative numbers (padding) get `maskVal`. Default false. */
  readonly useMasking?: boolean;
  /** Default -1. */
  readonly maskVal?: number;
}

function sidesOf(where: string, boxes: TensorLike, format: BoxFormat, options: ImageShape): Tensor {
  const shape = options.imageShape ?? null;
  return convertFormat(boxTensor(where, boxes), format, "xyxy", shape === null ? {} : { height: shape[0]!, width: shape[1]! });
}

/**
 * Area of the intersection of every pair of boxes divided by that of their union. Shapes: boxes1 [n, 4] or [batch, n, 4],
 * boxes2 [m, 4] or [batch, m, 4] -> [n, m] or [batch, n, m].
 */
export function computeIou(boxes1: TensorLike, boxes2: TensorLike, boundingBoxFormat: BoxFormat, options: IouOptions = {}): Tensor {
  const where = "boundingBoxes.computeIou";
  checkOptions(where, options, ["useMasking", "maskVal", "imageShape"]);
  const [first, second] = [boxes1, boxes2].map((boxes) => sidesOf(where, boxes, boundingBoxFormat, options)) as [Tensor, Tensor];
  for (const { rank, shape } of [first, second])
    if (rank !== 2 && rank !== 3)
      throw new ShapeError({
        where,
        problem: "boxes are a list, or one per image",
        expected: "[n, 4], [batch, n, 4]",
        received: formatShape(shape),
      });
  // Rows for boxes1, columns for boxes2.
  const a = columnsOf(first);
  const b = columnsOf(second).map((column) => ops.swapaxes(column, -1, -2)) as [Tensor, Tensor, Tensor, Tensor];
  const along = (from: 0 | 1): Tensor =>
    ops.maximum(ops.subtract(ops.minimum(a[from + 2]!, b[from + 2]!), ops.maximum(a[from], b[from])), 0);
  const common = ops.multiply(along(0), along(1));
  const area = (s: readonly Tensor[]): Tensor => ops.multiply(ops.subtract(s[2]!, s[0]!), ops.subtract(s[3]!, s[1]!));
  const union = ops.subtract(ops.add(area(a), area(b)), common);
  const iou = ops.divide(common, ops.add(union, epsilon()));
  if (options.useMasking !== true) return iou;
  const padding = (boxes: Tensor): Tensor => ops.less(ops.max(boxes, -1, true), 0);
  return ops.where(ops.logicalOr(padding(first), ops.swapaxes(padding(second), -1, -2)), options.maskVal ?? -1, iou);
}

/**
 * The intersection over union of boxes with boxes, less the distance of the middles in units of the diagonal around both and
 * a penalty for another ratio of the sides. Zheng et al. 2020, arXiv:1911.08287. Shapes: [.., 4], [.., 4] -> [..].
 */
export function computeCiou(boxes1: TensorLike, boxes2: TensorLike, boundingBoxFormat: BoxFormat, options: ImageShape = {}): Tensor {
  const where = "boundingBoxes.computeCiou";
  checkOptions(where, options, ["imageShape"]);
  const sides = [boxes1, boxes2].map((boxes) => columnsOf(sidesOf(where, boxes, boundingBoxFormat, options)));
  const [[l1, t1, r1, b1], [l2, t2, r2, b2]] = sides as [[Tensor, Tensor, Tensor, Tensor], [Tensor, Tensor, Tensor, Tensor]];
  const small = epsilon();
  const [w1, h1] = [ops.subtract(r1, l1), ops.add(ops.subtract(b1, t1), small)];
  const [w2, h2] = [ops.subtract(r2, l2), ops.add(ops.subtract(b2, t2), small)];
  const overlap = (low1: Tensor, low2: Tensor, high1: Tensor, high2: Tensor): Tensor =>
    ops.maximum(ops.subtract(ops.minimum(high1, high2), ops.maximum(low1, low2)), 0);
  const common = ops.multiply(overlap(l1, l2, r1, r2), overlap(t1, t2, b1, b2));
  const union = ops.add(ops.subtract(ops.add(ops.multiply(w1, h1), ops.multiply(w2, h2)), common), small);
  const iou = ops.divide(common, ops.add(union, small));
  const around = (low1: Tensor, low2: Tensor, high1: Tensor, high2: Tensor): Tensor =>
    ops.square(ops.subtract(ops.maximum(high1, high2), ops.minimum(low1, low2)));
  const diagonal = ops.add(ops.add(around(l1, l2, r1, r2), around(t1, t2, b1, b2)), small);
  const apart = (low1: Tensor, low2: Tensor, high1: Tensor, high2: Tensor): Tensor =>
    ops.square(ops.divide(ops.subtract(ops.add(low1, high1), ops.add(low2, high2)), 2));
  const distance = ops.add(apart(l1, l2, r1, r2), apart(t1, t2, b1, b2));
  const v = ops.multiply(ops.square(ops.subtract(ops.arctan(ops.divide(w2, h2)), ops.arctan(ops.divide(w1, h1)))), 4 / Math.PI ** 2);
  const alpha = ops.divide(v, ops.add(ops.subtract(v, iou), 1 + small));
  return ops.squeeze(ops.subtract(iou, ops.add(ops.divide(distance, diagonal), ops.multiply(v, alpha))), -1);
}
