/** What Keras keeps in `keras.utils`: data made ready, pictures and copies of models. */
export * as boundingBoxes from "./bounding-boxes/index.ts";
export { FeatureSpace, type FeatureSpaceOptions } from "./feature-space/index.ts";
export {
  arrayToImg,
  type ArrayToImgOptions,
  type Img,
  imgToArray,
  type ImgToArrayOptions,
  loadImg,
  type LoadImgOptions,
  smartResize,
  type SmartResizeOptions,
} from "./data/images/keras-images.ts";
export { getFile, type GetFileOptions } from "./datasets/get-file.ts";
export { saveImg, type SaveImgOptions } from "./visualization/save-img.ts";
export { PyDataset } from "./data/py-dataset.ts";
export { splitDataset, type SplitOptions } from "./data/split-dataset.ts";
export { timeseriesDatasetFromArray, type TimeseriesOptions } from "./data/timeseries.ts";
export { clearSession, getSourceInputs, isKerasTensor, standardizeDtype } from "./models/model-tools.ts";
export { Progbar, type ProgbarOptions } from "./callbacks/progbar.ts";
export { disableInteractiveLogging, enableInteractiveLogging, isInteractiveLoggingEnabled } from "./config/index.ts";
export { packXYSampleWeight, unpackXYSampleWeight } from "./models/step-data.ts";
export { normalize, padSequences, type PadSequencesOptions, toCategorical } from "./data/sequences.ts";
export { setRandomSeed } from "./random/index.ts";
export { plotModel, type PlotModelOptions } from "./visualization/index.ts";
