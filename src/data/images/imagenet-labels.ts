/** ImageNet's ground truth of the validation images. */
import { ValueError } from "../../errors.ts";
import { platform } from "../../platform/index.ts";
import { checkOptions } from "../../serialization/index.ts";

/** Files of an ILSVRC development kit. */
export interface ImagenetLabelOptions {
  /**
   * The validation ground truth, a line for each image in order of the file names: an ILSVRC number from 1
   * (`ILSVRC2012_validation_ground_truth.txt`), a synset (`n01440764`), or a file's name and either of them (from 0: Caffe's
   * `val.txt`; Kaggle's `LOC_val_solution.csv`).
   */
  readonly groundTruth: string;
  /** A line for each synset in order of the ILSVRC numbers, first the synset (`map_clsloc.txt`, `LOC_synset_mapping.txt`, `synsets.txt`). */
  readonly synsets: string;
}

/** Labels of the validation images as `imageDatasetFromDirectory` takes them, and the classes: synsets, sorted, as its training folders. */
export interface ImagenetLabels {
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
}

/**
 * Labels of ImageNet's validation images, which lie in one folder. The classes are in the order that the folders of the
 * training set have. Throws ValueError, with the line, for what is no label.
 *
 * @example
 * const truth = await data.imagenetLabels({ groundTruth: "ILSVRC2012_validation_ground_truth.txt", synsets: "synsets.txt" });
 * const validation = await data.imageDatasetFromDirectory("val", { ...truth, shuffle: false });
 */
export async function imagenetLabels(options: ImagenetLabelOptions): Promise<ImagenetLabels> {
  const where = "imagenetLabels";
  checkOptions(where, options, ["groundTruth", "synsets"]);
  const listed = (await lines(where, options.synsets)).map((line) => line.split(/[\s,]+/)[0]!);
  const classNames = [...listed].sort();
  const places = new Map(classNames.map((synset, label) => [synset, label]));
  const entries = (await lines(where, options.groundTruth)).filter((line) => !/^ImageId,/i.test(line));
  const named = entries.every((line) => /\.(jpe?g)\b|^ILSVRC/i.test(line));
  // Files are read in order of their names, whatever order the list has.
  const ordered = named ? [...entries].sort((a, b) => (a.split(/[\s,]/)[0]! < b.split(/[\s,]/)[0]! ? -1 : 1)) : entries;
  const labels = Int32Array.from(ordered, (line, row) => {
    const word = line.split(/[\s,]+/)[named ? 1 : 0] ?? "";
    const synset = /^\d+$/.test(word) ? listed[Number(word) - (named ? 0 : 1)] : word;
    const label = synset === undefined ? undefined : places.get(synset);
    if (label !== undefined) return label;
    throw new ValueError({
      where,
      problem: `line ${row + 1} of ${options.groundTruth} names no class`,
      expected: `a number from ${named ? 0 : 1} to ${listed.length - (named ? 1 : 0)}, or a synset of ${options.synsets}`,
      received: JSON.stringify(line),
    });
  });
  return { labels, classNames };
}

async function lines(where: string, path: string): Promise<string[]> {
  const bytes = await platform.readFile(path);
  if (bytes === null)
    throw new ValueError({
      where,
      problem: "a file of the development kit is missing",
      expected: "a file of ILSVRC's labels",
      received: path,
    });
  return new TextDecoder()
    .decode(bytes)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
