/** Weights that others trained: the files that Keras's authors publish. */
import { type Checksum, fetchFile } from "../downloads/index.ts";
import { platform } from "../platform/index.ts";

/** A published file of weights. */
export interface Checkpoint {
  readonly file: string;
  readonly url: string;
  /** What Keras checks; null where it checks nothing. */
  readonly checksum: Checksum | null;
}

const applicationsUrl = "https://storage.googleapis.com/tensorflow/keras-applications";

/** The checkpoint of a network by Keras's usual names: digests of the file with the classifier and of that without it. */
export function kernelsOf(folder: string, name: string, digests: readonly [string | null, string | null], includeTop: boolean): Checkpoint {
  const file = `${name}_weights_tf_dim_ordering_tf_kernels${includeTop ? "" : "_notop"}.h5`;
  const digest = digests[includeTop ? 0 : 1];
  return { file, url: `${applicationsUrl}/${folder}/${file}`, checksum: digest === null ? null : `md5:${digest}` };
}

/** Folder in which published files are kept. */
export function checkpointFolder(): string {
  return `${platform.files.cacheFolder()}/models`;
}

/** The bytes of a published file: downloaded once, with progress, resumed where it was cut off, checked. */
export async function fetchCheckpoint(where: string, checkpoint: Checkpoint): Promise<Uint8Array> {
  return await fetchFile({ where, folder: platform.name === "browser" ? "" : checkpointFolder(), ...checkpoint });
}

/** Whether a text is the address of a file on a server. */
export function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text);
}

/** Bytes from an address: kept under its last part, beside the published files. */
export async function fetchUrl(where: string, url: string): Promise<Uint8Array> {
  const file = decodeURIComponent(new URL(url).pathname.split("/").at(-1) ?? "") || "weights.h5";
  return await fetchCheckpoint(where, { file, url, checksum: null });
}
