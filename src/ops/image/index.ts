/** Operations on images (`keras.ops.image`). */
export {
  affineTransform,
  type AffineTransformOptions,
  perspectiveTransform,
  type PerspectiveTransformOptions,
  type TransformFillMode,
  type TransformInterpolation,
} from "./affine-transform.ts";
export { cropImages, type CropImagesOptions, padImages, type PadImagesOptions } from "./borders.ts";
export { type ColorOp, hsvToRgb, rgbToGrayscale, rgbToHsv } from "./color.ts";
export { elasticTransform, type ElasticTransformOptions } from "./elastic-transform.ts";
export { gaussianBlur, type GaussianBlurOptions, sobelEdges, ssim, type SsimOptions } from "./filters.ts";
export { type FillMode, mapCoordinates, type MapCoordinatesOptions } from "./map-coordinates.ts";
export {
  extractPatches,
  extractPatches3d,
  type ExtractPatchesOp,
  type ExtractPatchesOptions,
  reconstructPatches,
  type ReconstructPatchesOptions,
} from "./patches.ts";
export { type Interpolation, resize, type ResizeOptions } from "./resize.ts";
export { scaleAndTranslate, type ScaleAndTranslateOptions, type ScaleMethod } from "./scale-and-translate.ts";
