/** Pictures (`visualization`). */
export { plotModel, type PlotModelOptions } from "./plot-model.ts";
export { type GraphPicture, type GraphStep, visualizeGraph, type VisualizeGraphOptions } from "./visualize-graph.ts";
export type { ChartOptions } from "./axes.ts";
export { lineChart, type LineChartOptions, type Series } from "./line-chart.ts";
export { barChart, type BarChartOptions } from "./bar-chart.ts";
export { attentionChart, type AttentionChartOptions, heatMap, type HeatMapOptions } from "./heat-map.ts";
export { decisionBoundary, type DecisionBoundaryOptions } from "./decision-boundary.ts";
export { surfaceChart, type SurfaceChartOptions, type SurfacePath } from "./surface-chart.ts";
export { imageGrid, type ImageGridOptions } from "./image-grid.ts";
export { encodePng } from "./png.ts";
export { colors } from "./svg.ts";
export { type ClassMapOptions, featureMaps, filterImages, gradCam, occlusionMap, type OcclusionOptions } from "./network-images.ts";
export { recurrentChart, type RecurrentChartOptions } from "./recurrent-chart.ts";
export { mappingChart, type MappingChartOptions, type SequenceMapping, sequenceMappings } from "./sequence-mappings.ts";
export { type AttentionMapsOptions, attentionMaps, captionedImages, type CaptionedImagesOptions } from "./captioned-images.ts";
export { drawBoundingBoxes, type DrawBoundingBoxesOptions } from "./draw-bounding-boxes.ts";
export { drawSegmentationMasks, type DrawSegmentationMasksOptions } from "./draw-segmentation-masks.ts";
export type { Color } from "./image-batch.ts";
export {
  type BoundingBoxGalleryOptions,
  type GalleryOptions,
  type ImageGalleryOptions,
  type LegendEntry,
  plotBoundingBoxGallery,
  plotImageGallery,
  plotSegmentationMaskGallery,
  type SegmentationMaskGalleryOptions,
} from "./image-gallery.ts";
