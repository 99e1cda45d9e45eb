/** Named data sets. */
import { loadDigits } from "./digits.ts";
import { type FolderOptions, loadMnist } from "./mnist.ts";
import type { LabelledImages } from "./digits.ts";

/** Handwritten digits of 8x8 pixels, inside the package. */
export const digits: { readonly loadData: () => Promise<LabelledImages> } = { loadData: loadDigits };
/** MNIST, from its files in a folder. */
export const mnist: { readonly loadData: (options?: FolderOptions) => Promise<LabelledImages> } = { loadData: loadMnist };
export type { FolderOptions } from "./mnist.ts";
export type { LabelledImages } from "./digits.ts";
export { breastCancer, diabetes, iris, wine } from "./tables.ts";
export type { LabelledRows, Table, TableOptions } from "./table.ts";
