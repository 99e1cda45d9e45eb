/** Browsers and web workers. */
import { BackendError } from "../errors.ts";
import type { Platform, PlatformWorker } from "./platform.ts";

const prelude = `"use strict"; const receive = (f) => { self.onmessage = (event) => f(event.data); }, post = (message) => self.postMessage(message);\n`;

function startWorker(source: string, data: unknown): PlatformWorker {
  const url = URL.createObjectURL(new Blob([prelude + source], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.postMessage(data);
  return {
    postMessage: (message) => worker.postMessage(message),
    onMessage: (listener) => {
      worker.onmessage = (event: MessageEvent<unknown>) => listener(event.data);
    },
    onFailure: (listener) => {
      worker.onerror = (event) => listener(new Error(event.message));
    },
    terminate: () => {
      worker.terminate();
      URL.revokeObjectURL(url);
      return Promise.resolve();
    },
  };
}

const waiting: (() => void)[] = [];
let channel: MessageChannel | undefined;

/** A message is a macrotask without the 4 ms that nested timers are held back. */
function macrotask(): Promise<void> {
  if (channel === undefined) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
  }
  const { port2 } = channel;
  return new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(null);
  });
}

function noFilesError(path: string): BackendError {
  return new BackendError({
    where: "files",
    problem: "a page has no files and folders",
    expected: "Node",
    received: path,
    advice: "leave out callbacks that write files, or send their values to a server (RemoteMonitor); read single files by their URLs",
  });
}

function noFiles(path: string): Promise<never> {
  return Promise.reject(noFilesError(path));
}

/** A page, a shared worker or a service worker may not block in `Atomics.wait`; a worker that one page started may. */
const Dedicated = (globalThis as { DedicatedWorkerGlobalScope?: new () => object }).DedicatedWorkerGlobalScope;

/** A browser's host functions. */
export const platform: Platform = {
  name: "browser",
  mayBlock: Dedicated !== undefined && globalThis instanceof Dedicated,
  concurrency: () => Math.max(1, navigator.hardwareConcurrency),
  environment: () => undefined,
  readFile: async (path) => {
    const response = await fetch(path);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
  },
  pathInside: (folder, relative) => {
    const outer = new URL(folder, location.href);
    const inner = new URL(relative, outer);
    return Promise.resolve(inner.href.startsWith(outer.href) ? inner.href : null);
  },
  files: {
    list: noFiles,
    size: noFiles,
    rename: noFiles,
    cacheFolder: () => {
      throw noFilesError("the cache folder");
    },
    write: noFiles,
    append: noFiles,
    remove: noFiles,
  },
  // Few pages read image files: the codec comes when one does.
  imageDecoder: async () => await (await import("./browser-image-codec.ts")).browserImageDecoder(),
  encodeJpeg: async (image, quality) => await (await import("./browser-image-codec.ts")).browserEncodeJpeg(image, quality),
  macrotask,
  startWorker,
  native: () => {
    throw new BackendError({ where: "native code", problem: "a browser runs no machine code" });
  },
  gpu: () => {
    // Older browsers, and pages that are not served over HTTPS, have no navigator.gpu.
    const { gpu } = navigator as { readonly gpu?: GPU };
    if (gpu !== undefined) return Promise.resolve(gpu);
    const problem = isSecureContext
      ? "this browser has no WebGPU"
      : "a page that is not served over HTTPS (or from localhost) has no WebGPU";
    return Promise.reject(new BackendError({ where: "webgpu back-end", problem, advice: 'use the back-end "wasm"; nothing was changed' }));
  },
  writeFile: () => undefined,
  report: (text) => console.warn(text),
  onExit: () => undefined,
};
