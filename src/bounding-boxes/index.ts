/** Bounding boxes (`keras.utils.bounding_boxes`). */
export { decodeDeltasToBoxes, type DecodeOptions, encodeBoxToDeltas, type EncodeOptions } from "./deltas.ts";
export { type BoxFormat, convertFormat, type ConvertFormatOptions, type LabeledBoxes } from "./formats.ts";
export { affineTransform, type BoxAffineOptions, type ClipOptions, clipToImageSize, crop, pad } from "./geometry.ts";
export { computeCiou, computeIou, type IouOptions } from "./iou.ts";
