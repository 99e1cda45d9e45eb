/** Data sets of text files in folders. */
import { ValueError } from "../../errors.ts";
import { checkOptions } from "../../serialization/index.ts";
import { stackElements } from "../stack.ts";
import { FileDataset, type FileReading, type FilesFromDirectory } from "./file-dataset.ts";
import { type FolderDatasetOptions, filesOfParts, folderOptionNames } from "./folder-options.ts";
import type { FileKind } from "./labelled-files.ts";

/** Options of `textDatasetFromDirectory`. */
export interface TextDatasetOptions extends FolderDatasetOptions {
  /** Characters after which texts are cut; null (default): not at all. */
  readonly maxLength?: number | null;
}

const texts: FileKind = { plural: "texts", endings: [".txt"] };

/**
 * The `.txt` files (UTF-8) below a folder that has a folder for each class, as batches `[texts, labels]`: texts `[batch]`,
 * labels int32 `[batch]` (or as `labelMode` says). Throws ValueError for missing or empty folders, files that are no UTF-8,
 * and options that do not fit.
 *
 * @example
 * const reviews = await data.textDatasetFromDirectory("aclImdb/train", { batchSize: 32 });
 */
export const textDatasetFromDirectory: FilesFromDirectory<TextDatasetOptions> = async function (
  directory: string,
  options: TextDatasetOptions = {},
): Promise<never> {
  const where = "textDatasetFromDirectory";
  checkOptions(where, options, [...folderOptionNames, "maxLength"]);
  const { maxLength = null } = options;
  if (maxLength !== null && !(Number.isInteger(maxLength) && maxLength > 0))
    throw new ValueError({
      where,
      problem: "maxLength is a number of characters",
      expected: "1, 2, ..., or null",
      received: String(maxLength),
    });
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reading: FileReading = {
    decode: (path, bytes) => {
      try {
        const text = decoder.decode(bytes);
        return { values: [maxLength === null ? text : Array.from(text).slice(0, maxLength).join("")], shape: [], dtype: "string" };
      } catch {
        throw new ValueError({
          where,
          problem: "a file is no UTF-8 text",
          received: path,
          advice: "convert it, or take it out of the folder",
        });
      }
    },
    stack: (elements) => stackElements(elements, where),
  };
  const { files, seed } = await filesOfParts(where, texts, directory, options);
  const [first, second] = files.map((part) => new FileDataset(where, options, part, seed, reading));
  return (options.subset === "both" ? [first, second] : first) as never;
};
