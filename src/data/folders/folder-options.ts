/** What data sets of files in folders have in common: labels, order, parts. */
import { ValueError } from "../../errors.ts";
import { platform } from "../../platform/index.ts";
import { makeDefaultSeed } from "../../random/index.ts";
import { shuffled } from "../random-indices.ts";
import { type FileKind, filesByClass, type LabelledFiles, unlabelledFiles } from "./labelled-files.ts";

/** How labels are given: class numbers, one-hot rows, 0 and 1 as float32, or not at all. */
export type LabelMode = "int" | "categorical" | "binary" | null;

/** Options that all data sets of folders share, as in Keras. */
export interface FolderDatasetOptions {
  /** "inferred": the folders are the classes; a list: one label per file in order of the sorted paths; null: none. Default "inferred". */
  readonly labels?: "inferred" | readonly number[] | Int32Array | null;
  /** Default "int". */
  readonly labelMode?: LabelMode;
  /** The classes in order, names of the folders. Default: sorted. With a list of labels: names for `dataset.classNames`. */
  readonly classNames?: readonly string[] | null;
  /** Default 32; null: single files. */
  readonly batchSize?: number | null;
  /** Whether each pass has a random order. Default true; otherwise by class and name. */
  readonly shuffle?: boolean;
  readonly seed?: number | null;
  /** Share of the files that are for validation. */
  readonly validationSplit?: number | null;
  /** Which part `validationSplit` gives; "both" gives a list of the two. */
  readonly subset?: "training" | "validation" | "both" | null;
  /** Whether the numbers of files and classes are printed. Default true. */
  readonly verbose?: boolean;
}

/** Names of `FolderDatasetOptions`, for `checkOptions`. */
export const folderOptionNames: readonly string[] = [
  "labels",
  "labelMode",
  "classNames",
  "batchSize",
  "shuffle",
  "seed",
  "validationSplit",
  "subset",
  "verbose",
];

/** The files of the part that is asked for (of both, training first), and the seed of their order. Throws ValueError. */
export async function filesOfParts(
  where: string,
  kind: FileKind,
  directory: string,
  options: FolderDatasetOptions,
): Promise<{ readonly files: readonly LabelledFiles[]; readonly seed: number }> {
  const { shuffle = true, verbose = true, subset = null, batchSize = 32 } = options;
  if (batchSize !== null && !(Number.isInteger(batchSize) && batchSize > 0))
    throw new ValueError({
      where,
      problem: `batchSize is a number of ${kind.plural}`,
      expected: "1, 2, ..., or null",
      received: String(batchSize),
    });
  const split = options.validationSplit ?? null;
  checkSplit(where, options);
  const files = await filesOf(where, kind, directory, options);
  const seed = options.seed ?? makeDefaultSeed();
  const classCount = files.labels === null ? 0 : files.classNames.length;
  if (verbose && files.labels !== null) platform.report(`Found ${files.paths.length} files belonging to ${classCount} classes.`);
  else if (verbose) platform.report(`Found ${files.paths.length} files.`);
  if (split === null) return { files: [files], seed };
  // As Keras: the split is drawn by the seed, so that two calls with one seed fit together.
  const order = shuffle ? shuffled(files.paths.length, seed, 0) : Int32Array.from(files.paths, (_, i) => i);
  const border = files.paths.length - Math.trunc(split * files.paths.length);
  const parts = { training: chosen(files, order.subarray(0, border)), validation: chosen(files, order.subarray(border)) };
  for (const name of ["training", "validation"] as const) {
    if (parts[name].paths.length === 0)
      throw new ValueError({
        where,
        problem: `the part "${name}" would be empty`,
        expected: "a validationSplit that leaves files on both sides",
        received: `${split} of ${files.paths.length} files`,
      });
    if (verbose && (subset === name || subset === "both")) platform.report(`Using ${parts[name].paths.length} files for ${name}.`);
  }
  return { files: subset === "both" ? [parts.training, parts.validation] : [parts[subset as "training" | "validation"]], seed };
}

function chosen(files: LabelledFiles, order: Int32Array): LabelledFiles {
  return {
    paths: Array.from(order, (i) => files.paths[i]!),
    labels: files.labels === null ? null : order.map((i) => files.labels![i]!),
    classNames: files.classNames,
  };
}

function checkSplit(
  where: string,
  { validationSplit: split = null, subset = null, shuffle = true, seed = null }: FolderDatasetOptions,
): void {
  const problem =
    split === null
      ? subset === null
        ? null
        : "subset needs a validationSplit"
      : !(split > 0 && split < 1)
        ? "validationSplit is a share"
        : subset === null || !["training", "validation", "both"].includes(subset)
          ? 'validationSplit needs a subset: "training", "validation" or "both"'
          : shuffle && seed === null && subset !== "both"
            ? "a random split needs a seed, so that the two parts do not overlap"
            : null;
  if (problem === null) return;
  throw new ValueError({
    where,
    problem,
    expected: '{ validationSplit: 0.2, subset: "training", seed: 1 } and the same with "validation"',
    received: JSON.stringify({ validationSplit: split, subset, seed }),
  });
}

async function filesOf(where: string, kind: FileKind, directory: string, options: FolderDatasetOptions): Promise<LabelledFiles> {
  const { labels = "inferred", labelMode = "int", classNames = null } = options;
  if (labels === "inferred" && labelMode !== null) return await filesByClass(where, kind, directory, classNames);
  const files =
    labels === "inferred"
      ? { ...(await filesByClass(where, kind, directory, classNames)), labels: null }
      : await unlabelledFiles(where, kind, directory);
  if (labels === "inferred" || labels === null) return files;
  const given = Int32Array.from(labels);
  const count = classNames?.length ?? given.reduce((most, label) => Math.max(most, label), -1) + 1;
  const outside = given.findIndex((label, i) => label !== labels[i] || label < 0 || label >= count);
  if (given.length !== files.paths.length || outside >= 0) {
    throw new ValueError({
      where,
      problem: "the labels do not fit",
      expected: `${files.paths.length} whole numbers from 0 to ${count - 1}, one for each file`,
      received: outside >= 0 ? `${labels[outside]!} at ${outside}` : `${given.length} labels`,
    });
  }
  return { paths: files.paths, labels: given, classNames: classNames ?? Array.from({ length: count }, (_, i) => String(i)) };
}

/** A choice, checked. Throws ValueError that lists what there is. */
export function oneOf<T extends string>(where: string, name: string, value: T, known: readonly T[]): T {
  if (known.includes(value)) return value;
  const expected = known.map((entry) => `"${entry}"`).join(", ");
  throw new ValueError({ where, problem: `there is no such ${name}`, expected, received: JSON.stringify(value) });
}

/** How the labels of files are given; null where there are none. Throws ValueError. */
export function labelModeOf(where: string, options: FolderDatasetOptions, files: LabelledFiles): LabelMode {
  const labelMode =
    files.labels === null ? null : oneOf(where, "labelMode", options.labelMode ?? "int", ["int", "categorical", "binary"] as const);
  if (labelMode === "binary" && files.classNames.length !== 2)
    throw new ValueError({ where, problem: "binary labels need two classes", expected: "2", received: files.classNames.join(", ") });
  return labelMode;
}
