/** Files that are fetched once and kept: resumed where they were cut off, checked, put in place whole. */
import { type ErrorParts, NablaError } from "../errors.ts";
import { platform } from "../platform/index.ts";
import { type Checksum, hasChecksum } from "./checksum.ts";
import { type DownloadProgress, progressBar } from "./progress.ts";

/** A file that could not be had. */
export class DownloadError extends NablaError {
  constructor(parts: ErrorParts) {
    super("E_DOWNLOAD", "DownloadError", parts);
  }
}

/** A file somebody publishes. */
export interface PublishedFile {
  /** Who asks, for errors: `datasets.mnist`. */
  readonly where: string;
  readonly url: string;
  /** Name it is kept under. */
  readonly file: string;
  /** Folder it is kept in. */
  readonly folder: string;
  /** What its publisher says it must have; null where nothing is known. */
  readonly checksum: Checksum | null;
  /** Called as bytes come. Default: a bar on the terminal. */
  readonly onProgress?: DownloadProgress;
}

/** Bytes that are written at once: few writes, and little lost where the connection breaks. */
const chunkBytes = 4 * 2 ** 20;

/**
 * The bytes of a published file: those of the folder where it is there, else downloaded into it. What has come of a
 * download that was cut off stays beside it (`.part`) and is gone on with; the file appears under its name only whole
 * and checked. In browsers nothing is kept (the browser's own cache does). Throws DownloadError, saying where to put the
 * file by hand, where it cannot be had, or is not what its publisher says.
 */
export async function fetchFile(published: PublishedFile): Promise<Uint8Array> {
  const path = `${published.folder}/${published.file}`;
  if (platform.name === "browser") return await checked(published, await whole(published));
  const present = await platform.readFile(path);
  if (present !== null) return present;
  const part = `${path}.part`;
  await receive(published, part);
  const bytes = await platform.readFile(part);
  if (bytes === null) throw failed(published, "the download vanished while it was checked");
  try {
    await checked(published, bytes);
  } catch (error) {
    await platform.files.remove(part);
    throw error;
  }
  await platform.files.rename(part, path);
  return bytes;
}

/** Downloads into `part`, from its end on where it exists. */
async function receive(published: PublishedFile, part: string): Promise<void> {
  let loaded = (await platform.files.size(part)) ?? 0;
  const response = await request(published, loaded === 0 ? {} : { range: `bytes=${loaded}-` });
  // 416: nothing comes after what is there. 200 to a request for a range: the server cannot, all comes anew.
  if (response.status === 416) return;
  if (loaded > 0 && response.status !== 206) {
    await platform.files.remove(part);
    loaded = 0;
  }
  if (!response.ok) {
    void response.body?.cancel();
    throw failed(published, `the server answers ${response.status} ${response.statusText}`);
  }
  const announced = response.headers.get("content-length");
  const encoded = response.headers.get("content-encoding") !== null;
  const total = announced === null || encoded ? null : loaded + Number(announced);
  const show = published.onProgress ?? progressBar(published.file);
  show(loaded, total);
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (bytes === 0) return;
    await platform.files.append(part, joined(waiting, bytes));
    [waiting, bytes] = [[], 0];
  };
  try {
    for await (const chunk of chunksOf(response)) {
      waiting.push(chunk);
      bytes += chunk.length;
      loaded += chunk.length;
      if (bytes >= chunkBytes) await flush();
      show(loaded, total);
    }
  } catch (error) {
    await flush();
    throw failed(published, `the connection broke after ${loaded} bytes: ${messageOf(error)}`, true);
  }
  await flush();
  if (total === null) show(loaded, loaded);
  else if (loaded < total) throw failed(published, `the connection ended after ${loaded} of ${total} bytes`, true);
}

async function whole(published: PublishedFile): Promise<Uint8Array> {
  const response = await request(published, {});
  if (!response.ok) throw failed(published, `the server answers ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function request(published: PublishedFile, headers: Record<string, string>): Promise<Response> {
  try {
    return await fetch(published.url, { headers, redirect: "follow" });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw failed(published, `no connection: ${messageOf(cause)}`);
  }
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

async function checked(published: PublishedFile, bytes: Uint8Array): Promise<Uint8Array> {
  if (published.checksum === null || (await hasChecksum(bytes, published.checksum))) return bytes;
  throw new DownloadError({
    where: published.where,
    problem: `what came as ${published.file} is not the published file`,
    expected: published.checksum,
    received: `${bytes.length} bytes with another checksum`,
    advice: `try again, or put the file into ${published.folder} by hand (${published.url})`,
  });
}

function failed(published: PublishedFile, received: string, resumes = false): DownloadError {
  return new DownloadError({
    where: published.where,
    problem: `${published.file} is not in ${published.folder} and could not be downloaded`,
    expected: published.url,
    received,
    advice: `${resumes ? "call again to go on where it stopped, or " : ""}put ${published.file} into ${published.folder} by hand`,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
