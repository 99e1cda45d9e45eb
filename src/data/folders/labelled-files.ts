/** The files of a folder with a folder for each class. */
import { ValueError } from "../../errors.ts";
import { type FolderEntry, platform } from "../../platform/index.ts";

/** Files in order of their classes and names, and the class of each. */
export interface LabelledFiles {
  readonly paths: readonly string[];
  /** Class of each file; null where there are no labels. */
  readonly labels: Int32Array | null;
  readonly classNames: readonly string[];
}

/** What files are looked for. */
export interface FileKind {
  /** Their name in errors: `images`. */
  readonly plural: string;
  /** Endings of their names, with the point. */
  readonly endings: readonly string[];
}

function isOfKind({ endings }: FileKind, name: string): boolean {
  return endings.some((ending) => name.toLowerCase().endsWith(ending));
}

async function listed(where: string, kind: FileKind, folder: string): Promise<readonly FolderEntry[]> {
  const entries = await platform.files.list(folder);
  if (entries !== null) return entries.filter(({ name }) => !name.startsWith("."));
  throw new ValueError({
    where,
    problem: "there is no such folder",
    expected: `a folder with a folder of ${kind.plural} for each class`,
    received: folder,
  });
}

async function filesBelow(where: string, kind: FileKind, folder: string): Promise<string[]> {
  const entries = await listed(where, kind, folder);
  const files = entries.filter(({ name, isFolder }) => !isFolder && isOfKind(kind, name)).map(({ name }) => `${folder}/${name}`);
  const folders = entries.filter(({ isFolder }) => isFolder);
  const below = await Promise.all(folders.map(async ({ name }) => await filesBelow(where, kind, `${folder}/${name}`)));
  return [...files, ...below.flat()];
}

/** The files below a folder, without classes. Throws ValueError where there are none. */
export async function unlabelledFiles(where: string, kind: FileKind, directory: string): Promise<LabelledFiles> {
  const paths = await filesBelow(where, kind, directory);
  if (paths.length === 0) throw empty(where, kind, directory);
  return { paths, labels: null, classNames: [] };
}

function empty(where: string, kind: FileKind, folder: string): ValueError {
  return new ValueError({
    where,
    problem: `the folder holds no ${kind.plural}`,
    expected: `files that end in ${kind.endings.join(", ")}`,
    received: folder,
  });
}

/**
 * The files of the classes that are folders of `directory`, in order of `classNames` (default: all, sorted). Throws
 * ValueError where a folder is missing or holds no such files.
 */
export async function filesByClass(
  where: string,
  kind: FileKind,
  directory: string,
  classNames: readonly string[] | null,
): Promise<LabelledFiles> {
  const folders = (await listed(where, kind, directory)).filter(({ isFolder }) => isFolder).map(({ name }) => name);
  if (folders.length === 0) {
    throw new ValueError({
      where,
      problem: "the folder has no folders: their names are the classes",
      expected: `directory/class/file${kind.endings[0]!}`,
      received: directory,
      advice: `give labels: null for ${kind.plural} without classes, or a list of labels`,
    });
  }
  const names = classNames ?? folders;
  const unlike = names.filter((name) => !folders.includes(name));
  const unnamed = folders.filter((name) => !names.includes(name));
  if (unlike.length + unnamed.length > 0 || new Set(names).size !== names.length) {
    throw new ValueError({
      where,
      problem: "classNames are not the folders of the directory",
      expected: folders.join(", "),
      received: names.join(", "),
    });
  }
  const files = await Promise.all(names.map(async (name) => await filesBelow(where, kind, `${directory}/${name}`)));
  const missing = files.findIndex((paths) => paths.length === 0);
  if (missing >= 0) {
    throw new ValueError({
      where,
      problem: `the class "${names[missing]!}" has no ${kind.plural}`,
      expected: `files that end in ${kind.endings.join(", ")}`,
      received: `${directory}/${names[missing]!}`,
      advice: "remove the folder, or fill it",
    });
  }
  return { paths: files.flat(), labels: Int32Array.from(files.flatMap((paths, label) => paths.map(() => label))), classNames: names };
}
