/** Data sets of files that are read whole, one element each. */
import { hostArray } from "../../dtype/index.ts";
import { ValueError } from "../../errors.ts";
import { platform } from "../../platform/index.ts";
import { Dataset } from "../dataset.ts";
import type { HostElement, HostLeaf } from "../element.ts";
import { randomIndices } from "../random-indices.ts";
import type { ElementReader } from "../reader.ts";
import { batchReader } from "../transformations/batch.ts";
import { mapReader } from "../transformations/map.ts";
import { shuffleReader } from "../transformations/shuffle.ts";
import { rowReader, RowTable } from "../rows.ts";
import { type FolderDatasetOptions, labelModeOf } from "./folder-options.ts";
import type { LabelledFiles } from "./labelled-files.ts";

/** Files that are read at the same time. */
const atOnce = 8;

/** What is special about a kind of file. */
export interface FileReading {
  /** The array of a file. */
  readonly decode: (path: string, bytes: Uint8Array) => HostLeaf;
  /** Puts elements together. */
  readonly stack: (elements: readonly HostElement[]) => HostElement;
}

/** A data set of files in folders: batches of what they hold and labels, with what it was made of. */
export class FileDataset extends Dataset {
  /** Name of each class. */
  readonly classNames: readonly string[];
  /** The files, in order of their classes and names (shuffled where the data was split at random). */
  readonly filePaths: readonly string[];

  /** Use `textDatasetFromDirectory` or `audioDatasetFromDirectory`. */
  constructor(where: string, options: FolderDatasetOptions, files: LabelledFiles, seed: number, { decode, stack }: FileReading) {
    const { batchSize = 32, shuffle = true } = options;
    const mode = labelModeOf(where, options, files);
    const read = async (path: string, label: number | undefined): Promise<HostElement> => {
      const bytes = await platform.readFile(path);
      if (bytes === null) throw new ValueError({ where, problem: "a file has vanished", received: path });
      const content = decode(path, bytes);
      if (mode === null || label === undefined) return { leaves: [content], structure: "leaf" };
      return { leaves: [content, labelLeaf(mode, label, files.classNames.length)], structure: ["leaf", "leaf"] };
    };
    let pass = 0;
    const open = (): ElementReader => {
      let next = 0;
      const numbers: HostLeaf = { values: Int32Array.from(files.paths, (_, i) => i), shape: [files.paths.length], dtype: "int32" };
      const table = new RowTable({ leaves: [numbers], structure: "leaf" });
      const inOrder = rowReader(table, () => (next < files.paths.length ? next++ : -1));
      const order = shuffle ? shuffleReader(inOrder, files.paths.length, randomIndices(seed, pass++)) : inOrder;
      const contents = mapReader(
        order,
        async ({ leaves }) => {
          const index = leaves[0]!.values[0] as number;
          return await read(files.paths[index]!, files.labels?.[index]);
        },
        atOnce,
        true,
      );
      return batchSize === null ? contents : batchReader(contents, batchSize, false, stack);
    };
    super(open, batchSize === null ? files.paths.length : Math.ceil(files.paths.length / batchSize));
    this.classNames = files.classNames;
    this.filePaths = files.paths;
  }
}

function labelLeaf(mode: "int" | "categorical" | "binary", label: number, classes: number): HostLeaf {
  if (mode === "int") return { values: Int32Array.of(label), shape: [], dtype: "int32" };
  if (mode === "binary") return { values: Float32Array.of(label), shape: [1], dtype: "float32" };
  const row = hostArray("float32", classes);
  row[label] = 1;
  return { values: row, shape: [classes], dtype: "float32" };
}

/** The function with its two results. */
export interface FilesFromDirectory<O extends FolderDatasetOptions> {
  (directory: string, options: O & { readonly subset: "both" }): Promise<[FileDataset, FileDataset]>;
  (directory: string, options?: O): Promise<FileDataset>;
}
