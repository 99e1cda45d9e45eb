/** Node. */
import { mkdirSync, writeFileSync, writeSync } from "node:fs";
import { appendFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";
import { loadNative } from "./koffi.ts";
import type { Platform, PlatformFiles, PlatformWorker } from "./platform.ts";

const prelude = `"use strict"; const { parentPort } = require("node:worker_threads"); const receive = (f) => parentPort.on("message", f);\n`;

function startWorker(source: string, data: unknown): PlatformWorker {
  // Without execArgv the worker would run the loaders of the main thread, which takes long and which it does not need.
  const worker = new Worker(prelude + source, { eval: true, execArgv: [], stdin: false });
  worker.unref();
  worker.postMessage(data);
  return {
    postMessage: (message) => worker.postMessage(message),
    onFailure: (listener) => {
      // A listener for messages or errors must not keep the process alive: unref again.
      worker.on("error", (error: unknown) => listener(error instanceof Error ? error : new Error(String(error))));
      worker.unref();
    },
    terminate: async () => {
      await worker.terminate();
    },
  };
}

async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes((error as { code?: string }).code ?? "")) return null;
    throw error;
  }
}

let written = 0;

const files: PlatformFiles = {
  write: async (path, bytes) => {
    await mkdir(dirname(path), { recursive: true });
    // A name of its own beside the file: renaming within a folder is atomic.
    const temporary = `${path}.${process.pid}-${written++}.tmp`;
    try {
      await writeFile(temporary, bytes);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  },
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
  environment: (name) => {
    const value = process.env[name];
    return value === undefined || value === "" ? undefined : value;
  },
  readFile: readIfThere,
  files,
  macrotask: () => new Promise((resolve) => setImmediate(resolve)),
  startWorker,
  native: loadNative,
  writeFile: (path, content) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  },
  // Synchronous, since it is used while the process ends.
  report: (text) => void writeSync(2, `${text}\n`),
  onExit: (listener) => void process.on("exit", listener),
};
