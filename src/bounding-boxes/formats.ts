/** Ways of writing a bounding box as four numbers. */
import type { DType } from "../dtype/index.ts";
import { floatx } from "../config/index.ts";
import { nearestNames, ShapeError, UnknownNameError, ValueError } from "../errors.ts";
import { formatShape, isPlainObject, type Tensor, Variable } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { checkOptions } from "../serialization/index.ts";

/**
 * Names of the four numbers, in order: `xyxy` left, top, right, bottom; `yxyx` top, left, bottom, right; `xywh` left, top,
 * width, height; `center_xywh` and `center_yxhw` from the middle. `rel_`: shares of the image's width and height.
 */
export type BoxFormat = "xyxy" | "yxyx" | "xywh" | "center_xywh" | "center_yxhw" | "rel_xyxy" | "rel_yxyx" | "rel_xywh" | "rel_center_xywh";

/** Boxes with what belongs to them. */
export interface LabeledBoxes {
  readonly boxes: TensorLike;
  readonly [name: string]: unknown;
}

type Sides = readonly [left: Tensor, top: Tensor, right: Tensor, bottom: Tensor];

interface FormatRow {
  readonly toSides: (numbers: Sides) => Sides;
  readonly fromSides: (sides: Sides) => Sides;
}

const half = (x: Tensor): Tensor => ops.divide(x, 2);
const around = (cx: Tensor, cy: Tensor, w: Tensor, h: Tensor): Sides => [
  ops.subtract(cx, half(w)),
  ops.subtract(cy, half(h)),
  ops.add(cx, half(w)),
  ops.add(cy, half(h)),
];
const middle = ([x1, y1, x2, y2]: Sides): Sides => {
  const [w, h] = [ops.subtract(x2, x1), ops.subtract(y2, y1)];
  return [ops.add(x1, half(w)), ops.add(y1, half(h)), w, h];
};

/** Each format to and from the four sides; shares of the image are taken care of around it. */
const rows: Readonly<Record<string, FormatRow>> = {
  xyxy: { toSides: (sides) => sides, fromSides: (sides) => sides },
  yxyx: { toSides: ([y1, x1, y2, x2]) => [x1, y1, x2, y2], fromSides: ([x1, y1, x2, y2]) => [y1, x1, y2, x2] },
  xywh: {
    toSides: ([x, y, w, h]) => [x, y, ops.add(x, w), ops.add(y, h)],
    fromSides: ([x1, y1, x2, y2]) => [x1, y1, ops.subtract(x2, x1), ops.subtract(y2, y1)],
  },
  center_xywh: { toSides: ([cx, cy, w, h]) => around(cx, cy, w, h), fromSides: middle },
  center_yxhw: {
    toSides: ([cy, cx, h, w]) => around(cx, cy, w, h),
    fromSides: (sides) => {
      const [cx, cy, w, h] = middle(sides);
      return [cy, cx, h, w];
    },
  },
};
const formats: readonly string[] = [...Object.keys(rows), "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh"];

/** A format by name, upper or lower case. Throws UnknownNameError. */
function checkedFormat(where: string, format: unknown): string {
  const name = typeof format === "string" ? format.toLowerCase() : "";
  if (formats.includes(name)) return name;
  const near = typeof format === "string" ? nearestNames(name, formats) : [];
  throw new UnknownNameError({
    where,
    problem: "bounding boxes are not written in this format",
    expected: formats.join(", "),
    received: JSON.stringify(format) ?? typeof format,
    ...(near.length > 0 ? { advice: `perhaps ${JSON.stringify(near[0])}` } : {}),
  });
}

/** Boxes as a tensor [.., 4]. Throws ShapeError. */
export function boxTensor(where: string, boxes: TensorLike): Tensor {
  const tensor = asTensor(boxes);
  if (tensor.rank > 0 && tensor.shape.at(-1) === 4) return tensor;
  throw new ShapeError({ where, problem: "a bounding box is four numbers", expected: "[..., 4]", received: formatShape(tensor.shape) });
}

/** The four columns of boxes, each [.., 1]. */
export function columnsOf(boxes: Tensor): Sides {
  return ops.split(boxes, 4, -1) as unknown as Sides;
}

/** Boxes of four columns. */
export function boxesOf(columns: readonly Tensor[]): Tensor {
  return ops.concatenate([...columns], -1);
}

/** Options of `convertFormat`. */
export interface ConvertFormatOptions {
  /** Height of the image; needed where shares of it are converted. */
  readonly height?: number | TensorLike | null;
  readonly width?: number | TensorLike | null;
  /** Default: `config.floatx()`. */
  readonly dtype?: DType;
}

/**
 * Bounding boxes written in another format: a tensor [.., 4], or an object whose entry `boxes` is one. Shapes: the same.
 *
 * @example
 * await utils.boundingBoxes.convertFormat([[10, 20, 30, 40]], "xyxy", "xywh").array(); // [[10, 20, 20, 20]]
 */
export function convertFormat(boxes: TensorLike, source: BoxFormat, target: BoxFormat, options?: ConvertFormatOptions): Tensor;
export function convertFormat<B extends LabeledBoxes>(
  boxes: B,
  source: BoxFormat,
  target: BoxFormat,
  options?: ConvertFormatOptions,
): B & { boxes: Tensor };
export function convertFormat(
  boxes: TensorLike | LabeledBoxes,
  source: BoxFormat,
  target: BoxFormat,
  options: ConvertFormatOptions = {},
): Tensor | LabeledBoxes {
  const where = "boundingBoxes.convertFormat";
  checkOptions(where, options, ["height", "width", "dtype"]);
  if (isPlainObject(boxes)) {
    const labeled = boxes;
    return { ...labeled, boxes: convertFormat(labeled.boxes, source, target, options) };
  }
  const [from, to] = [checkedFormat(where, source), checkedFormat(where, target)];
  const given = ops.cast(boxTensor(where, boxes), options.dtype ?? floatx());
  if (from === to) return given;
  const [shares, wantsShares] = [from.startsWith("rel_"), to.startsWith("rel_")];
  const { height = null, width = null } = options;
  if ((shares || wantsShares) && (height === null || width === null)) {
    throw new ValueError({
      where,
      problem: "shares of an image need its extents",
      expected: "{ height, width }",
      received: JSON.stringify({ height: described(height), width: described(width) }),
    });
  }
  let sides = rows[from.replace("rel_", "")]!.toSides(columnsOf(given));
  if (shares !== wantsShares) {
    const [w, h] = [width!, height!].map((extent) => ops.cast(asTensor(extent), given.dtype)) as [Tensor, Tensor];
    const scaled = shares ? ops.multiply : ops.divide;
    sides = [scaled(sides[0], w), scaled(sides[1], h), scaled(sides[2], w), scaled(sides[3], h)];
  }
  return boxesOf(rows[to.replace("rel_", "")]!.fromSides(sides));
}

function described(value: unknown): string {
  return value === null || typeof value === "number" ? String(value) : value instanceof Variable ? value.path : "a tensor";
}
