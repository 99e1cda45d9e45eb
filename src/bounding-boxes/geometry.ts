/** Bounding boxes moved as their image is: cut, shifted, turned. All in the format xyxy. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { type BoxFormat, boxesOf, boxTensor, columnsOf, type LabeledBoxes } from "./formats.ts";

interface FormatOption {
  /** Only "xyxy" (default). */
  readonly boundingBoxFormat?: BoxFormat;
}

function only(where: string, given: BoxFormat | undefined, known: readonly BoxFormat[] = ["xyxy"]): BoxFormat {
  const format = given ?? "xyxy";
  if (known.includes(format)) return format;
  throw new ValueError({
    where,
    problem: "boxes of this format are not changed",
    expected: known.join(", "),
    received: JSON.stringify(format),
    advice: `boundingBoxes.convertFormat(boxes, "${format}", "xyxy", { height, width }) first`,
  });
}

function inside(boxes: Tensor, width: TensorLike, height: TensorLike): Tensor {
  const [x1, y1, x2, y2] = columnsOf(boxes);
  const bounded = (x: Tensor, most: TensorLike): Tensor => ops.minimum(ops.maximum(x, 0), most);
  return boxesOf([bounded(x1, width), bounded(y1, height), bounded(x2, width), bounded(y2, height)]);
}

/** Options of `clipToImageSize`. */
export interface ClipOptions {
  readonly height?: number | null;
  readonly width?: number | null;
  /** "xyxy" (default), which needs height and width, or "rel_xyxy". */
  readonly boundingBoxFormat?: BoxFormat;
}

/**
 * Boxes cut to their image. Boxes that have no area left get the label -1. Shapes: boxes [.., n, 4], labels [.., n] -> the
 * same.
 */
export function clipToImageSize<B extends LabeledBoxes & { readonly labels?: TensorLike }>(boundingBoxes: B, options: ClipOptions = {}): B {
  const where = "boundingBoxes.clipToImageSize";
  checkOptions(where, options, ["height", "width", "boundingBoxFormat"]);
  const format = only(where, options.boundingBoxFormat, ["xyxy", "rel_xyxy"]);
  const { height = null, width = null } = format === "xyxy" ? options : { height: 1, width: 1 };
  if (height === null || width === null)
    throw new ValueError({ where, problem: "the extents of the image are missing", expected: "{ height, width }", received: "none" });
  const boxes = inside(boxTensor(where, boundingBoxes.boxes), width, height);
  if (boundingBoxes.labels === undefined) return { ...boundingBoxes, boxes };
  const [x1, y1, x2, y2] = columnsOf(boxes);
  const area = ops.squeeze(ops.multiply(ops.subtract(x2, x1), ops.subtract(y2, y1)), -1);
  return { ...boundingBoxes, boxes, labels: ops.where(ops.greater(area, 0), asTensor(boundingBoxes.labels), -1) };
}

/** Boxes as they stand in the part of the image of `height` and `width` whose upper left corner is at `top`, `left`. Shapes: [.., 4] -> the same. */
export function crop(boxes: TensorLike, top: number, left: number, height: number, width: number, options: FormatOption = {}): Tensor {
  const where = "boundingBoxes.crop";
  checkOptions(where, options, ["boundingBoxFormat"]);
  only(where, options.boundingBoxFormat);
  return inside(shifted(boxTensor(where, boxes), -left, -top), width, height);
}

/** Boxes as they stand in an image that has `top` rows and `left` columns more in front. Shapes: [.., 4] -> the same. */
export function pad(
  boxes: TensorLike,
  top: number,
  left: number,
  options: FormatOption & { readonly height?: number | null; readonly width?: number | null } = {},
): Tensor {
  const where = "boundingBoxes.pad";
  checkOptions(where, options, ["height", "width", "boundingBoxFormat"]);
  only(where, options.boundingBoxFormat);
  return shifted(boxTensor(where, boxes), left, top);
}

function shifted(boxes: Tensor, right: number, down: number): Tensor {
  const [x1, y1, x2, y2] = columnsOf(boxes);
  return boxesOf([ops.add(x1, right), ops.add(y1, down), ops.add(x2, right), ops.add(y2, down)]);
}

/** Options of `affineTransform`. */
export interface BoxAffineOptions extends FormatOption {
  /** Middle of the change, as shares of the extents. Default 0.5. */
  readonly centerX?: number | null;
  readonly centerY?: number | null;
}

/**
 * Smallest boxes around boxes that were turned by `angle` degrees, moved by shares of the extents, scaled, and sheared by
 * degrees. Shapes: boxes [batch, n, 4], angle, translations, scale and shears [batch] -> [batch, n, 4].
 */
export function affineTransform(
  boxes: TensorLike,
  angle: TensorLike,
  translateX: TensorLike,
  translateY: TensorLike,
  scale: TensorLike,
  shearX: TensorLike,
  shearY: TensorLike,
  height: number,
  width: number,
  options: BoxAffineOptions = {},
): Tensor {
  const where = "boundingBoxes.affineTransform";
  checkOptions(where, options, ["centerX", "centerY", "boundingBoxFormat"]);
  only(where, options.boundingBoxFormat);
  const given = boxTensor(where, boxes);
  const radians = (degrees: TensorLike): Tensor => ops.multiply(asTensor(degrees), -Math.PI / 180);
  const [rot, sx, sy] = [radians(angle), radians(shearX), radians(shearY)];
  const [cx, cy] = [(options.centerX ?? 0.5) * (width - 1), (options.centerY ?? 0.5) * (height - 1)];
  const fromX = ops.subtract(cx, ops.multiply(translateX, width - 1));
  const fromY = ops.subtract(cy, ops.multiply(translateY, height - 1));
  // The inverse of rotation and shear, whose determinant is 1; Keras moves points by it.
  const a = ops.divide(ops.cos(ops.subtract(rot, sy)), ops.cos(sy));
  const b = ops.add(ops.multiply(a, ops.tan(sx)), ops.sin(rot));
  const c = ops.divide(ops.negative(ops.sin(ops.subtract(rot, sy))), ops.cos(sy));
  const d = ops.subtract(ops.cos(rot), ops.multiply(c, ops.tan(sx)));
  const [a0, a1, b0, b1] = [d, ops.negative(b), ops.negative(c), a].map((entry) => ops.multiply(entry, scale)) as [Tensor, Tensor, Tensor, Tensor]; // prettier-ignore
  const a2 = ops.subtract(cx, ops.add(ops.multiply(a0, fromX), ops.multiply(a1, fromY)));
  const b2 = ops.subtract(cy, ops.add(ops.multiply(b0, fromX), ops.multiply(b1, fromY)));
  const perImage = (entry: Tensor): Tensor => ops.reshape(entry, [entry.rank === 0 ? 1 : entry.dim(0), 1, 1]);
  const [x1, y1, x2, y2] = columnsOf(ops.cast(given, a0.dtype));
  // Four corners along the last axis.
  const xs = ops.concatenate([x1, x2, x2, x1], -1);
  const ys = ops.concatenate([y1, y1, y2, y2], -1);
  const moved = (x: Tensor, y: Tensor, z: Tensor): Tensor =>
    ops.add(ops.add(ops.multiply(xs, perImage(x)), ops.multiply(ys, perImage(y))), perImage(z));
  const [movedX, movedY] = [moved(a0, a1, a2), moved(b0, b1, b2)];
  return boxesOf([ops.min(movedX, -1, true), ops.min(movedY, -1, true), ops.max(movedX, -1, true), ops.max(movedY, -1, true)]);
}
