/** Where the files of a named data set lie, and how they come there. */
import { type Checksum, type DownloadProgress, fetchFile } from "../downloads/index.ts";
import { ValueError } from "../errors.ts";
import { platform } from "../platform/index.ts";
import { checkOptions } from "../serialization/index.ts";

/** Options of data sets whose files lie in a folder. */
export interface FolderOptions {
  /**
   * The folder; what is missing in it is downloaded into it. Default: the data set's folder within the one that
   * NABLA_DATA names, else within the user's cache (NABLA_CACHE names another).
   */
  readonly dataDir?: string | null;
  /** Whether missing files are downloaded. Default true. */
  readonly download?: boolean;
  /** Called as bytes come. Default: a bar on the terminal. */
  readonly onProgress?: DownloadProgress;
}

/** Names of `FolderOptions`, for `checkOptions`. */
const folderOptionNames = ["dataDir", "download", "onProgress"];

/** A file of a data set. */
export interface DataFile {
  /** Names under which it may lie in the folder, without `.gz`; the first that is there is read. */
  readonly names: readonly string[];
  /** The published file that is downloaded where none is there. */
  readonly url: string;
  readonly checksum: Checksum | null;
}

/** A file's bytes as they lie on the disk, and its path. */
export interface FoundFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The folder of one data set. */
export class DataFolder {
  readonly where: string;
  readonly folder: string;
  readonly #options: FolderOptions;

  /** `name`: the data set; `folder`: its folder's name. `more`: names of further options. Throws ValueError for unknown ones. */
  constructor(name: string, folder: string, options: FolderOptions, more: readonly string[] = []) {
    this.where = `datasets.${name}`;
    checkOptions(this.where, options, [...folderOptionNames, ...more]);
    const root = platform.environment("NABLA_DATA");
    this.folder =
      options.dataDir ??
      (root !== undefined
        ? `${root}/${folder}`
        : platform.name === "browser"
          ? folder
          : `${platform.files.cacheFolder()}/datasets/${folder}`);
    this.#options = options;
  }

  /** The first of these files that is in the folder, compressed or not; null where none is. */
  async find(names: readonly string[]): Promise<FoundFile | null> {
    for (const name of names) {
      for (const path of [`${this.folder}/${name}.gz`, `${this.folder}/${name}`]) {
        const bytes = await platform.readFile(path);
        if (bytes !== null) return { path, bytes };
      }
    }
    return null;
  }

  /** A file of the folder, downloaded where it is missing. Throws ValueError or DownloadError that say which file to put where. */
  async read(file: DataFile): Promise<FoundFile> {
    const found = await this.find(file.names);
    if (found !== null) return found;
    const published = file.url.slice(file.url.lastIndexOf("/") + 1);
    if (this.#options.download === false) {
      throw new ValueError({
        where: this.where,
        problem: `a file is missing in ${this.folder}`,
        expected: [...new Set([published, ...file.names.map((name) => `${name}.gz`), ...file.names])].join(" or "),
        received: "none of them, and download: false",
        advice: `put ${published} there (${file.url})`,
      });
    }
    const bytes = await fetchFile({
      where: this.where,
      url: file.url,
      file: published,
      folder: this.folder,
      checksum: file.checksum,
      ...(this.#options.onProgress === undefined ? {} : { onProgress: this.#options.onProgress }),
    });
    return { path: `${this.folder}/${published}`, bytes };
  }
}
