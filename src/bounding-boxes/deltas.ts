/** Boxes written as differences from anchors, which is what detectors predict. */
import { epsilon } from "../config/index.ts";
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { boxesOf, type BoxFormat, boxTensor, columnsOf, convertFormat } from "./formats.ts";

interface DeltaOptions {
  /** Factors of the four differences. Default: 1. */
  readonly variance?: readonly number[] | null;
  /** [height, width, channels] of the image; needed for formats of shares. */
  readonly imageShape?: readonly number[] | null;
}
/** Options of `encodeBoxToDeltas`. */
export interface EncodeOptions extends DeltaOptions {
  /** "center_yxhw" (default) or "center_xywh". */
  readonly encodingFormat?: BoxFormat;
}
/** Options of `decodeDeltasToBoxes`. */
export interface DecodeOptions extends DeltaOptions {
  /** "center_yxhw" (default) or "center_xywh". */
  readonly encodedFormat?: BoxFormat;
}

function prepared(
  where: string,
  format: BoxFormat | undefined,
  options: DeltaOptions,
): { format: BoxFormat; extents: object; variance: Tensor | null } {
  const chosen = format ?? "center_yxhw";
  if (chosen !== "center_yxhw" && chosen !== "center_xywh") {
    throw new ValueError({
      where,
      problem: "differences are taken from middles",
      expected: "center_xywh, center_yxhw",
      received: JSON.stringify(chosen),
    });
  }
  const variance = options.variance ?? null;
  if (variance !== null && variance.length !== 4)
    throw new ValueError({ where, problem: "variance has a factor per number of a box", expected: "4", received: String(variance.length) });
  const shape = options.imageShape ?? null;
  return {
    format: chosen,
    extents: shape === null ? {} : { height: shape[0], width: shape[1] },
    variance: variance === null ? null : asTensor(variance),
  };
}

/**
 * Differences of boxes from their anchors: of the middles in units of the anchor's extents, and logarithms of the ratios of
 * the extents, divided by `variance`. Shapes: anchors [n, 4], boxes [n, 4] or [batch, n, 4] -> that of boxes. Girshick et
 * al. 2014, arXiv:1311.2524, appendix C.
 */
export function encodeBoxToDeltas(
  anchors: TensorLike,
  boxes: TensorLike,
  anchorFormat: BoxFormat,
  boxFormat: BoxFormat,
  options: EncodeOptions = {},
): Tensor {
  const where = "boundingBoxes.encodeBoxToDeltas";
  checkOptions(where, options, ["encodingFormat", "variance", "imageShape"]);
  const { format, extents, variance } = prepared(where, options.encodingFormat, options);
  const anchor = columnsOf(convertFormat(anchors, anchorFormat, format, extents));
  const box = columnsOf(convertFormat(boxes, boxFormat, format, extents));
  const size = (x: Tensor): Tensor => ops.maximum(x, epsilon());
  const [width, height] = [size(anchor[2]), size(anchor[3])];
  const deltas = boxesOf([
    ops.divide(ops.subtract(box[0], anchor[0]), width),
    ops.divide(ops.subtract(box[1], anchor[1]), height),
    ops.log(ops.divide(size(box[2]), width)),
    ops.log(ops.divide(size(box[3]), height)),
  ]);
  return variance === null ? deltas : ops.divide(deltas, variance);
}

/** Boxes whose differences from anchors are given: the inverse of `encodeBoxToDeltas`. Objects are decoded entry by entry. */
export function decodeDeltasToBoxes(
  anchors: TensorLike,
  boxesDelta: TensorLike,
  anchorFormat: BoxFormat,
  boxFormat: BoxFormat,
  options?: DecodeOptions,
): Tensor;
export function decodeDeltasToBoxes(
  anchors: Readonly<Record<string, TensorLike>>,
  boxesDelta: Readonly<Record<string, TensorLike>>,
  anchorFormat: BoxFormat,
  boxFormat: BoxFormat,
  options?: DecodeOptions,
): Record<string, Tensor>;
export function decodeDeltasToBoxes(
  anchors: unknown,
  boxesDelta: unknown,
  anchorFormat: BoxFormat,
  boxFormat: BoxFormat,
  options: DecodeOptions = {},
): Tensor | Record<string, Tensor> {
  const where = "boundingBoxes.decodeDeltasToBoxes";
  checkOptions(where, options, ["encodedFormat", "variance", "imageShape"]);
  const { format, extents, variance } = prepared(where, options.encodedFormat, options);
  const decode = (level: TensorLike, deltas: TensorLike): Tensor => {
    const anchor = columnsOf(convertFormat(level, anchorFormat, format, extents));
    const given = boxTensor(where, deltas);
    const delta = columnsOf(variance === null ? given : ops.multiply(given, variance));
    const boxes = boxesOf([
      ops.add(ops.multiply(delta[0], anchor[2]), anchor[0]),
      ops.add(ops.multiply(delta[1], anchor[3]), anchor[1]),
      ops.multiply(ops.exp(delta[2]), anchor[2]),
      ops.multiply(ops.exp(delta[3]), anchor[3]),
    ]);
    return convertFormat(boxes, format, boxFormat, extents);
  };
  if (!isLevels(anchors)) return decode(anchors as TensorLike, boxesDelta as TensorLike);
  if (!isLevels(boxesDelta) || Object.keys(anchors).some((key) => boxesDelta[key] === undefined)) {
    throw new ValueError({
      where,
      problem: "anchors and differences have different levels",
      expected: Object.keys(anchors).join(", "),
      received: isLevels(boxesDelta) ? Object.keys(boxesDelta).join(", ") : typeof boxesDelta,
    });
  }
  return Object.fromEntries(Object.entries(anchors).map(([key, level]) => [key, decode(level, boxesDelta[key]!)]));
}

function isLevels(value: unknown): value is Readonly<Record<string, TensorLike>> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
