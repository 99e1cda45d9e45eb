/** Input pipelines (`data`). */
export { Dataset } from "./dataset.ts";
export type {
  BucketOptions,
  GeneratorSource,
  InterleaveOptions,
  MapOptions,
  PaddedBatchOptions,
  ShuffleOptions,
  WindowOptions,
} from "./dataset-options.ts";
export {
  type Element,
  type ElementData,
  hostElement,
  type HostElement,
  type HostLeaf,
  type HostStrings,
  isListOfParts,
  type Structure,
  tensorsOf,
} from "./element.ts";
export type { ElementReader, Reading, RowReader } from "./reader.ts";
export type { PaddingOptions } from "./transformations/padded-batch.ts";
export type { Cell, ColumnDType, TableColumns } from "./tables/columns.ts";
export { type CsvOptions, readCsv } from "./tables/csv.ts";
export { type ParquetOptions, readParquet } from "./tables/parquet.ts";
export type { RowLayout } from "./tables/table-elements.ts";
export { type LoadedSounds, loadSounds, type LoadSoundsOptions } from "./sounds.ts";
export { decodeWav, type Sound } from "./wav.ts";
export type { ImageAugmentation } from "./images/augmentation.ts";
export {
  ImageDataset,
  imageDatasetFromDirectory,
  type ImageDatasetFromDirectory,
  type ImageDatasetOptions,
  type ImageElement,
} from "./images/image-dataset.ts";
export type { FolderDatasetOptions, LabelMode } from "./folders/folder-options.ts";
export type { UnreadableImage } from "./images/image-reader.ts";
export { type ImagenetLabelOptions, type ImagenetLabels, imagenetLabels } from "./images/imagenet-labels.ts";
export type { Interpolation } from "./images/resize-image.ts";
export { audioDatasetFromDirectory, type AudioDatasetOptions } from "./folders/audio-dataset.ts";
export { FileDataset, type FilesFromDirectory } from "./folders/file-dataset.ts";
export { textDatasetFromDirectory, type TextDatasetOptions } from "./folders/text-dataset.ts";
