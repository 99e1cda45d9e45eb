/** Named data sets. */
import { type Cifar100Options, cifar10Classes, loadCifar10, loadCifar100 } from "./cifar.ts";
import type { FolderOptions } from "./data-folder.ts";
import { type LabelledImages, loadDigits } from "./digits.ts";
import {
  californiaHousingFeatures,
  type CaliforniaHousingOptions,
  type HousingOptions,
  loadBostonHousing,
  loadCaliforniaHousing,
} from "./housing.ts";
import { fashionMnistClasses, loadFashionMnist, loadMnist } from "./idx-images.ts";
import type { LabelledRows } from "./table.ts";
import {
  imdbWordIndex,
  type LabelledSequences,
  loadImdb,
  loadReuters,
  reutersLabelNames,
  type ReutersOptions,
  reutersWordIndex,
  type WordSequenceOptions,
} from "./word-sequences.ts";

/** Handwritten digits of 8x8 pixels, inside the package. */
export const digits: { readonly loadData: () => Promise<LabelledImages> } = { loadData: loadDigits };

/** A set of images: its data, and what its classes are called. */
export interface ImageSet<O> {
  readonly classNames: readonly string[];
  readonly loadData: (options?: O) => Promise<LabelledImages>;
}

/** MNIST: handwritten digits. */
export const mnist: ImageSet<FolderOptions> = { classNames: [..."0123456789"], loadData: loadMnist };
/** Fashion-MNIST: clothing. */
export const fashionMnist: ImageSet<FolderOptions> = { classNames: fashionMnistClasses, loadData: loadFashionMnist };
/** CIFAR-10: colour photographs. */
export const cifar10: ImageSet<FolderOptions> = { classNames: cifar10Classes, loadData: loadCifar10 };
/** CIFAR-100: colour photographs in 100 classes. */
export const cifar100: { readonly loadData: (options?: Cifar100Options) => Promise<LabelledImages> } = { loadData: loadCifar100 };

/** IMDB's film reviews as word numbers. */
export const imdb: {
  readonly loadData: (options?: WordSequenceOptions) => Promise<LabelledSequences>;
  readonly getWordIndex: (options?: FolderOptions) => Promise<Record<string, number>>;
} = { loadData: loadImdb, getWordIndex: imdbWordIndex };
/** Reuters's newswires as word numbers. */
export const reuters: {
  readonly loadData: (options?: ReutersOptions) => Promise<LabelledSequences>;
  readonly getWordIndex: (options?: FolderOptions) => Promise<Record<string, number>>;
  readonly getLabelNames: () => readonly string[];
} = { loadData: loadReuters, getWordIndex: reutersWordIndex, getLabelNames: () => reutersLabelNames };

/** California's house prices. */
export const californiaHousing: {
  readonly featureNames: readonly string[];
  readonly loadData: (options?: CaliforniaHousingOptions) => Promise<LabelledRows>;
} = { featureNames: californiaHousingFeatures, loadData: loadCaliforniaHousing };
/** Boston's house prices. */
export const bostonHousing: { readonly loadData: (options?: HousingOptions) => Promise<LabelledRows> } = { loadData: loadBostonHousing };

export { breastCancer, diabetes, iris, wine } from "./tables.ts";
export type { Cifar100Options } from "./cifar.ts";
export type { FolderOptions } from "./data-folder.ts";
export type { LabelledImages } from "./digits.ts";
export type { CaliforniaHousingOptions, HousingOptions } from "./housing.ts";
export type { LabelledRows, Table, TableOptions } from "./table.ts";
export type { LabelledSequences, ReutersOptions, WordSequenceOptions } from "./word-sequences.ts";
