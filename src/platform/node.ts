/** Node. */
import { constants } from "node:buffer";
import { mkdirSync, writeFileSync, writeSync } from "node:fs";
import { appendFile, mkdir, open, readdir, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { availableParallelism, homedir } from "node:os";
import { dirname, join, sep } from "node:path";
import { Worker } from "node:worker_threads";
import { ValueError } from "../errors.ts";
import { openDawn } from "./dawn.ts";
import { encodeJpeg, loadImageDecoder } from "./image-codec.ts";
import { loadNative } from "./koffi.ts";
import type { Platform, PlatformFiles, PlatformWorker } from "./platform.ts";

const prelude = `"use strict"; const { parentPort } = require("node:worker_threads"); const receive = (f) => parentPort.on("message", f), post = (message) => parentPort.postMessage(message);\n`;

function startWorker(source: string, data: unknown): PlatformWorker {
  // Without execArgv the worker would run the loaders of the main thread, which takes long and which it does not need.
  const worker = new Worker(prelude + source, { eval: true, execArgv: [], stdin: false });
  worker.unref();
  worker.postMessage(data);
  let isAwaited = false;
  return {
    postMessage: (message) => worker.postMessage(message),
    onMessage: (listener) => {
      isAwaited = true;
      worker.on("message", listener);
      worker.ref();
    },
    onFailure: (listener) => {
      worker.on("error", (error: unknown) => listener(error instanceof Error ? error : new Error(String(error))));
      // A listener must not keep the process alive where no message is waited for: unref again.
      if (!isAwaited) worker.unref();
    },
    terminate: async () => {
      await worker.terminate();
    },
  };
}

/** What a promise gives; null where it fails because there is no such file or folder, or one in place of the other. */
async function ifThere<T>(wanted: Promise<T>): Promise<T | null> {
  try {
    return await wanted;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes((error as { code?: string }).code ?? "")) return null;
    throw error;
  }
}

/** The XDG base directory specification's folder, macOS's and Windows's. */
function cacheFolder(): string {
  const given = environment("NABLA_CACHE");
  if (given !== undefined) return given;
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "nabla");
  if (process.platform === "win32") return join(environment("LOCALAPPDATA") ?? join(homedir(), "AppData", "Local"), "nabla", "cache");
  return join(environment("XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "nabla");
}

function environment(name: string): string | undefined {
  const value = process.env[name];
  return value === undefined || value === "" ? undefined : value;
}

/** What Node reads in one call. */
const readAtOnce = 2 ** 31 - 1;

/** All bytes of a file. Throws ValueError where they are more than one array holds (4 GiB up to Node 20). */
async function wholeFile(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size <= readAtOnce) return await readFile(path);
  if (size > constants.MAX_LENGTH)
    throw new ValueError({
      where: path,
      problem: "the file is larger than one array here may be",
      expected: `${constants.MAX_LENGTH} bytes or fewer`,
      received: String(size),
      advice: "Node 22 and later have larger arrays; or save the model in parts",
    });
  const bytes = new Uint8Array(size);
  const file = await open(path, "r");
  try {
    for (let at = 0; at < size;) {
      const { bytesRead } = await file.read(bytes, at, Math.min(2 ** 30, size - at), at);
      if (bytesRead === 0) return bytes.subarray(0, at);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
  return bytes;
}

async function pathInside(folder: string, relative: string): Promise<string | null> {
  const path = join(folder, relative);
  try {
    const [outer, inner] = await Promise.all([realpath(folder), realpath(path)]);
    return inner.startsWith(outer.endsWith(sep) ? outer : outer + sep) ? path : null;
  } catch {
    // Not there: reading it says so.
    return path;
  }
}

let written = 0;

/** Parts with small neighbours joined: a call of the system for each of thousands would take longer than the bytes. */
function* joined(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  let bytes = 0;
  for (const part of parts) {
    if (part.length < 65536) {
      small.push(part);
      bytes += part.length;
      if (bytes < 2 ** 20) continue;
    }
    if (small.length > 0) yield Buffer.concat(small);
    if (part.length >= 65536) yield part;
    [small, bytes] = [[], 0];
  }
  if (small.length > 0) yield Buffer.concat(small);
}

/** Writes beside the file, waits until the bytes are on the disk, and renames: within a folder that is atomic. */
async function replaceFile(given: string, bytes: Uint8Array | readonly Uint8Array[]): Promise<void> {
  await mkdir(dirname(given), { recursive: true });
  // Through links, to the file itself; a file that is replaced keeps who may read it.
  const path = (await ifThere(realpath(given))) ?? given;
  const mode = (await ifThere(stat(path)))?.mode;
  const temporary = `${path}.${process.pid}-${written++}.tmp`;
  try {
    const file = await open(temporary, "wx", mode ?? 0o666);
    try {
      for (const part of joined(bytes instanceof Uint8Array ? [bytes] : bytes)) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** The new name of a file is on the disk too. Some systems open no folders: there is nothing to do there. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (!["EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP"].includes((error as { code?: string }).code ?? "")) throw error;
  }
}

const files: PlatformFiles = {
  list: async (folder) => {
    const entries = await ifThere(readdir(folder, { withFileTypes: true }));
    if (entries === null) return null;
    const found = await Promise.all(
      entries.map(async (entry) => {
        const at = entry.isSymbolicLink() ? await ifThere(stat(join(folder, entry.name))) : entry;
        return { name: entry.name, isFolder: at?.isDirectory() ?? false };
      }),
    );
    return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  },
  size: async (path) => {
    const found = await ifThere(stat(path));
    return found?.isFile() === true ? found.size : null;
  },
  rename,
  cacheFolder,
  write: replaceFile,
  append: async (path, bytes) => {
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, bytes);
  },
  remove: (path) => rm(path, { force: true }),
};

/** Node's host functions. */
export const platform: Platform = {
  name: "node",
  mayBlock: true,
  concurrency: () => Math.max(1, availableParallelism()),
  environment,
  readFile: (path) => ifThere(wholeFile(path)),
  pathInside,
  files,
  imageDecoder: loadImageDecoder,
  encodeJpeg,
  macrotask: () => new Promise((resolve) => setImmediate(resolve)),
  startWorker,
  native: loadNative,
  gpu: openDawn,
  writeFile: (path, content) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  },
  // Synchronous, since it is used while the process ends.
  report: (text) => void writeSync(2, `${text}\n`),
  onExit: (listener) => void process.on("exit", listener),
};
