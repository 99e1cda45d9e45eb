/** What trained networks know, measured (`evaluation`). */
export { columnCorrelations, ridge, type RidgeModel } from "./encoding-model.ts";
export { ilsvrcResults, type NetworkResult, resultsTable } from "./results-table.ts";
export { type RocCurve, rocCurve } from "./roc-curve.ts";
export { scaledImages, shiftedImages } from "./shifted-images.ts";
export { coarseLabels, coarseProbabilities, type Taxonomy } from "./taxonomy.ts";
export { predictTenCrops, type TenCropOptions, tenCrops } from "./ten-crops.ts";
export { topErrors, topTable, type TopTableOptions } from "./top-errors.ts";
