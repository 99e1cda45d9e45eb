/** Input pipelines (`data`). */
export {
  type BucketOptions,
  Dataset,
  type GeneratorSource,
  type InterleaveOptions,
  iteratorOf,
  type MapOptions,
  type PaddedBatchOptions,
  type ShuffleOptions,
  type WindowOptions,
} from "./dataset.ts";
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
