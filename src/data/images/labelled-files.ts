/** The image files of a folder with a folder for each class. */
import { ValueError } from "../../errors.ts";
import { type FolderEntry, platform } from "../../platform/index.ts";

/** Files in order of their classes and names, and the class of each. */
export interface LabelledFiles {
  readonly paths: readonly string[];
  /** Class of each file; null where there are no labels. */
  readonly labels: Int32Array | null;
  readonly classNames: readonly string[];
}

/** Names that are taken for images. */
const isImage = (name: string): boolean => /\.(jpe?g|png|gif|webp)$/i.test(name);

async function listed(where: string, folder: string): Promise<readonly FolderEntry[]> {
  const entries = await platform.files.list(folder);
  if (entries !== null) return entries.filter(({ name }) => !name.startsWith("."));
  throw new ValueError({
    where,
    problem: "there is no such folder",
    expected: "a folder with a folder of images for each class",
    received: folder,
  });
}

async function imagesBelow(where: string, folder: string): Promise<string[]> {
  const entries = await listed(where, folder);
  const files = entries.filter(({ name, isFolder }) => !isFolder && isImage(name)).map(({ name }) => `${folder}/${name}`);
  const folders = entries.filter(({ isFolder }) => isFolder);
  const below = await Promise.all(folders.map(async ({ name }) => await imagesBelow(where, `${folder}/${name}`)));
  return [...files, ...below.flat()];
}

/** The images below a folder, without classes. Throws ValueError where there are none. */
export async function unlabelledFiles(where: string, directory: string): Promise<LabelledFiles> {
  const paths = await imagesBelow(where, directory);
  if (paths.length === 0) throw empty(where, directory);
  return { paths, labels: null, classNames: [] };
}

function empty(where: string, folder: string): ValueError {
  return new ValueError({
    where,
    problem: "the folder holds no images",
    expected: "files that end in .jpg, .jpeg, .png, .gif or .webp",
    received: folder,
  });
}

/**
 * The images of the classes that are folders of `directory`, in order of `classNames` (default: all, sorted). Throws
 * ValueError where a folder is missing or holds no images.
 */
export async function filesByClass(where: string, directory: string, classNames: readonly string[] | null): Promise<LabelledFiles> {
  const folders = (await listed(where, directory)).filter(({ isFolder }) => isFolder).map(({ name }) => name);
  if (folders.length === 0) {
    throw new ValueError({
      where,
      problem: "the folder has no folders: their names are the classes",
      expected: "directory/class/image.jpg",
      received: directory,
      advice: "give labels: null for images without classes, or a list of labels",
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
  const files = await Promise.all(names.map(async (name) => await imagesBelow(where, `${directory}/${name}`)));
  const missing = files.findIndex((paths) => paths.length === 0);
  if (missing >= 0) {
    throw new ValueError({
      where,
      problem: `the class "${names[missing]!}" has no images`,
      expected: "files that end in .jpg, .jpeg, .png, .gif or .webp",
      received: `${directory}/${names[missing]!}`,
      advice: "remove the folder, or fill it",
    });
  }
  return { paths: files.flat(), labels: Int32Array.from(files.flatMap((paths, label) => paths.map(() => label))), classNames: names };
}
